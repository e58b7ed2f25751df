// Sketches as classic histograms, for receivers without native ones and for /metrics: few buckets, cumulative.

import type { SketchData } from "./results.ts";
import { BOUNDS, sketchCount } from "./sketch.ts";

/** Upper bounds in seconds; one more bucket holds everything. From a fast cache to a request given up. */
export const CLASSIC_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] as const;

/** Series of one classic histogram: buckets, the one that holds everything, sum and count. */
export const CLASSIC_SERIES = CLASSIC_BOUNDS.length + 3;

/** Series of a histogram by suffix of its name and, of buckets, label `le`. Sum in seconds. */
export function classicHistogram(
  sketch: SketchData,
): { suffix: "_bucket" | "_sum" | "_count"; le: string | null; value: number }[] {
  const count = sketchCount(sketch);
  let next = 0;
  let below = 0;
  const buckets = CLASSIC_BOUNDS.map((bound) => {
    // A bucket of the sketch that a bound cuts through counts as above it: at most 1.1 % of the bound away.
    while (next < sketch.index.length && BOUNDS[sketch.index[next]!]! <= bound * 1000) below += sketch.count[next++]!;
    return { suffix: "_bucket" as const, le: Number.isInteger(bound) ? `${bound}.0` : String(bound), value: below };
  });
  return [
    ...buckets,
    { suffix: "_bucket", le: "+Inf", value: count },
    { suffix: "_sum", le: null, value: sketch.sum / 1000 },
    { suffix: "_count", le: null, value: count },
  ];
}
