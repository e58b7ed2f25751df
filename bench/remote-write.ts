// What a push of metrics costs: reading 250 series, a fifth of them histograms, encoding and compressing them.

import { Cardinality } from "../node/metrics/cardinality.ts";
import { RUN_METERS } from "../node/metrics/meters.ts";
import type { Reading } from "../node/metrics/reading.ts";
import { encodeV1 } from "../node/metrics/remote-write-1.ts";
import { encodeV2 } from "../node/metrics/remote-write-2.ts";
import { SeriesTable } from "../node/metrics/series-table.ts";
import { Sketch } from "../node/metrics/sketch.ts";
import { compress } from "../node/metrics/snappy.ts";

export const COUNTERS = 200;
export const HISTOGRAMS = 50;
/** As by default. */
const INTERVAL_MS = 5000;
const PUSHES = 500;
const WARM_UP = 200;
const BATCH = 20;
/** Observations of each histogram: about 130 buckets that are not empty, as after some minutes of API traffic. */
const OBSERVATIONS = 20_000;

export interface PushCost {
  readonly protocol: string;
  /** User and system time of a push, milliseconds. */
  readonly cpuMs: number;
  readonly bytes: number;
  readonly corePercent: number;
}

export function measurePush(): PushCost[] {
  const sketches = Array.from({ length: HISTOGRAMS }, (_, i) => busySketch(i));
  const encoders = [
    ["1.0", encodeV1],
    ["2.0", encodeV2],
  ] as const;
  return encoders.map(([protocol, encode]) => {
    const table = new SeriesTable(["loadswarm", "loadswarm-7f6d9", "node-12", "zone-a"], "native");
    const cardinality = new Cardinality();
    let bytes = 0;
    // The middle one of several batches: what else the machine does disturbs some of them.
    const batches: number[] = [];
    let before = process.cpuUsage();
    for (let push = 1; push <= WARM_UP + PUSHES; push++) {
      const readings = cardinality.admit(read(sketches, push), () => 1);
      bytes = compress(encode(table.step(readings, push * INTERVAL_MS))).length;
      if (push % BATCH !== 0) continue;
      const { user, system } = process.cpuUsage(before);
      if (push > WARM_UP) batches.push((user + system) / 1000 / BATCH);
      before = process.cpuUsage();
    }
    const cpuMs = batches.sort((a, b) => a - b)[Math.floor(batches.length / 2)]!;
    return { protocol, cpuMs, bytes, corePercent: (100 * cpuMs) / INTERVAL_MS };
  });
}

/** `startMs` is when they began to count. */
export function read(sketches: readonly Sketch[], push: number, startMs = 1): Reading[] {
  const labels = (i: number) => ["shop-1f2e3d-abc123", "browse", `GET /api/items/${i}`];
  return [
    ...Array.from({ length: COUNTERS }, (_, i) => {
      return { meter: RUN_METERS.requests, labels: [...labels(i), "2xx", "ok"], value: push * 1000 + i * 7, startMs };
    }),
    ...sketches.map((sketch, i) => {
      return { meter: RUN_METERS.requestDuration, labels: [...labels(i), "ok"], value: sketch.extract(), startMs };
    }),
  ];
}

/** Log-normal, roughly: a sum of uniform numbers in the exponent. */
export function busySketch(seed: number): Sketch {
  const sketch = Sketch.create();
  let state = seed + 1;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let i = 0; i < OBSERVATIONS; i++) sketch.record(Math.exp(1 + (seed % 3) + uniform() + uniform() + uniform()));
  return sketch;
}
