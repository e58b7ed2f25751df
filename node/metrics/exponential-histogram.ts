// Sketches as exponential histograms of OpenTelemetry: the buckets of a native histogram, but side by side without gaps, so that
// it is their span that is bounded. https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram

import { finestIndex, FINEST } from "./native-histogram.ts";
import type { SketchData } from "./results.ts";
import { sketchCount } from "./sketch.ts";

/** As many as the SDK's own instruments have at most. */
export const MAX_SPAN = 160;

export interface ExponentialHistogram {
  /** Buckets per doubling: 2^scale. */
  readonly scale: number;
  /** Below a microsecond. */
  readonly zeroCount: number;
  readonly count: number;
  /** Seconds, as min and max. */
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Bucket i of `counts` holds the values in (base^(offset + i), base^(offset + i + 1)], base = 2^(2^-scale). */
  readonly offset: number;
  readonly counts: number[];
}

export function exponentialHistogram(sketch: SketchData): ExponentialHistogram {
  const first = sketch.index[0] === 0 ? 1 : 0;
  // Prometheus names a bucket by its upper bound, OpenTelemetry by its lower one.
  const at = (i: number): number => finestIndex(sketch.index[i]!) - 1;
  const last = sketch.index.length - 1;
  let steps = 0;
  if (last >= first) while ((at(last) >> steps) - (at(first) >> steps) >= MAX_SPAN) steps++;
  const offset = last >= first ? at(first) >> steps : 0;
  const counts: number[] = last >= first ? new Array((at(last) >> steps) - offset + 1).fill(0) : [];
  for (let i = first; i <= last; i++) counts[(at(i) >> steps) - offset]! += sketch.count[i]!;
  return {
    scale: FINEST - steps,
    zeroCount: first === 1 ? sketch.count[0]! : 0,
    count: sketchCount(sketch),
    sum: sketch.sum / 1000,
    min: sketch.min / 1000,
    max: sketch.max / 1000,
    offset,
    counts,
  };
}
