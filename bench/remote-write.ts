// What a push of metrics costs: reading 250 series, a fifth of them histograms, encoding and compressing them.

import { Cardinality } from "../node/metrics/cardinality.ts";
import { RUN_METERS } from "../node/metrics/meters.ts";
import type { Reading } from "../node/metrics/reading.ts";
import { encodeV1 } from "../node/metrics/remote-write-1.ts";
import { encodeV2 } from "../node/metrics/remote-write-2.ts";
import { SeriesTable } from "../node/metrics/series-table.ts";
import { Sketch } from "../node/metrics/sketch.ts";
import { compress } from "../node/metrics/snappy.ts";

const COUNTERS = 200;
const HISTOGRAMS = 50;
/** As by default. */
const INTERVAL_MS = 5000;
const PUSHES = 400;
const WARM_UP = 200;
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
    let before = process.cpuUsage();
    for (let push = 0; push < WARM_UP + PUSHES; push++) {
      if (push === WARM_UP) before = process.cpuUsage();
      const readings = cardinality.admit(read(sketches, push), () => 1);
      bytes = compress(encode(table.step(readings, push * INTERVAL_MS))).length;
    }
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1000 / PUSHES;
    return { protocol, cpuMs, bytes, corePercent: (100 * cpuMs) / INTERVAL_MS };
  });
}

function read(sketches: readonly Sketch[], push: number): Reading[] {
  const labels = (i: number) => ["shop-1f2e3d-abc123", "browse", `GET /api/items/${i}`];
  return [
    ...Array.from({ length: COUNTERS }, (_, i) => {
      return { meter: RUN_METERS.requests, labels: [...labels(i), "2xx", "ok"], value: push * 1000 + i * 7, startMs: 1 };
    }),
    ...sketches.map((sketch, i) => {
      return { meter: RUN_METERS.requestDuration, labels: [...labels(i), "ok"], value: sketch.extract(), startMs: 1 };
    }),
  ];
}

/** Log-normal, roughly: a sum of uniform numbers in the exponent. */
function busySketch(seed: number): Sketch {
  const sketch = Sketch.create();
  let state = seed + 1;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let i = 0; i < OBSERVATIONS; i++) sketch.record(Math.exp(1 + (seed % 3) + uniform() + uniform() + uniform()));
  return sketch;
}
