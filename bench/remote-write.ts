// What a push of metrics costs: reading 250 series, a fifth of them histograms, encoding and compressing them.

import type { Arena } from "../node/load/arena.ts";
import { RunReport } from "../node/load/report.ts";
import { Cardinality } from "../node/metrics/cardinality.ts";
import { RUN_METERS } from "../node/metrics/meters.ts";
import type { Reading } from "../node/metrics/reading.ts";
import { encodeV1 } from "../node/metrics/remote-write-1.ts";
import { encodeV2 } from "../node/metrics/remote-write-2.ts";
import { runReadings } from "../node/metrics/run-readings.ts";
import { SeriesTable } from "../node/metrics/series-table.ts";
import { Sketch } from "../node/metrics/sketch.ts";
import { compress } from "../node/metrics/snappy.ts";
import { parsePlan } from "../node/plan/parse.ts";
import { median } from "./peers/results.ts";

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
    const cpuMs = median(batches);
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

/** Load threads whose counts are added up before every push. */
const THREADS = 4;
const REQUESTS = 20;
const READS = 60;

/** User and system time of adding up what the load threads have counted of a plan of 20 requests, milliseconds. */
export function measureReading(): { readonly cpuMs: number; readonly series: number } {
  const flow = Array.from({ length: REQUESTS }, (_, i) => ({ get: `/items/${i}` }));
  const scenarios = { browse: { executor: "constant-arrival-rate", rate: 100, duration: "10m", flow } };
  const parsed = parsePlan(JSON.stringify({ name: "bench", target: "http://127.0.0.1:1", scenarios }));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const { plan } = parsed;
  const report = new RunReport("shop-1f2e3d", "me", plan, 1);
  for (let thread = 0; thread < THREADS; thread++) fill(report.addArena().arena, thread);
  const steps = plan.scenarios[0]!.flow.flatMap((step) => (step.kind === "http" ? [{ scenario: 0, name: step.name }] : []));
  const names = { run: "shop-1f2e3d", plan: "bench", scenarios: ["browse"], steps, checks: [] };
  const assignment = { run: names.run, plan, startAtMs: 1, endAtMs: 600_001, segments: [] };
  const costs: number[] = [];
  let series = 0;
  for (let i = 0; i < READS; i++) {
    const before = process.cpuUsage();
    const { totals, details } = report.measure(assignment);
    series = runReadings(names, totals, details, 1).length;
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1000);
  }
  return { cpuMs: median(costs), series };
}

function fill(arena: Arena, seed: number): void {
  let state = seed + 1;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let i = 0; i < OBSERVATIONS * 3; i++) {
    const hasFailed = i % 50 === 0;
    const ms = Math.exp(1 + (i % 3) + uniform() + uniform() + uniform());
    arena.request(i % REQUESTS, 0, hasFailed, 100, 200, hasFailed ? 500 : 200);
    arena.timings(i % REQUESTS, ms, ms, ms * 0.8, hasFailed);
  }
}
