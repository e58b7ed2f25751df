// The bound on series: budget of an ordinary plan, overflow, and that nothing is lost in it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Cardinality, MAX_SERIES, OTHER } from "../../node/metrics/cardinality.ts";
import { type Reading, readingKey, without } from "../../node/metrics/reading.ts";
import { ERROR_KINDS, OUTCOMES, type StepDetail, type Totals } from "../../node/metrics/results.ts";
import { runReadings, type RunNames } from "../../node/metrics/run-readings.ts";
import { CLASSIC_SERIES } from "../../node/metrics/classic-histogram.ts";
import { type HistogramMode, seriesOf } from "../../node/metrics/series-table.ts";
import { METERS, RUN_METERS } from "../../node/metrics/meters.ts";
import { threadReadings } from "../../node/metrics/thread-readings.ts";
import { reading, share, SKETCH, START } from "./readings.ts";

/** A run in which everything has happened: every request succeeded and failed, in two status classes, with two errors. */
function busyRun(
  scenarios: number,
  requests: number,
  checks: number,
): { names: RunNames; totals: Totals; details: StepDetail[] } {
  const of = <T>(length: number, make: (i: number) => T) => Array.from({ length }, (_, i) => make(i));
  const names = {
    run: "r-1",
    plan: "plan",
    scenarios: of(scenarios, (i) => `scenario-${i}`),
    steps: of(requests, (i) => ({ scenario: i % scenarios, name: `request-${i}` })),
    checks: of(checks, (i) => ({ scenario: i % scenarios, name: `check-${i}` })),
  };
  const totals: Totals = {
    scenarios: of(scenarios, () => ({
      scheduled: 9,
      started: 8,
      completed: 7,
      interrupted: 0,
      dropped: [1, 0, 0, 0],
      iterationDuration: SKETCH,
      pacing: SKETCH,
      phases: [SKETCH, SKETCH, SKETCH, SKETCH, SKETCH],
    })),
    steps: of(requests, () => ({
      requests: 6,
      failed: 1,
      bytesSent: 10,
      bytesReceived: 20,
      duration: SKETCH,
      latency: SKETCH,
      waiting: SKETCH,
    })),
    checks: of(checks, () => ({ passed: 5, failed: 1 })),
    status: [],
    errors: [],
  };
  const details = of(requests, () => ({
    outcomes: of(OUTCOMES, (i) => (i === 4 ? 5 : i === 11 ? 1 : 0)),
    errors: ERROR_KINDS.map((_, i) => (i < 2 ? 1 : 0)),
    failedDuration: { ...SKETCH, index: SKETCH.index.slice(-1), count: SKETCH.count.slice(-1) },
  }));
  return { names, totals, details };
}

const read = (run: ReturnType<typeof busyRun>, detail: "full" | "lean" = "full") =>
  runReadings(run.names, run.totals, run.details, START, detail);
const countOf = (readings: readonly Reading[], mode: HistogramMode = "native") =>
  readings.reduce((sum, one) => sum + seriesOf(one, mode), 0);
const admit = (cardinality: Cardinality, readings: readonly Reading[]) =>
  cardinality.admit(readings, (one) => seriesOf(one, "native"));
const totalOf = (readings: readonly Reading[], name: string) =>
  readings.reduce((sum, { meter, value }) => sum + (meter.name === name ? (value as number) : 0), 0);

describe("series of an agent", () => {
  it("a plan of 20 requests and 3 scenarios makes 210 at most, all of whose requests have succeeded and failed", () => {
    assert.ok(countOf(read(busyRun(3, 20, 20))) <= 210, `${countOf(read(busyRun(3, 20, 20)))} series`);
  });

  it("lean: the same few series, whatever the number of requests", () => {
    const few = countOf(read(busyRun(3, 3, 3), "lean"));
    assert.equal(countOf(read(busyRun(3, 60, 60), "lean")), few);
    assert.ok(few <= 60, `${few} series`);
  });

  it("classic histograms are by scenario, so that 20 requests take no more than two", () => {
    const classic = (requests: number) =>
      without(read(busyRun(2, requests, 2)), ["request"], "histogram").filter(
        ({ meter }) => meter.type === "histogram",
      );
    assert.equal(countOf(classic(20), "classic"), countOf(classic(2), "classic"));
    assert.equal(countOf(classic(20), "classic") % CLASSIC_SERIES, 0);
  });
});

it("names too long for receivers are cut, and what is no text becomes text; what is the same then is added up", () => {
  const run = busyRun(1, 3, 0);
  const long = "x".repeat(3000);
  const [one, two, three] = [`${long}1`, `${long}2`, "half a \ud83d pair"];
  const steps = [one, two, three].map((name) => ({ scenario: 0, name }));
  const counted = read({ ...run, names: { ...run.names, steps } }).filter(({ meter, labels }) => {
    return meter.name === "loadswarm_requests_total" && labels.includes("ok");
  });
  assert.deepEqual(
    counted.map(({ labels, value }) => [labels[2]!.length, labels[2]!.isWellFormed(), value]),
    [
      [257, true, 10],
      [13, true, 5],
    ],
  );
});

describe("a plan of 500 requests", () => {
  const run = busyRun(3, 500, 500);

  it("makes no more series than the bound, and what does not fit is counted as __other__", () => {
    const cardinality = new Cardinality();
    const admitted = admit(cardinality, [...read(run), share(1)]);
    assert.ok(countOf(admitted) <= MAX_SERIES, `${countOf(admitted)} series`);
    assert.ok(cardinality.refused > 0);
    assert.ok(admitted.some(({ labels }) => labels.includes(OTHER)));
    for (const name of ["loadswarm_requests_total", "loadswarm_errors_total", "loadswarm_checks_total"]) {
      assert.equal(totalOf(admitted, name), totalOf(read(run), name), name);
    }
    assert.equal(admitted.filter(({ meter }) => meter.name === "loadswarm_swarm_share_ratio").length, 1);
  });

  it("keeps to its choice, whoever comes later", () => {
    const cardinality = new Cardinality(400);
    const keys = (readings: readonly Reading[]) =>
      readings.map(({ meter, labels }) => readingKey(meter, labels)).sort();
    const first = keys(admit(cardinality, read(run)));
    assert.deepEqual(keys(admit(cardinality, read(run).reverse())), first);
  });

  it("makes room again when it is over", () => {
    const cardinality = new Cardinality(400);
    admit(cardinality, read(run));
    admit(cardinality, []);
    const small = read(busyRun(1, 3, 3));
    assert.equal(admit(cardinality, small).length, small.length);
    assert.equal(cardinality.refused, 0);
  });
});

describe("forty runs at once, each with 100 requests and 64 threads", () => {
  const runs = Array.from({ length: 40 }, (_, i) => {
    const run = busyRun(3, 100, 50);
    const threads = Array.from({ length: 64 }, () => ({ verdict: "ok", utilization: 0.5 }) as const);
    const name = `r-${i}`;
    return [...read({ ...run, names: { ...run.names, run: name } }), ...threadReadings(name, threads, START)];
  });
  const readings = [...runs.flat(), share(1)];

  it("are bounded like one, and no count is lost", () => {
    const cardinality = new Cardinality();
    for (let push = 0; push < 3; push++) {
      const admitted = admit(cardinality, readings);
      assert.ok(countOf(admitted) <= MAX_SERIES, `${countOf(admitted)} series`);
      for (const { name } of METERS.filter(({ type, labels }) => type === "counter" && (labels as readonly string[]).includes("run_id")))
        assert.equal(totalOf(admitted, name), totalOf(readings, name), name);
      const keys = admitted.map(({ meter, labels }) => readingKey(meter, labels));
      assert.equal(new Set(keys).size, keys.length);
    }
    assert.ok(cardinality.refused > 1000);
  });

  it("and what is counted together stays so when most of them are over, so that it does not begin anew", () => {
    const cardinality = new Cardinality();
    const others = (some: readonly Reading[]) =>
      new Set(admit(cardinality, some).filter(({ labels }) => labels.includes(OTHER)).map(({ labels }) => labels[0]));
    assert.deepEqual(others(readings), new Set([OTHER]));
    // One of those that found no room.
    assert.deepEqual(others(runs[39]!), new Set([OTHER]));
    assert.deepEqual(others([share(1)]), new Set());
  });

  it("and what was counted together never falls, though runs end", () => {
    const cardinality = new Cardinality();
    const sums = (some: readonly Reading[]) =>
      admit(cardinality, some)
        .filter(({ meter, labels }) => meter.type === "counter" && labels.includes(OTHER))
        .map(({ meter, labels, value }) => [readingKey(meter, labels), value as number] as const);
    const before = new Map(sums(readings));
    assert.ok(before.size > 0);
    for (const share of [0.9, 0.8, 0.8]) {
      const after = new Map(sums(readings.slice(0, Math.floor(readings.length * share))));
      for (const [key, value] of before) assert.ok((after.get(key) ?? 0) >= value, `${key}: ${value}, then ${after.get(key)}`);
    }
  });

  it("and those that stay keep what they had", () => {
    const cardinality = new Cardinality();
    const keys = (some: readonly Reading[]) => new Set(admit(cardinality, some).map(({ meter, labels }) => readingKey(meter, labels)));
    const before = keys(runs[0]!);
    const after = keys(readings);
    const counters = [...before].filter((key) => /_total/.test(key) && !key.includes(OTHER));
    assert.ok(counters.length > 100);
    assert.deepEqual(counters.filter((key) => !after.has(key)), []);
  });
});

it("quantiles without room are left out: they cannot be added up", () => {
  const readings = Array.from({ length: 1200 }, (_, i) => reading(RUN_METERS.swarmRequestDuration, 0.1, "r-1", `request-${i}`, "0.5"));
  const admitted = admit(new Cardinality(), readings);
  assert.ok(admitted.length < MAX_SERIES && admitted.every(({ labels, value }) => value === 0.1 && !labels.includes(OTHER)));
});
