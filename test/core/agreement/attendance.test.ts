// Roll calls answered and heard: a majority that does not exclude me makes the lease, whichever labels and frames it comes in.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Acks } from "../../../node/core/agreement/acks.ts";
import { Attendance } from "../../../node/core/agreement/attendance.ts";
import { Chain } from "../../../node/core/agreement/chain.ts";
import { Lease } from "../../../node/core/agreement/lease.ts";
import { NOBODY } from "../../../node/core/agreement/positions.ts";
import { RollCalls } from "../../../node/core/agreement/roll-calls.ts";
import type { RollCall } from "../../../node/core/frame.ts";
import { change, commitOf, set, viewOf } from "./support.ts";

const VIEW = viewOf("abcde", { number: 7 });
const W = 100;
/** Of a, who hears. */
const SELF = 0;

class CountedRollCalls extends RollCalls {
  looks = 0;

  override presentFor(...args: Parameters<RollCalls["presentFor"]>): ReturnType<RollCalls["presentFor"]> {
    this.looks++;
    return super.presentFor(...args);
  }
}

function attendance(view = VIEW): { attendance: Attendance; calls: CountedRollCalls; lease: Lease; chain: Chain; acks: Acks } {
  const [calls, lease, chain] = [new CountedRollCalls(), new Lease(), new Chain(view)];
  const acks = new Acks(chain);
  return { attendance: new Attendance(chain, calls, acks, lease), calls, lease, chain, acks };
}

function call(present: string, excluded = "", more: Partial<RollCall> = {}): RollCall {
  return { view: 7, window: W, excluded: set(VIEW, excluded), present: set(VIEW, present), ...more };
}

describe("a majority", () => {
  const cases: readonly [string, readonly RollCall[], boolean][] = [
    ["in one label", [call("bcd")], true],
    ["over labels of one frame", [call("b"), call("c", "e"), call("d", "de")], true],
    ["with those who exclude me is none", [call("bc"), call("d", "a")], false],
    ["under another view is none", [call("bcd", "", { view: 6 })], false],
    ["of two windows is none", [call("bc"), call("d", "", { window: W + 1 })], false],
    ["of the window after the next is none yet", [call("bcd", "", { window: W + 2 })], false],
    ["of a window to come counts as one of that", [call("bcd", "", { window: W + 1 })], true],
    ["of a minority is none", [call("bc")], false],
  ];
  for (const [name, calls, expected] of cases) {
    it(`${name}: ${expected ? "a lease" : "no lease"}`, () => {
      const { attendance: one, lease } = attendance();
      one.take(calls, W, SELF);
      const newest = Math.max(...calls.map(({ window }) => window));
      assert.equal(lease.majorityWindow, expected ? newest : Number.NEGATIVE_INFINITY);
    });
  }

  it("may need my own answer, and several frames", () => {
    const { attendance: one, lease } = attendance();
    one.take([call("b")], W, SELF);
    one.take([call("c", "e")], W, SELF);
    assert.equal(lease.majorityWindow, Number.NEGATIVE_INFINITY);
    one.answer(W, NOBODY, SELF);
    assert.equal(lease.majorityWindow, W);
  });

  it("is looked for once for all that a frame tells of a window, and no more once it was seen", () => {
    const { attendance: one, calls } = attendance();
    one.take(["", "b", "c", "d", "e", "bc", "bd"].map((excluded) => call("b", excluded)), W, SELF);
    assert.equal(calls.looks, 1);
    one.take([call("cde")], W, SELF);
    assert.equal(calls.looks, 2);
    one.take([call("e", "d")], W, SELF);
    assert.equal(calls.looks, 2);
  });
});

describe("who adopted a view", () => {
  it("is noted of every label, and told when it is news", () => {
    const { attendance: one, acks } = attendance();
    assert.equal(one.take([call("b"), call("c", "a")], W, SELF), true);
    assert.deepEqual([1, 2, 3].map((position) => acks.isShown(VIEW, position)), [true, true, false]);
    assert.equal(one.take([call("bc", "", { window: W + 1 })], W, SELF), false, "later than what is known");
    assert.equal(one.answer(W, NOBODY, SELF), true);
    assert.equal(one.answer(W, NOBODY, SELF), false);
  });

  it("counts under views before, but makes no lease there", () => {
    const { attendance: one, lease, chain, acks } = attendance();
    chain.adopt(commitOf(VIEW, change(VIEW, "e")));
    one.take([call("bcd")], W, SELF);
    assert.equal(lease.majorityWindow, Number.NEGATIVE_INFINITY);
    assert.equal(acks.isShown(VIEW, 1), true);
  });
});
