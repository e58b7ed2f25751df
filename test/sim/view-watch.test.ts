// What counts as one view: the same members everywhere; and who ends with an older view has not agreed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AdoptedView } from "../../sim/inspect.ts";
import { ViewWatch } from "../../sim/view-watch.ts";
import type { World } from "../../sim/world.ts";

const BOTH = ["a", "b"];
const ONE_MORE = ["a", "b", "c"];

function view(number: number, members: readonly string[] = BOTH): AdoptedView {
  return { lineage: "l", number, members };
}

/** Agents a and b were looked at every second, with these views. */
function watched(...seen: readonly (readonly [AdoptedView, AdoptedView])[]): ViewWatch {
  const world = { elapsedMs: 0, running: () => agents };
  const agents = BOTH.map((id, index) => {
    const machine = { handle: () => [], view: () => seen[world.elapsedMs / 1000]![index] };
    return { index, id, isStalled: false, clock: { at: (ms: number) => ms }, engine: { offsetMs: 0 }, machine };
  });
  const watch = new ViewWatch(world as unknown as World);
  for (; world.elapsedMs < 1000 * seen.length; world.elapsedMs += 1000) watch.look();
  return watch;
}

describe("one view", () => {
  it("is there as long as all have the same members, also while other weights are on their way", () => {
    assert.equal(watched([view(1), view(1)], [view(2), view(1)], [view(2), view(2)]).settledAfterMs(0), 0);
  });

  it("is lost while somebody has another member", () => {
    assert.equal(watched([view(1), view(1)], [view(2, ONE_MORE), view(1)], [view(3), view(3)]).settledAfterMs(0), 2000);
  });

  it("is not there at the end if somebody still has an older one, be it of the same members", () => {
    assert.equal(watched([view(1), view(1)], [view(2), view(1)]).settledAfterMs(0), Number.POSITIVE_INFINITY);
  });

  it("has a fork where two of one number differ", () => {
    assert.equal(watched([view(1), view(1, ONE_MORE)]).forks.length, 1);
  });
});
