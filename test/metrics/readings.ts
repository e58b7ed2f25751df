// Readings and batches for tests: a counter, a gauge and a histogram of one run.

import { HEALTH_METERS, type Meter, RUN_METERS, SWARM_METERS } from "../../node/metrics/meters.ts";
import type { Reading } from "../../node/metrics/reading.ts";
import type { SketchData } from "../../node/metrics/results.ts";
import { type Batch, type HistogramMode, SeriesTable } from "../../node/metrics/series-table.ts";
import { Sketch } from "../../node/metrics/sketch.ts";

export const START = 1_795_000_000_000;
export const COMMON = ["loadswarm", "pod-1", "node-1", "zone-a"];

export const reading = (meter: Meter, value: Reading["value"], ...labels: string[]): Reading => ({
  meter,
  value,
  labels,
  startMs: START,
});
export const requests = (value: number, request = "search") =>
  reading(RUN_METERS.requests, value, "r-1", "browse", request, "2xx", "ok");
export const gauge = (value: number) => reading(HEALTH_METERS.residentMemory, value);
export const share = (value: number) => reading(SWARM_METERS.share, value);
export const durations = (sketch: SketchData, request = "search") =>
  reading(RUN_METERS.requestDuration, sketch, "r-1", "browse", request, "ok");

export function sketchOf(values: Iterable<number>): SketchData {
  const sketch = Sketch.create();
  for (const value of values) sketch.record(value);
  return sketch.extract();
}

export const SKETCH = sketchOf([0.0005, 1, 1, 1.5, 20, 300]);

/** The first batch of these readings, half a minute into the run. */
export function batchOf(readings: readonly Reading[], mode: HistogramMode = "native", common = COMMON): Batch {
  return new SeriesTable(common, mode).step(readings, START + 30_000);
}
