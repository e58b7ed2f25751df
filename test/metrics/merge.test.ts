// Merging is addition.

import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyTotals, intervalsOf, mergeIntervals, mergeTotals } from "../../node/metrics/merge.ts";
import type { Point, SketchData, Totals } from "../../node/metrics/results.ts";
import { EMPTY_SKETCH, mergeSketch, quantile, Sketch } from "../../node/metrics/sketch.ts";

function sketchOf(...values: number[]): SketchData {
  const sketch = Sketch.create();
  for (const value of values) sketch.record(value);
  return sketch.extract();
}

function totals(n: number, sketch: SketchData): Totals {
  return {
    scenarios: [
      {
        scheduled: 10 * n,
        started: 8 * n,
        completed: 7 * n,
        interrupted: n,
        dropped: [n, n, 0, 0, 0],
        iterationDuration: sketch,
        pacing: sketch,
        phases: [sketch, sketch, sketch, sketch, sketch],
      },
    ],
    steps: [
      { requests: n, failed: n, bytesSent: n, bytesReceived: n, duration: sketch, latency: sketch, waiting: sketch },
    ],
    checks: [{ passed: n, failed: 2 * n }],
    status: [
      [200, n],
      [200 + n, 1],
    ],
    errors: [n, 0, 0, 0, 0, 0, 0, 0, 0, 0, n],
  };
}

test("totals are added field by field", () => {
  const a = sketchOf(1, 2);
  const b = sketchOf(50);
  const both = mergeSketch(a, b);
  assert.deepEqual(mergeTotals(totals(1, a), totals(4, b)), {
    ...totals(5, both),
    status: [
      [200, 5],
      [201, 1],
      [204, 1],
    ],
  });
});

test("empty totals are neutral, whichever side they stand on", () => {
  const some = totals(3, sketchOf(9));
  const empty = emptyTotals({ scenarios: 1, steps: 1, checks: 1 });
  assert.deepEqual(mergeTotals(some, empty), some);
  assert.deepEqual(mergeTotals(empty, some), some);
});

test("totals of different length are added as if the shorter one had zeros", () => {
  const one = emptyTotals({ scenarios: 1, steps: 0, checks: 0 });
  assert.deepEqual(mergeTotals(one, totals(1, EMPTY_SKETCH)), totals(1, EMPTY_SKETCH));
});

test("a merged percentile is that of all observations, not the mean of two percentiles", () => {
  const fast = totals(1, sketchOf(...Array.from({ length: 99 }, () => 1)));
  const slow = totals(1, sketchOf(1000));
  const p50 = quantile(mergeTotals(fast, slow).steps[0]!.duration, 0.5);
  assert.ok(Math.abs(p50 - 1) < 0.01, `p50 ${p50}`);
});

test("points are added where their intervals agree, and kept where not", () => {
  const point = (index: number, n: number): Point => ({
    index,
    started: n,
    dropped: n,
    requests: n,
    failed: n,
    duration: sketchOf(n),
    strained: n,
    bottleneck: 2 * n,
  });
  const one = intervalsOf([point(2, 1), point(1, 1), point(4, 0)]);
  const merged = mergeIntervals(one, intervalsOf([point(3, 5), point(2, 4)]));
  const both = { ...point(2, 5), duration: mergeSketch(sketchOf(1), sketchOf(4)), agents: 2 };
  const alone = (index: number, n: number) => ({ ...point(index, n), agents: Math.min(n, 1) });
  assert.deepEqual(merged, [alone(1, 1), both, alone(3, 5), alone(4, 0)]);
});
