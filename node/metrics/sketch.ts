// Latency sketch: exact exponential buckets of schema 6, the resolution of a Prometheus native histogram.
//
// Bucket i holds the values in (bound(i - 1), bound(i)], bound(i) = 2^(LOWEST_EXPONENT + (i + 1) / 64) milliseconds.
// Neighbouring bounds differ by 2^(1/64), so a value read back from its bucket is at most 0.54 % off; merging is
// addition and loses nothing. In Prometheus' numbering bucket i is index i + PROMETHEUS_OFFSET.

import type { SketchData } from "./results.ts";

/** Buckets per doubling: 2^schema. */
const PER_OCTAVE = 64;
/** The first bucket also takes everything below 2^-10 ms (1 us). */
const LOWEST_EXPONENT = -10;
/** The last bucket also takes everything above 2^26 ms (18.6 hours). */
const OCTAVES = 36;

/** Number of buckets: every index in a SketchData is below it. */
export const BUCKETS = PER_OCTAVE * OCTAVES;
/** Added to a bucket's number it gives the index in a Prometheus native histogram of schema 6 over milliseconds. */
export const PROMETHEUS_OFFSET = LOWEST_EXPONENT * PER_OCTAVE + 1;

/** Nothing observed. */
export const EMPTY_SKETCH: SketchData = { index: [], count: [], sum: 0, min: 0, max: 0 };

/** Upper bound of each bucket, inclusive, milliseconds. */
export const BOUNDS = Float64Array.from({ length: BUCKETS }, (_, i) => 2 ** (LOWEST_EXPONENT + (i + 1) / PER_OCTAVE));

/** Cells per doubling: each is narrower (1/128) than the narrowest bucket (1.09 %), so it holds one bound at most. */
const CELL_BITS = 7;
/** Sign, exponent and the top mantissa bits of a double: all that is left of its upper half after this shift. */
const CELL_SHIFT = 20 - CELL_BITS;
const FIRST_CELL = (1023 + LOWEST_EXPONENT) << CELL_BITS;

const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);
/** Which of the two halves of a double holds its exponent: depends on the byte order of the machine. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** For each cell the bucket of its lowest value; the one compare in `bucketOf` decides for the rest of the cell. */
const CELLS = Uint16Array.from({ length: OCTAVES << CELL_BITS }, (_, cell) => {
  const octave = cell >> CELL_BITS;
  const fraction = (cell & ((1 << CELL_BITS) - 1)) / (1 << CELL_BITS);
  const lowest = 2 ** (LOWEST_EXPONENT + octave) * (1 + fraction);
  let bucket = Math.max(0, octave * PER_OCTAVE - 1);
  while (BOUNDS[bucket]! < lowest) bucket++;
  return bucket;
});

/** Bucket of a value in milliseconds; what does not fit, and NaN, goes into the end buckets. */
export function bucketOf(valueMs: number): number {
  if (!(valueMs > BOUNDS[0]!)) return 0;
  if (valueMs > BOUNDS[BUCKETS - 1]!) return BUCKETS - 1;
  float[0] = valueMs;
  const cell = (halves[HIGH]! >>> CELL_SHIFT) - FIRST_CELL;
  if (cell >= CELLS.length) return BUCKETS - 1;
  const bucket = CELLS[cell]!;
  return valueMs > BOUNDS[bucket]! ? bucket + 1 : bucket;
}

/**
 * A sum on a grid of 2^-10 ms, about a microsecond. Sums of such sums are exact up to 2^43 ms (278 years of latency), so
 * that they are the same whoever adds them, in whatever order.
 */
export function onGrid(sumMs: number): number {
  return Math.round(sumMs * 1024) / 1024;
}

/** Float64 values that stand beside the counts of a sketch: sum, min, max, number of observations. */
export const STATS = 4;

/**
 * A sketch in memory that somebody else may read meanwhile: a view of a SharedArrayBuffer with a single writer and
 * plain stores. A count wraps after 2^32 observations of one bucket, which takes a worker at 60,000/s twenty hours.
 */
export class Sketch {
  readonly #counts: Uint32Array;
  readonly #stats: Float64Array;

  /** `counts` has BUCKETS elements and `stats` STATS; both zero when new. */
  constructor(counts: Uint32Array, stats: Float64Array) {
    this.#counts = counts;
    this.#stats = stats;
  }

  /** In memory of its own. */
  static create(): Sketch {
    return new Sketch(new Uint32Array(BUCKETS), new Float64Array(STATS));
  }

  /** Counts a duration in milliseconds; below zero (a clock's last bits) counts as zero. */
  record(valueMs: number): void {
    const value = valueMs > 0 ? valueMs : 0;
    this.recordIn(bucketOf(value), value);
  }

  /** The same where its bucket is known; `value` is not below zero. */
  recordIn(bucket: number, value: number): void {
    const stats = this.#stats;
    stats[0]! += value;
    if (stats[3]!++ === 0 || value < stats[1]!) stats[1] = value;
    if (value > stats[2]!) stats[2] = value;
    this.#counts[bucket]!++;
  }

  /** Only the buckets that are not empty: all of them lie between those of the least and the greatest value. */
  extract(): SketchData {
    const counts = this.#counts;
    const stats = this.#stats;
    if (stats[3] === 0) return EMPTY_SKETCH;
    const index: number[] = [];
    const count: number[] = [];
    const last = bucketOf(stats[2]!);
    for (let i = bucketOf(stats[1]!); i <= last; i++) {
      const n = counts[i]!;
      if (n === 0) continue;
      index.push(i);
      count.push(n);
    }
    if (index.length === 0) return EMPTY_SKETCH;
    return { index, count, sum: onGrid(stats[0]!), min: stats[1]!, max: stats[2]! };
  }
}

/** Number of observations. */
export function sketchCount(data: SketchData): number {
  let count = 0;
  for (const n of data.count) count += n;
  return count;
}

/** Both together: exact, and the same in whatever order many are merged. */
export function mergeSketch(a: SketchData, b: SketchData): SketchData {
  if (a.index.length === 0) return b;
  if (b.index.length === 0) return a;
  const most = a.index.length + b.index.length;
  const index = new Array<number>(most);
  const count = new Array<number>(most);
  let n = 0;
  let i = 0;
  let j = 0;
  while (i < a.index.length && j < b.index.length) {
    const left = a.index[i]!;
    const right = b.index[j]!;
    index[n] = left < right ? left : right;
    count[n++] = (left <= right ? a.count[i++]! : 0) + (right <= left ? b.count[j++]! : 0);
  }
  for (; i < a.index.length; i++) {
    index[n] = a.index[i]!;
    count[n++] = a.count[i]!;
  }
  for (; j < b.index.length; j++) {
    index[n] = b.index[j]!;
    count[n++] = b.count[j]!;
  }
  index.length = n;
  count.length = n;
  return { index, count, sum: a.sum + b.sum, min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

/**
 * What was observed after `earlier` and up to `later`, two states of the same sketch. Its own extremes were not kept:
 * min and max are the bounds of its outer buckets, within the extremes of `later`.
 */
export function differenceOf(later: SketchData, earlier: SketchData): SketchData {
  const index: number[] = [];
  const count: number[] = [];
  let j = 0;
  for (let i = 0; i < later.index.length; i++) {
    const bucket = later.index[i]!;
    while (j < earlier.index.length && earlier.index[j]! < bucket) j++;
    const before = j < earlier.index.length && earlier.index[j] === bucket ? earlier.count[j]! : 0;
    if (later.count[i]! <= before) continue;
    index.push(bucket);
    count.push(later.count[i]! - before);
  }
  if (index.length === 0) return EMPTY_SKETCH;
  const min = Math.max(later.min, lowerBound(index[0]!));
  const max = Math.min(later.max, upperBound(index.at(-1)!));
  return { index, count, sum: Math.max(0, later.sum - earlier.sum), min, max };
}

/**
 * The q-quantile in milliseconds, 0 <= q <= 1, by nearest rank: at most 0.54 % off for values between 1 us and
 * 18.6 hours. 0 if nothing was observed.
 */
export function quantile(data: SketchData, q: number): number {
  const total = sketchCount(data);
  if (total === 0) return 0;
  if (q <= 0) return data.min;
  const rank = Math.max(1, Math.ceil(q * total));
  if (rank >= total) return data.max;
  let seen = 0;
  for (let i = 0; i < data.index.length; i++) {
    seen += data.count[i]!;
    if (seen < rank) continue;
    // Of the first bucket, which reaches down to 0, the least is as good as any, and right for what took no time.
    if (data.index[i] === 0) return data.min;
    return Math.min(data.max, Math.max(data.min, middle(data.index[i]!)));
  }
  return data.max;
}

/** The value with the same relative distance to both bounds of a bucket (DDSketch, Masson et al. 2019). */
function middle(bucket: number): number {
  const low = BOUNDS[bucket]! / 2 ** (1 / PER_OCTAVE);
  return (2 * low * BOUNDS[bucket]!) / (low + BOUNDS[bucket]!);
}

function lowerBound(bucket: number): number {
  return bucket === 0 ? 0 : BOUNDS[bucket - 1]!;
}

function upperBound(bucket: number): number {
  return bucket >= BUCKETS - 1 ? Number.POSITIVE_INFINITY : BOUNDS[bucket]!;
}
