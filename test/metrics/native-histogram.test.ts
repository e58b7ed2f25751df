// Native histograms against the sketches they are made of: counts, resolution, and how far a bucket may be off.

import assert from "node:assert/strict";
import { it } from "node:test";
import { type NativeHistogram, nativeHistogram } from "../../node/metrics/native-histogram.ts";
import type { SketchData } from "../../node/metrics/results.ts";
import { mergeSketch } from "../../node/metrics/sketch.ts";
import { sketchOf } from "./readings.ts";

/** [upper bound in seconds, count] of the buckets, as a receiver reads them. */
function bucketsOf({ schema, spans, deltas }: NativeHistogram): [number, number][] {
  const buckets: [number, number][] = [];
  let index = 0;
  let count = 0;
  let next = 0;
  for (const { offset, length } of spans) {
    index += offset;
    for (let i = 0; i < length; i++) {
      count += deltas[next++]!;
      buckets.push([2 ** (index++ / 2 ** schema), count]);
    }
  }
  return buckets;
}

/** `octaves` doublings from 10 us on, evenly on a logarithmic scale. */
const spread = (octaves: number, values: number): SketchData =>
  sketchOf(Array.from({ length: values }, (_, i) => 0.01 * 2 ** ((octaves * (i + 0.5)) / values)));

it("few buckets keep the sketch's own resolution", () => {
  const histogram = nativeHistogram(sketchOf([10, 11, 12, 12]));
  assert.equal(histogram.schema, 6);
  assert.deepEqual([histogram.count, histogram.sum, histogram.zeroCount], [4, 0.045, 0]);
});

for (const [octaves, schema] of [
  [2, 6],
  [4, 5],
  [9, 4],
  [19, 3],
  [25, 2],
] as const) {
  it(`${octaves} doublings fit into 160 buckets at schema ${schema}`, () => {
    const histogram = nativeHistogram(spread(octaves, 20_000));
    assert.ok(histogram.deltas.length <= 160, `${histogram.deltas.length} buckets`);
    assert.equal(histogram.schema, schema);
    assert.equal(
      bucketsOf(histogram).reduce((sum, [, count]) => sum + count, 0),
      20_000,
    );
  });
}

it("a value is in the bucket that holds it in seconds, or a fifth of the finest bucket beside it", () => {
  for (let valueMs = 0.002; valueMs < 1e7; valueMs *= 1.37) {
    const histogram = nativeHistogram(sketchOf([valueMs]));
    const [[upper]] = bucketsOf(histogram) as [[number, number]];
    const lower = upper / 2 ** (1 / 64);
    const seconds = valueMs / 1000;
    assert.ok(seconds > lower * (1 - 0.0001) && seconds <= upper * 1.0022, `${valueMs} ms in (${lower}, ${upper}]`);
  }
});

it("halving the resolution moves no count over a bound", () => {
  const sketch = spread(12, 5000);
  const coarse = bucketsOf(nativeHistogram(sketch, 60));
  const fine = bucketsOf(nativeHistogram(sketch, 10_000));
  for (const [upper] of coarse) {
    const below = (buckets: [number, number][]) =>
      buckets.reduce((sum, [bound, count]) => sum + (bound <= upper * 1.000001 ? count : 0), 0);
    assert.equal(below(coarse), below(fine));
  }
});

it("no bucket ever shrinks as more is observed, at one resolution", () => {
  const early = spread(2, 100);
  const later = mergeSketch(early, spread(2, 777));
  const after = new Map(bucketsOf(nativeHistogram(later)));
  for (const [upper, count] of bucketsOf(nativeHistogram(early))) assert.ok(after.get(upper)! >= count);
});

it("below a microsecond is the zero bucket; nothing at all is a histogram too", () => {
  const histogram = nativeHistogram(sketchOf([0, 0.0005, 5]));
  assert.deepEqual([histogram.zeroCount, histogram.count, histogram.deltas.length], [2, 3, 1]);
  const empty = nativeHistogram(sketchOf([]));
  assert.deepEqual([empty.count, empty.sum, empty.spans, empty.deltas], [0, 0, [], []]);
});
