// Sketches as Prometheus native histograms: exponential buckets, resolution lowered until there are few enough.

import type { SketchData } from "./results.ts";
import { PROMETHEUS_OFFSET, sketchCount } from "./sketch.ts";

export interface NativeHistogram {
  /** Buckets per doubling: 2^schema. */
  readonly schema: number;
  /** Seconds. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  /** Seconds. */
  readonly sum: number;
  /** Runs of neighbouring buckets; `offset` is the gap to the run before, of the first one the bucket's index. */
  readonly spans: readonly { readonly offset: number; readonly length: number }[];
  /** Count of each bucket less that of the one before. */
  readonly deltas: readonly number[];
}

/** Receivers bound them (Mimir and Grafana Cloud: 160), and so do native histograms of Prometheus' own clients. */
export const MAX_BUCKETS = 160;

/** Schema of a sketch. */
export const FINEST = 6;
/** Lowest schema that receivers know. */
const COARSEST = -4;
/**
 * A sketch counts milliseconds and a metric seconds, and a factor of 1000 is 637.81 buckets of schema 6: every bucket moves
 * by a fifth of its width, 0.2 % of its values.
 */
const TO_SECONDS = -638;
/** Index of a sketch's bucket among native buckets of schema 6 over seconds. */
export const finestIndex = (bucket: number): number => bucket + PROMETHEUS_OFFSET + TO_SECONDS;

/** Below the first bucket but one of every sketch, and a bound of all schemas that are not negative. */
const ZERO_THRESHOLD = 2 ** -20;

/** `maxBuckets`: at most so many that are not empty. Counts of one bucket never shrink as the sketch grows. */
export function nativeHistogram(sketch: SketchData, maxBuckets = MAX_BUCKETS): NativeHistogram {
  // The lowest bucket of a sketch holds whatever is below a microsecond.
  const hasZero = sketch.index[0] === 0;
  const zeroCount = hasZero ? sketch.count[0]! : 0;
  const first = hasZero ? 1 : 0;
  const finest: number[] = [];
  for (let i = first; i < sketch.index.length; i++) finest.push(finestIndex(sketch.index[i]!));
  const counts = hasZero ? sketch.count.slice(1) : sketch.count;
  let schema = FINEST;
  while (schema > COARSEST && distinct(finest, FINEST - schema) > maxBuckets) schema--;
  const sum = sketch.sum / 1000;
  return {
    schema,
    zeroThreshold: ZERO_THRESHOLD,
    zeroCount,
    count: sketchCount(sketch),
    sum,
    ...layOut(finest, counts, FINEST - schema),
  };
}

/** Index of a bucket after `steps` halvings of the resolution: two neighbours become one. */
function coarser(index: number, steps: number): number {
  return ((index - 1) >> steps) + 1;
}

function distinct(ascending: readonly number[], steps: number): number {
  let count = 0;
  let last = Number.NaN;
  for (const index of ascending) {
    const bucket = coarser(index, steps);
    if (bucket !== last) count++;
    last = bucket;
  }
  return count;
}

function layOut(
  ascending: readonly number[],
  counts: readonly number[],
  steps: number,
): Pick<NativeHistogram, "spans" | "deltas"> {
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  let last = 0;
  let total = 0;
  let before = 0;
  for (let i = 0; i < ascending.length; i++) {
    const index = coarser(ascending[i]!, steps);
    if (i > 0 && index === last) {
      total += counts[i]!;
      continue;
    }
    if (i > 0) deltas.push(total - before);
    before = i > 0 ? total : 0;
    total = counts[i]!;
    if (i > 0 && index === last + 1) spans[spans.length - 1]!.length++;
    else spans.push({ offset: i === 0 ? index : index - last - 1, length: 1 });
    last = index;
  }
  if (ascending.length > 0) deltas.push(total - before);
  return { spans, deltas };
}
