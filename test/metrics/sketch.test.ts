// The sketch against the logarithm and against exact quantiles.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SketchData } from "../../node/metrics/results.ts";
import {
  BOUNDS,
  bucketOf,
  BUCKETS,
  differenceOf,
  EMPTY_SKETCH,
  mergeSketch,
  PROMETHEUS_OFFSET,
  quantile,
  Sketch,
  sketchCount,
} from "../../node/metrics/sketch.ts";

/** Deterministic uniform numbers in [0, 1) (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sketchOf(values: Iterable<number>): SketchData {
  const sketch = Sketch.create();
  for (const value of values) sketch.record(value);
  return sketch.extract();
}

/** The next double after (or before) a positive one. */
function neighbour(value: number, step: 1n | -1n): number {
  const float = new Float64Array([value]);
  const bits = new BigInt64Array(float.buffer);
  bits[0]! += step;
  return float[0]!;
}

test("the table gives the bucket that the logarithm gives", () => {
  const random = uniform(1);
  for (let n = 0; n < 300_000; n++) {
    const exact = -10 + random() * 36;
    const position = exact * 64;
    // Within rounding of a bound the logarithm itself is not exact; the test below covers those.
    if (Math.abs(position - Math.round(position)) < 1e-9) continue;
    assert.equal(bucketOf(2 ** exact), Math.ceil(position) - PROMETHEUS_OFFSET, `2^${exact}`);
  }
});

test("a bound belongs to the bucket below it, the next double to the one above", () => {
  for (let i = 0; i < BUCKETS - 1; i++) {
    const bound = BOUNDS[i]!;
    assert.equal(bucketOf(neighbour(bound, -1n)), i, `just below bound ${i}`);
    assert.equal(bucketOf(bound), i, `bound ${i}`);
    assert.equal(bucketOf(neighbour(bound, 1n)), i + 1, `just above bound ${i}`);
  }
});

test("powers of two have Prometheus' indices", () => {
  for (let exponent = -9; exponent <= 26; exponent++) {
    assert.equal(bucketOf(2 ** exponent) + PROMETHEUS_OFFSET, exponent * 64);
  }
});

test("what does not fit goes into the end buckets", () => {
  for (const value of [0, -1, Number.NaN, Number.MIN_VALUE, 1e-9, 2 ** -10]) assert.equal(bucketOf(value), 0);
  for (const value of [2 ** 26, neighbour(2 ** 26, 1n), 1e300, Number.POSITIVE_INFINITY]) {
    assert.equal(bucketOf(value), BUCKETS - 1);
  }
});

test("a microsecond and the longest timeout have buckets of their own", () => {
  assert.ok(bucketOf(0.001) > 0);
  assert.ok(bucketOf(67_000_000) < BUCKETS);
  assert.notEqual(bucketOf(60_000), bucketOf(61_000));
});

test("whatever is observed is in the extract, the end buckets and one value only included", () => {
  for (const values of [[0], [1e300], [0, 1e300], [5], [1e-9, 2 ** 26, 2 ** 27], [3, 3, 2]]) {
    assert.equal(sketchCount(sketchOf(values)), values.length, values.join(" "));
  }
  assert.deepEqual(sketchOf([0, 1e300]).index, [0, BUCKETS - 1]);
});

test("merging is the same as observing everything in one sketch", () => {
  const random = uniform(2);
  const left = Array.from({ length: 5_000 }, () => Math.round(random() * 1e6) / 1024);
  const right = Array.from({ length: 3_000 }, () => Math.round(random() * 1e3) / 1024);
  const merged = mergeSketch(sketchOf(left), sketchOf(right));
  assert.deepEqual(merged, sketchOf([...left, ...right]));
  assert.deepEqual(merged, mergeSketch(sketchOf(right), sketchOf(left)));
});

test("merging many gives the same to the last bit in whatever order, by whatever tree", () => {
  const random = uniform(4);
  const sketches = Array.from({ length: 64 }, () => sketchOf(Array.from({ length: 50 }, () => random() ** 9 * 1e6)));
  const inOrder = sketches.reduce(mergeSketch);
  const backwards = sketches.toReversed().reduce(mergeSketch);
  let level = sketches.map((one, i) => sketches[(i * 37) % 64] ?? one);
  while (level.length > 1) level = level.flatMap((one, i) => (i % 2 === 0 ? [mergeSketch(one, level[i + 1]!)] : []));
  assert.deepEqual(backwards, inOrder);
  assert.deepEqual(level[0], inOrder);
});

test("the empty sketch is neutral", () => {
  const data = sketchOf([5, 7]);
  assert.deepEqual(mergeSketch(data, EMPTY_SKETCH), data);
  assert.deepEqual(mergeSketch(EMPTY_SKETCH, data), data);
  assert.deepEqual(sketchOf([]), EMPTY_SKETCH);
  assert.equal(quantile(EMPTY_SKETCH, 0.5), 0);
});

test("a difference gives back what was observed in between", () => {
  const sketch = Sketch.create();
  for (const value of [1, 2, 3, 400]) sketch.record(value);
  const earlier = sketch.extract();
  for (const value of [2, 20, 30]) sketch.record(value);
  const between = differenceOf(sketch.extract(), earlier);
  const direct = sketchOf([2, 20, 30]);
  assert.deepEqual([between.index, between.count, between.sum], [direct.index, direct.count, direct.sum]);
  assert.ok(between.min <= 2 && between.min > 2 * 0.98, `min ${between.min}`);
  assert.ok(between.max >= 30 && between.max < 30 * 1.02, `max ${between.max}`);
  assert.deepEqual(differenceOf(earlier, earlier), EMPTY_SKETCH);
  assert.equal(sketchCount(mergeSketch(earlier, between)), 7);
});

const DISTRIBUTIONS: Record<string, (random: () => number) => number> = {
  uniform: (random) => 1 + random() * 999,
  exponential: (random) => -Math.log(1 - random()) * 40 + 0.002,
  "log-normal": (random) => Math.exp(3 + 2 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())),
  "two peaks": (random) => (random() < 0.98 ? 3 + random() : 2_000 + random() * 50),
  constant: () => 12.345,
};

test("what mostly took no time has a median of 0, as exact as its least", () => {
  const sketch = Sketch.create();
  for (let i = 0; i < 9; i++) sketch.record(0);
  sketch.record(5);
  const data = sketch.extract();
  assert.deepEqual([sketchCount(data), data.sum, data.min, data.max], [10, 5, 0, 5]);
  assert.deepEqual([quantile(data, 0.5), quantile(data, 0.9), quantile(data, 1)], [0, 0, 5]);
});

for (const [name, draw] of Object.entries(DISTRIBUTIONS)) {
  test(`quantiles of a ${name} distribution are within 1 % of the exact ones`, () => {
    const random = uniform(3);
    const values = Array.from({ length: 20_000 }, () => draw(random));
    const data = sketchOf(values);
    values.sort((a, b) => a - b);
    for (const q of [0, 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1]) {
      const exact = values[Math.max(0, Math.ceil(q * values.length) - 1)]!;
      const error = Math.abs(quantile(data, q) / exact - 1);
      assert.ok(error <= 0.01, `q ${q}: ${quantile(data, q)} instead of ${exact}`);
    }
    assert.equal(data.min, values[0]);
    assert.equal(data.max, values.at(-1));
  });
}
