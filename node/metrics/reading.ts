// A value of a meter at an instant, and how several become one.

import type { Meter } from "./meters.ts";
import type { SketchData } from "./results.ts";
import { mergeSketch } from "./sketch.ts";

export interface Reading {
  readonly meter: Meter;
  /** In the order of the meter's labels; "" = without this label. */
  readonly labels: readonly string[];
  /** A sketch (milliseconds) for histograms, a number for all else. */
  readonly value: number | SketchData;
  /** Counters and histograms: when they began to count, milliseconds since the Unix epoch. */
  readonly startMs: number;
}

/** Receivers refuse longer ones (Mimir: 2048 bytes), and with them, by remote write 1.0, the whole push. */
const MAX_LABEL_LENGTH = 256;

/** A text of the plan's choosing as the value of a label: bounded, and UTF-8 whatever it holds. */
export function labelValue(text: string): string {
  return text.length <= MAX_LABEL_LENGTH ? text.toWellFormed() : `${text.slice(0, MAX_LABEL_LENGTH).toWellFormed()}…`;
}

export function readingKey(meter: Meter, labels: readonly string[]): string {
  return `${meter.name}\u0000${labels.join("\u0000")}`;
}

/** One reading for each meter and labels: those that have the same are added up. */
export function addUp(readings: Iterable<Reading>): Reading[] {
  const byKey = new Map<string, Reading>();
  for (const reading of readings) {
    const key = readingKey(reading.meter, reading.labels);
    const other = byKey.get(key);
    byKey.set(key, other === undefined ? reading : { ...other, value: sum(other.value, reading.value) });
  }
  return [...byKey.values()];
}

/** The readings without some labels, added up. */
export function without(
  readings: readonly Reading[],
  names: readonly string[],
  type: Meter["type"] | null = null,
): Reading[] {
  return addUp(
    readings.map((reading) => {
      const { meter, labels } = reading;
      if ((type !== null && meter.type !== type) || !meter.labels.some((name) => names.includes(name))) return reading;
      return { ...reading, labels: labels.map((value, i) => (names.includes(meter.labels[i]!) ? "" : value)) };
    }),
  );
}

function sum(a: Reading["value"], b: Reading["value"]): Reading["value"] {
  return typeof a === "number" ? a + (b as number) : mergeSketch(a, b as SketchData);
}
