// Collected results: parts are taken whole or not at all, and nobody's twice.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NOBODY, positionsOf } from "../../node/core/agreement/positions.ts";
import { Collected } from "../../node/core/collected.ts";
import type { Part } from "../../node/core/frame.ts";
import { point, scenarioTotals, totals } from "./support.ts";

const SIZE = 40;
const set = (...positions: number[]) => positionsOf(positions, SIZE);

function part(more: Partial<Part> = {}): Part {
  return {
    heard: set(2, 3, 4),
    reported: set(2, 3),
    done: set(3),
    failed: set(5),
    totals: totals({ scenarios: [scenarioTotals({ started: 20 })] }),
    intervals: [{ ...point(0, 20), agents: 2 }],
    isStale: false,
    ...more,
  };
}

/** One that has the member at position 1, which started 5. */
function collected(): Collected {
  const one = new Collected(SIZE);
  const own = { totals: totals({ scenarios: [scenarioTotals({ started: 5 })] }), points: [point(0, 5)], isStale: false, isDone: true };
  one.addOwn(1, own);
  return one;
}

describe("a part", () => {
  it("is added to what there is", () => {
    const one = collected();
    assert.equal(one.add(part(), set(2, 3, 4, 5)), true);
    assert.deepEqual([one.heard, one.reported, one.done, one.failed], [set(1, 2, 3, 4), set(1, 2, 3), set(1, 3), set(5)]);
    assert.equal(one.totals.scenarios[0]!.started, 25);
    assert.deepEqual(one.intervals.map(({ started, agents }) => [started, agents]), [[25, 3]]);
  });

  it("makes everything stale that it is added to", () => {
    const one = collected();
    one.add(part({ isStale: true }), set(2, 3, 4));
    one.add(part({ heard: set(6), reported: NOBODY, done: NOBODY }), set(6));
    assert.equal(one.isStale, true);
  });

  const refused: readonly [string, Partial<Part>, number[]][] = [
    ["of members that were not asked for", {}, [2, 3]],
    ["of a member that is in it already", { heard: set(1, 2), reported: set(1) }, [1, 2]],
    ["with reports of members that were not heard", { reported: set(2, 7) }, [2, 3, 4, 7]],
    ["in which somebody is done without a report", { done: set(4) }, [2, 3, 4]],
    ["with positions beyond the view", { failed: positionsOf([SIZE], SIZE + 1) }, [2, 3, 4]],
  ];
  for (const [name, more, asked] of refused) {
    it(`${name} is not taken, nor anything of it`, () => {
      const one = collected();
      assert.equal(one.add(part(more), set(...asked)), false);
      assert.deepEqual(one, collected());
    });
  }
});
