// What is pushed as a sequence of batches: which series are new, which have a value, which are gone.

import { CLASSIC_SERIES, classicHistogram } from "./classic-histogram.ts";
import { COMMON_LABELS, type Meter } from "./meters.ts";
import { type NativeHistogram, nativeHistogram } from "./native-histogram.ts";
import { type Reading, readingKey } from "./reading.ts";
import { EMPTY_SKETCH } from "./sketch.ts";

/** The series ends here: written as Prometheus' own NaN, which no number in JavaScript can be trusted to hold. */
export const STALE = "stale";

export interface Point {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly value: number | NativeHistogram | typeof STALE;
}

export interface Series {
  readonly meter: Meter;
  /** Sorted by name in code units, `__name__` among them; no name twice and no value empty. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** The points are native histograms. */
  readonly isHistogram: boolean;
  /** When it began to count, milliseconds since the Unix epoch; 0 for gauges. */
  readonly startMs: number;
}

/** Points ascend in time. */
export interface Entry {
  readonly series: Series;
  readonly points: readonly Point[];
}

export interface Batch {
  readonly atMs: number;
  readonly entries: readonly Entry[];
  /** Points that are numbers, and those that are histograms. */
  readonly samples: number;
  readonly histograms: number;
}

export type HistogramMode = "native" | "classic";

/** How many series a reading makes. */
export function seriesOf(reading: Reading, mode: HistogramMode): number {
  return typeof reading.value === "number" || mode === "native" ? 1 : CLASSIC_SERIES;
}

/** What is pushed, and in which batch it last was. */
interface Known {
  readonly series: Series;
  atMs: number;
}

const ZERO_HISTOGRAM = nativeHistogram(EMPTY_SKETCH);

export class SeriesTable {
  readonly #common: readonly (readonly [string, string])[];
  readonly #mode: HistogramMode;
  readonly #known = new Map<string, Known>();
  #lastMs = Number.NEGATIVE_INFINITY;

  /** `common` are values of COMMON_LABELS, in that order; empty ones are left out. */
  constructor(common: readonly string[], mode: HistogramMode) {
    this.#common = COMMON_LABELS.map((name, i) => [name, common[i] ?? ""] as const);
    this.#mode = mode;
  }

  get size(): number {
    return this.#known.size;
  }

  /**
   * The next batch, as of `nowMs`; after a step back of the clock a hair after the one before, as receivers take nothing
   * older. Counters and histograms that are new also get a zero at their start, so that what they counted before their
   * first push is an increase. Series without a reading end. Of two readings of one series the first one counts: receivers
   * would refuse the whole push.
   */
  step(readings: readonly Reading[], nowMs: number): Batch {
    const atMs = Math.max(Math.floor(nowMs), this.#lastMs + 1);
    const entries: Entry[] = [];
    for (const reading of readings) {
      const { meter, labels, value } = reading;
      const key = readingKey(meter, labels);
      if (typeof value === "number") this.#add(entries, atMs, key, reading, meter.name, null, value);
      else if (this.#mode === "native") this.#add(entries, atMs, key, reading, meter.name, null, nativeHistogram(value));
      else
        for (const { suffix, le, value: number } of classicHistogram(value))
          this.#add(entries, atMs, `${key}\u0000${suffix}${le ?? ""}`, reading, meter.name + suffix, le, number);
    }
    for (const [key, known] of this.#known) {
      if (known.atMs === atMs) continue;
      entries.push({ series: known.series, points: [{ atMs, value: STALE }] });
      this.#known.delete(key);
    }
    this.#lastMs = atMs;
    let samples = 0;
    let histograms = 0;
    for (const { series, points } of entries) {
      if (series.isHistogram) histograms += points.length;
      else samples += points.length;
    }
    return { atMs, entries, samples, histograms };
  }

  #add(entries: Entry[], atMs: number, key: string, reading: Reading, name: string, le: string | null, value: Point["value"]): void {
    const known = this.#known.get(key);
    const point = { atMs, value };
    if (known !== undefined) {
      if (known.atMs === atMs) return;
      known.atMs = atMs;
      entries.push({ series: known.series, points: [point] });
      return;
    }
    const series = this.#begin(reading, name, le, typeof value !== "number");
    this.#known.set(key, { series, atMs });
    const zeroMs = reading.meter.type === "gauge" ? null : this.#zeroMs(reading.startMs, atMs);
    const zero = series.isHistogram ? ZERO_HISTOGRAM : 0;
    entries.push({ series, points: zeroMs === null ? [point] : [{ atMs: zeroMs, value: zero }, point] });
  }

  /** Where a zero stands that no earlier push can have passed; null if there is no room for it. */
  #zeroMs(startMs: number, atMs: number): number | null {
    const zeroMs = Math.max(Math.floor(startMs), this.#lastMs);
    return zeroMs < atMs && zeroMs > 0 ? zeroMs : null;
  }

  #begin(reading: Reading, name: string, le: string | null, isHistogram: boolean): Series {
    const { meter } = reading;
    const own = meter.labels.map((label, i) => [label, reading.labels[i] ?? ""] as const);
    const all = [["__name__", name] as const, ["le", le ?? ""] as const, ...this.#common, ...own];
    const labels = all.filter(([, value]) => value !== "").sort(([a], [b]) => (a < b ? -1 : 1));
    const startMs = meter.type === "gauge" ? 0 : Math.max(0, Math.floor(reading.startMs));
    return { meter, labels, isHistogram, startMs };
  }
}
