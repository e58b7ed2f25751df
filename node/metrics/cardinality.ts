// The bound on how many series an agent makes: names beyond it are counted together as `__other__`.

import { type Meter, METERS } from "./meters.ts";
import { addUp, type Reading, readingKey } from "./reading.ts";

/** What stands for names that there is no room for. */
export const OTHER = "__other__";

/**
 * Most series of one agent. A plan of 20 requests makes about 210, so this is reached by plans of a hundred requests.
 * Receivers are sized by series (200 agents at this bound: 200,000), so raise it together with them.
 */
export const MAX_SERIES = 1000;
/** Kept free for the series with `__other__` and for all that have no name of the plan's choosing. */
const RESERVED = 200;

/** Labels whose values a plan chooses freely. */
const OPEN_LABELS: readonly string[] = ["request", "check", "scenario"];
/** Meters that have one of them. */
const OPEN_METERS: ReadonlySet<Meter> = new Set(METERS.filter(({ labels }) => labels.some((name) => OPEN_LABELS.includes(name))));

/** Decides once for every series and keeps to it, so that counters never go back. */
export class Cardinality {
  readonly #room: number;
  /** Series with a name of the plan's choosing that were let in. */
  readonly #admitted = new Set<string>();
  /** Those that found no room. */
  readonly #refused = new Set<string>();

  constructor(maxSeries = MAX_SERIES) {
    this.#room = maxSeries - RESERVED;
  }

  /** Readings that are counted under `__other__` now. */
  get refused(): number {
    return this.#refused.size;
  }

  /** `weightOf` tells how many series a reading makes. */
  admit(readings: readonly Reading[], weightOf: (reading: Reading) => number): Reading[] {
    const present = new Set<string>();
    let used = 0;
    const admitted: Reading[] = [];
    const open: [key: string, reading: Reading][] = [];
    for (const reading of readings) {
      if (!OPEN_METERS.has(reading.meter)) {
        admitted.push(reading);
        continue;
      }
      const key = readingKey(reading.meter, reading.labels);
      present.add(key);
      if (this.#admitted.has(key)) {
        used += weightOf(reading);
        admitted.push(reading);
      } else {
        open.push([key, reading]);
      }
    }
    for (const [key, reading] of open) {
      const weight = weightOf(reading);
      const fits = !this.#refused.has(key) && used + weight <= this.#room;
      if (fits) used += weight;
      (fits ? this.#admitted : this.#refused).add(key);
      admitted.push(fits ? reading : { ...reading, labels: othered(reading) });
    }
    // Series of runs that are over make room again.
    for (const known of [this.#admitted, this.#refused])
      for (const key of known) if (!present.has(key)) known.delete(key);
    return this.#refused.size === 0 ? admitted : addUp(admitted);
  }
}

function othered({ meter, labels }: Reading): string[] {
  return labels.map((value, i) => (value !== "" && OPEN_LABELS.includes(meter.labels[i]!) ? OTHER : value));
}
