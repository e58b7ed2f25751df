// The timeline: shares shrink as soon as a view is in effect, and grow at the start of a window if that is allowed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Timeline } from "../../../node/core/agreement/timeline.ts";
import type { AgreedView } from "../../../node/core/agreement/view.ts";
import { PAST_SHARES_MS, startOf } from "../../../node/core/limits.ts";
import { CIRCLE } from "../../../node/plan/stripe.ts";
import { viewOf } from "./support.ts";

const NEVER = Number.POSITIVE_INFINITY;
const W = 1000;
const yes = () => true;
const no = () => false;
const half = viewOf("ab", { number: 1, fromWindow: W });
const third = viewOf("abc", { number: 2, fromWindow: W + 10 });
const all = viewOf("a", { number: 3, fromWindow: W + 20 });
const without = viewOf("bc", { number: 3, fromWindow: W + 20 });
/** In the middle of a window. */
const mid = (window: number) => startOf(window) + 100;

/** Planned once in the middle of each window. */
function planned(views: readonly AgreedView[], windows: readonly number[], mayGrow: (view: AgreedView, window: number) => boolean): Timeline {
  const timeline = new Timeline("a");
  for (const window of windows) timeline.plan(views, mid(window), mayGrow);
  return timeline;
}

const numbers = (timeline: Timeline, ...instants: number[]) => instants.map((ms) => timeline.at(ms)?.number ?? 0);

describe("growing", () => {
  it("happens where a view takes effect, planned before", () => {
    const timeline = planned([half], [W - 3], yes);
    assert.deepEqual(numbers(timeline, startOf(W) - 1, startOf(W)), [0, 1]);
    assert.deepEqual([timeline.nextMs(mid(W - 3)), timeline.nextMs(startOf(W))], [startOf(W), NEVER]);
  });

  it("waits for the start of the next window if the view is in effect already", () => {
    const timeline = planned([half], [W + 2], yes);
    assert.deepEqual(numbers(timeline, mid(W + 2), startOf(W + 3) - 1, startOf(W + 3)), [0, 0, 1]);
  });

  it("is asked for with the window in which it would happen", () => {
    const asked: string[] = [];
    planned([half], [W - 3], (view, window) => asked.push(`${view.number}/${window - W}`) === 0);
    planned([half], [W + 2], (view, window) => asked.push(`${view.number}/${window - W}`) === 0);
    assert.deepEqual(asked, ["1/0", "1/3"]);
  });

  it("that is not allowed yet happens when it is", () => {
    const timeline = planned([half], [W + 2, W + 3, W + 4], (_, window) => window >= W + 5);
    assert.deepEqual(numbers(timeline, startOf(W + 4), startOf(W + 5) - 1, startOf(W + 5)), [0, 0, 1]);
  });

  it("skips views that were never followed: only the newest in effect counts", () => {
    const timeline = planned([half, third], [W + 12], yes);
    assert.deepEqual(numbers(timeline, mid(W + 12), startOf(W + 13)), [0, 2]);
  });

  it("of the only member happens at once: there is nobody to keep step with", () => {
    const alone = viewOf("a", { fromWindow: W });
    const timeline = planned([alone], [W], yes);
    assert.deepEqual(numbers(timeline, mid(W) - 1, mid(W)), [0, 1]);
  });

  it("that was planned is taken back if it is not allowed any more before it happens", () => {
    const timeline = planned([half], [W - 3], yes);
    assert.equal(timeline.plan([half], mid(W - 2), no), true);
    assert.deepEqual(numbers(timeline, startOf(W)), [0]);
  });
});

describe("shrinking", () => {
  it("is promised for the instant at which the view takes effect, and asks nobody", () => {
    const timeline = planned([half], [W - 3], yes);
    timeline.plan([half, third], mid(W + 8), no);
    assert.deepEqual(numbers(timeline, startOf(W + 10) - 1, startOf(W + 10)), [1, 2]);
  });

  it("happens at once if the view is in effect already, not at the next window", () => {
    const timeline = planned([half], [W - 3], yes);
    timeline.plan([half, third], mid(W + 12), no);
    assert.deepEqual(numbers(timeline, mid(W + 12) - 1, mid(W + 12)), [1, 2]);
  });

  it("to the smallest share on the way: views that were learnt late are not skipped", () => {
    const timeline = planned([half], [W - 3], yes);
    timeline.plan([half, third, all], mid(W + 22), no);
    assert.deepEqual(numbers(timeline, mid(W + 22)), [2]);
    timeline.plan([half, third, all], mid(W + 22), yes);
    assert.deepEqual(numbers(timeline, mid(W + 22), startOf(W + 23)), [3, 3]);
  });

  it("to nothing where it is no member", () => {
    const timeline = planned([half], [W - 3], yes);
    timeline.plan([half, third, without], mid(W + 8), no);
    assert.deepEqual(numbers(timeline, startOf(W + 20) - 1, startOf(W + 20)), [2, 3]);
    assert.equal(timeline.segments().at(-1)!.stripe.width, 0);
  });

  it("keeps a share that stays as wide in step with the newest view, without asking", () => {
    const other = viewOf("ax", { number: 2, fromWindow: W + 10 });
    const timeline = planned([half], [W - 3], yes);
    timeline.plan([half, other], mid(W + 5), no);
    assert.deepEqual(numbers(timeline, startOf(W + 10)), [2]);
  });
});

describe("a share that first shrinks and then may grow", () => {
  it("is planned with both steps", () => {
    const timeline = planned([half], [W - 3], yes);
    timeline.plan([half, third, all], mid(W + 8), yes);
    assert.deepEqual(numbers(timeline, startOf(W + 10), startOf(W + 20) - 1, startOf(W + 20)), [2, 2, 3]);
    assert.equal(timeline.nextMs(mid(W + 8)), startOf(W + 10));
  });
});

describe("what the load engine is told", () => {
  it("has the stripe of each view, and nothing before the first", () => {
    const timeline = planned([half], [W - 3], yes);
    timeline.plan([half, third], mid(W), yes);
    assert.deepEqual(timeline.segments(), [
      { fromMs: Number.NEGATIVE_INFINITY, stripe: { low: 0, width: 0 } },
      { fromMs: startOf(W), stripe: { low: 0, width: CIRCLE / 2 } },
      { fromMs: startOf(W + 10), stripe: third.stripeOf("a") },
    ]);
    assert.deepEqual(new Timeline("a").segments(), [{ fromMs: Number.NEGATIVE_INFINITY, stripe: { low: 0, width: 0 } }]);
  });

  it("keeps past shares for arrivals that are handled a little late, and no longer", () => {
    const timeline = planned([half], [W - 3], yes);
    timeline.plan([half], startOf(W) + PAST_SHARES_MS - 1, yes);
    assert.equal(timeline.segments().length, 2);
    timeline.plan([half], startOf(W) + PAST_SHARES_MS, yes);
    assert.deepEqual(timeline.segments().map(({ stripe }) => stripe.width), [CIRCLE / 2]);
  });

  it("is news only if it has changed", () => {
    const timeline = new Timeline("a");
    assert.equal(timeline.plan([half], mid(W - 3), yes), true);
    assert.equal(timeline.plan([half], mid(W - 2), yes), false);
    assert.equal(timeline.plan([half], mid(W + 1), yes), false, "nothing but time has passed");
    assert.equal(timeline.plan([half, third], mid(W + 2), yes), true);
  });
});
