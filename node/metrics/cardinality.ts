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
  readonly #most: number;
  readonly #room: number;
  /** Series with a name of the plan's choosing that were let in. */
  readonly #admitted = new Set<string>();
  /** Those that found no room. */
  readonly #refused = new Set<string>();
  /** Gauges that were left out of the last readings. */
  #leftOut = 0;
  /**
   * Names without room are counted together over all runs, and stay so until there are none: told now by run and now for
   * all, counters would go back.
   */
  #areRunsTogether = false;
  /** While they are: what is counted for all runs, each reading by its own run, and what those had counted that are over. */
  #counted = new Map<string, Reading>();
  #over: Reading[] = [];

  constructor(maxSeries = MAX_SERIES) {
    this.#most = maxSeries;
    this.#room = maxSeries - RESERVED;
  }

  /** Readings that are counted under `__other__` now, and gauges that are left out. */
  get refused(): number {
    return this.#refused.size + this.#leftOut;
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
      if (fits) admitted.push(reading);
      else if (!reading.meter.labels.includes("quantile")) admitted.push({ ...reading, labels: othered(reading) });
    }
    // Series of runs that are over make room again.
    for (const known of [this.#admitted, this.#refused])
      for (const key of known) if (!present.has(key)) known.delete(key);
    return this.#bound(this.#refused.size === 0 ? admitted : addUp(admitted), weightOf);
  }

  /** With dozens of runs at once even what is the same for every plan is too much. */
  #bound(readings: Reading[], weightOf: (reading: Reading) => number): Reading[] {
    const weight = (some: readonly Reading[]) => some.reduce((sum, one) => sum + weightOf(one), 0);
    this.#leftOut = 0;
    if (this.#refused.size === 0) this.#areRunsTogether = false;
    if (weight(readings) > this.#most) this.#areRunsTogether = true;
    if (!this.#areRunsTogether) {
      this.#counted.clear();
      this.#over = [];
      return readings;
    }
    const together = this.#together(readings);
    let excess = weight(together) - this.#most;
    // Gauges of a run are not missed in any total. Those of the latest runs go first: the others keep what they have.
    return together.reverse().filter((one) => {
      const goes = excess > 0 && one.meter.type === "gauge" && one.meter.labels.includes("run_id");
      if (!goes) return true;
      excess -= weightOf(one);
      this.#leftOut++;
      return false;
    }).reverse();
  }

  /** What is counted for all runs goes on counting those that are over: counters must not go back. */
  #together(readings: readonly Reading[]): Reading[] {
    const counted = new Map<string, Reading>();
    const all = readings.map((one) => {
      if (!one.labels.includes(OTHER)) return one;
      const forAll = { ...one, labels: withoutRun(one) };
      if (one.meter.type !== "gauge") counted.set(readingKey(one.meter, one.labels), forAll);
      return forAll;
    });
    const gone = [...this.#counted].filter(([key]) => !counted.has(key)).map(([, one]) => one);
    if (gone.length > 0) this.#over = addUp([...this.#over, ...gone]);
    this.#counted = counted;
    return addUp([...all, ...this.#over]);
  }
}

function othered({ meter, labels }: Reading): string[] {
  return labels.map((value, i) => (value !== "" && OPEN_LABELS.includes(meter.labels[i]!) ? OTHER : value));
}

function withoutRun({ meter, labels }: Reading): string[] {
  return labels.map((value, i) => (meter.labels[i] === "run_id" ? OTHER : value));
}
