// The wish for another view: what it contains, when it takes effect, and how long it must last to be voted for.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { candidateOf, Patience, type Wishes } from "../../../node/core/agreement/candidate.ts";
import { NOBODY } from "../../../node/core/agreement/positions.ts";
import type { ViewChange } from "../../../node/core/frame.ts";
import { ACTIVATION_WINDOWS, LOSS_ACTIVATION_WINDOWS, STABLE_MS, UNSTABLE_MS } from "../../../node/core/limits.ts";
import { NOW } from "../support.ts";
import { change, idsOf, set, viewMember, viewOf } from "./support.ts";

const W = 100;
const VIEW = viewOf("abcde", { fromWindow: W });

function wishes(joining: string, leaving: string, weights: Record<string, number> = {}): Wishes {
  return {
    areNone: () => joining === "" && leaving === "" && Object.keys(weights).length === 0,
    wantsIn: ({ id }) => joining.includes(id),
    joiners: () => [...joining].map((id) => viewMember(id, { fromWindow: -1 })),
    isLeaving: (id) => leaving.includes(id),
    weightOf: ({ id, weight }) => weights[id] ?? weight,
  };
}

/** `-removed +added ~reweighed @from`, the last counted from W. */
function text(of: ViewChange | null): string | null {
  if (of === null) return null;
  const reweighed = of.reweighed.map(({ position, weight }) => `${VIEW.members[position]!.id}${weight}`);
  return `-${idsOf(VIEW, of.removed)} +${of.added.map(({ id }) => id).join("")} ~${reweighed.join()} @${of.fromWindow - W}`;
}

describe("a wish", () => {
  const some = wishes("xy", "b", { c: 5 });
  const rows: readonly [string, string, number, Wishes, string | null][] = [
    ["is none if all is well", "", W, wishes("", ""), null],
    ["has joiners, leavers and weights", "", W, some, `-b +xy ~c5 @${ACTIVATION_WINDOWS}`],
    ["has those who are excluded", "de", W, wishes("", ""), `-de + ~ @${LOSS_ACTIVATION_WINDOWS}`],
    ["has everything at once", "de", W, some, `-bde +xy ~c5 @${ACTIVATION_WINDOWS}`],
    ["has those who leave and are excluded once", "b", W, wishes("", "b"), `-b + ~ @${LOSS_ACTIVATION_WINDOWS}`],
    ["reweighs nobody who goes", "c", W, wishes("", "", { c: 5 }), `-c + ~ @${LOSS_ACTIVATION_WINDOWS}`],
    ["waits until the last change has taken effect", "", W - 1, some, null],
    [
      "does not wait to remove who is excluded, and nothing else comes with it",
      "de",
      W - 1,
      some,
      `-de + ~ @${LOSS_ACTIVATION_WINDOWS - 1}`,
    ],
    [
      "gives those time who have to take less because somebody comes",
      "e",
      W,
      wishes("x", ""),
      `-e +x ~ @${ACTIVATION_WINDOWS}`,
    ],
    ["gives a leaver time to hand over", "e", W, wishes("", "a"), `-ae + ~ @${ACTIVATION_WINDOWS}`],
    ["gives time where weights change", "", W, wishes("", "", { a: 2 }), `- + ~a2 @${ACTIVATION_WINDOWS}`],
  ];
  for (const [name, excluded, window, of, expected] of rows) {
    it(name, () => {
      assert.equal(text(candidateOf(VIEW, excluded === "" ? NOBODY : set(VIEW, excluded), window, of)), expected);
    });
  }

  it("always fits the view", () => {
    const wish = candidateOf(VIEW, set(VIEW, "de"), W, wishes("xy", "b", { a: 2, c: 5 }))!;
    assert.equal(VIEW.isApplicable(wish), true);
    assert.deepEqual(wish.added.map(({ fromWindow }) => fromWindow), [wish.fromWindow, wish.fromWindow], "newcomers begin with the view");
  });
});

describe("a wish is ripe", () => {
  const without = (id: string, fromWindow = 0) => change(VIEW, id, "", { fromWindow });
  const isRipe = (patience: Patience, wish: ViewChange | null, laterMs: number) => patience.ripe(wish, NOW + laterMs) !== null;

  it("when it has been the same for a while", () => {
    const patience = new Patience();
    assert.deepEqual([0, STABLE_MS - 1, STABLE_MS].map((ms) => isRipe(patience, without("e"), ms)), [false, false, true]);
  });

  it("whenever it would take effect: that is no other wish, and the newest is the one returned", () => {
    const patience = new Patience();
    patience.ripe(without("e", 4), NOW);
    assert.equal(patience.ripe(without("e", 5), NOW + STABLE_MS)?.fromWindow, 5);
  });

  it("later if it changes", () => {
    const patience = new Patience();
    patience.ripe(without("e"), NOW);
    assert.equal(isRipe(patience, without("de"), STABLE_MS), false);
    assert.equal(isRipe(patience, without("de"), 2 * STABLE_MS), true);
  });

  it("at last, also if it never stays the same", () => {
    const patience = new Patience();
    for (let ms = 0; ms < UNSTABLE_MS; ms += STABLE_MS / 2) {
      assert.equal(isRipe(patience, without(ms % STABLE_MS === 0 ? "d" : "e"), ms), false);
    }
    assert.equal(isRipe(patience, without("de"), UNSTABLE_MS), true);
  });

  it("only after it has lasted again if it was given up meanwhile", () => {
    const patience = new Patience();
    patience.ripe(without("e"), NOW);
    assert.equal(isRipe(patience, null, 50), false);
    assert.equal(isRipe(patience, without("e"), STABLE_MS), false);
    assert.equal(isRipe(patience, without("e"), 2 * STABLE_MS), true);
  });

  it("at a time that can be told before", () => {
    const patience = new Patience();
    assert.equal(patience.nextMs(NOW), Infinity);
    patience.ripe(without("e"), NOW);
    assert.equal(patience.nextMs(NOW), NOW + STABLE_MS);
    assert.equal(patience.nextMs(NOW + STABLE_MS - 1), NOW + STABLE_MS);
    assert.equal(patience.nextMs(NOW + STABLE_MS), Infinity);
  });

  it("and, if that was because it never stayed the same, looked at again when it has settled", () => {
    const patience = new Patience();
    let ms = 0;
    for (; ms < UNSTABLE_MS; ms += STABLE_MS / 2) patience.ripe(without(ms % STABLE_MS === 0 ? "d" : "e"), NOW + ms);
    assert.equal(isRipe(patience, without("de"), ms), true);
    assert.deepEqual([0, STABLE_MS].map((laterMs) => patience.isSettled(NOW + ms + laterMs)), [false, true]);
    assert.deepEqual([0, STABLE_MS].map((laterMs) => patience.nextMs(NOW + ms + laterMs)), [NOW + ms + STABLE_MS, Infinity]);
  });
});
