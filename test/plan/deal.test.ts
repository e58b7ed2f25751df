// Iterations dealt to virtual users: over any cut of the circle each of them exactly once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isDealt, iterationsDealt, iterationsDue, Pool } from "../../node/plan/deal.ts";
import { CIRCLE, cut } from "../../node/plan/stripe.ts";
import type { IterationsExecutor } from "../../node/plan/types.ts";

const shared = (vus: number, iterations: number): IterationsExecutor => ({
  kind: "shared-iterations",
  vus,
  iterations,
  maxDurationMs: 1_000,
});
const perVu = (vus: number, iterations: number): IterationsExecutor => ({ ...shared(vus, iterations), kind: "per-vu-iterations" });

const WEIGHTS: readonly (readonly number[])[] = [[1], [1, 1], [1, 2, 3], [0, 5, 0, 1], [7, 1, 1, 4, 2, 9, 3], Array<number>(200).fill(1)];

for (const [vus, iterations] of [
  [1, 1],
  [1, 1_000],
  [3, 3],
  [7, 1_000],
  [10, 12_345],
  [64, 64],
  [500, 9_999],
] as const) {
  test(`${iterations} iterations shared by ${vus} users: each is dealt to one owner, whatever the weights`, () => {
    for (const weights of WEIGHTS) {
      const taken: number[] = [];
      for (const stripe of cut(weights)) {
        const mine = iterationsDealt(shared(vus, iterations), stripe);
        if (mine === 0) continue;
        const pool = new Pool(stripe, vus, 0);
        for (let i = 0; i < mine; i++) taken.push(pool.take());
      }
      assert.deepEqual(
        taken.sort((a, b) => a - b),
        Array.from({ length: iterations }, (_, k) => k),
      );
    }
  });

  test(`${vus} users with ${iterations} iterations each: owners have as many as their users together`, () => {
    for (const weights of WEIGHTS) {
      const dealt = cut(weights).reduce((sum, stripe) => sum + iterationsDealt(perVu(vus, iterations), stripe), 0);
      assert.equal(dealt, iterationsDue(perVu(vus, iterations)));
    }
  });
}

test("a pool that is taken up in the middle goes on where it was", () => {
  const [, stripe] = cut([2, 3, 1]);
  const whole = new Pool(stripe!, 20, 0);
  const numbers = Array.from({ length: 60 }, () => whole.take());
  for (const taken of [0, 1, 7, 8, 9, 31, 59]) assert.equal(new Pool(stripe!, 20, taken).take(), numbers[taken]);
});

test("nothing is dealt to whoever owns nothing", () => {
  assert.equal(iterationsDealt(shared(10, 100), { low: 0, width: 0 }), 0);
  assert.equal(iterationsDealt(shared(10, 100), { low: 0, width: CIRCLE }), 100);
});

test("only the two executors with a number of iterations are dealt", () => {
  assert.ok(isDealt(shared(1, 1)) && isDealt(perVu(1, 1)));
  assert.ok(!isDealt({ kind: "constant-vus", vus: 1, durationMs: 1 }));
});
