// Small records, plans and reports for the tests of the core.

import type { Effect, MemberRecord, RunRecord, SelfDescription } from "../../node/core/events.ts";
import { SwarmMachine } from "../../node/core/machine.ts";
import { Members } from "../../node/core/members.ts";
import { firstControl } from "../../node/core/runs.ts";
import type { Point, ScenarioTotals, SketchData, Snapshot, StepTotals, Totals } from "../../node/metrics/results.ts";
import { EMPTY_SKETCH, Sketch } from "../../node/metrics/sketch.ts";
import type { Assignment } from "../../node/plan/schedule.ts";
import type { HttpStep, Plan, Threshold } from "../../node/plan/types.ts";

/** Any instant will do, but not 0. */
export const NOW = 1_700_000_000_000;

export function member(id: string, more: Partial<MemberRecord> = {}): MemberRecord {
  return {
    id,
    incarnation: 1,
    state: "alive",
    name: id,
    zone: "",
    addresses: [`/ip4/127.0.0.1/tcp/1/${id}`],
    api: "",
    weight: 1,
    view: 0,
    fromMs: NOW - 60_000,
    untilMs: Infinity,
    ...more,
  };
}

export function membersOf(...records: MemberRecord[]): Members {
  const members = new Members();
  for (const record of records) members.merge(record);
  return members;
}

export function step(name: string, more: Partial<HttpStep> = {}): HttpStep {
  return {
    kind: "http",
    name,
    method: "GET",
    url: "/",
    headers: {},
    body: null,
    timeoutMs: 1000,
    checks: [],
    captures: [],
    ...more,
  };
}

/** `rate` per second for `seconds`; one scenario of one step unless told otherwise. */
export function plan(rate: number, seconds: number, more: Partial<Plan> = {}): Plan {
  const curve = { startPerSecond: rate, stages: [{ durationMs: seconds * 1000, targetPerSecond: rate }] };
  const executor = { kind: "constant-arrival-rate", curve, maxVUs: null } as const;
  return {
    name: "p",
    targets: ["http://127.0.0.1:1"],
    start: { minAgents: 1, delayMs: 0 },
    onMinority: "stop",
    scenarios: [{ name: "hits", executor, startTimeMs: 0, gracefulStopMs: 0, flow: [step("hit")] }],
    data: {},
    thresholds: [],
    ...more,
  };
}

/** A run of this plan, by agent `a`. */
export function runOf(of: Plan, startAtMs: number | null, id = "r"): RunRecord {
  const spec = { id, plan: of, document: "{}", planHash: "h", author: "a", publishedAtMs: NOW, notAfterMs: NOW + 5e7 };
  return { spec, control: firstControl("a", startAtMs, null) };
}

export function threshold(expression: string, metric: string, more: Partial<Threshold> = {}): Threshold {
  const match = /^(?:p\((\d+(?:\.\d+)?)\)|(\w+))([<>=!]+)([\d.]+)$/.exec(expression)!;
  return {
    metric,
    tags: {},
    expression,
    aggregator: match[1] === undefined ? (match[2] as "avg") : { percentile: Number(match[1]) },
    comparison: match[3] as "<",
    bound: Number(match[4]),
    abortOnFail: false,
    delayAbortEvalMs: 0,
    ...more,
  };
}

export function sketch(...values: number[]): SketchData {
  const recorder = Sketch.create();
  for (const value of values) recorder.record(value);
  return recorder.extract();
}

export function scenarioTotals(more: Partial<ScenarioTotals> = {}): ScenarioTotals {
  return {
    scheduled: 0,
    started: 0,
    completed: 0,
    interrupted: 0,
    dropped: [],
    iterationDuration: EMPTY_SKETCH,
    pacing: EMPTY_SKETCH,
    phases: [],
    ...more,
  };
}

export function stepTotals(more: Partial<StepTotals> = {}): StepTotals {
  return {
    requests: 0,
    failed: 0,
    bytesSent: 0,
    bytesReceived: 0,
    duration: EMPTY_SKETCH,
    latency: EMPTY_SKETCH,
    waiting: EMPTY_SKETCH,
    ...more,
  };
}

export function totals(more: Partial<Totals> = {}): Totals {
  return { scenarios: [], steps: [], checks: [], status: [], errors: [], ...more };
}

export function point(index: number, started: number): Point {
  return { index, started, dropped: 0, requests: started, failed: 0, duration: EMPTY_SKETCH, strained: 0, bottleneck: 0 };
}

export function snapshot(of: string, sequence: number, more: Partial<Snapshot> = {}): Snapshot {
  return { run: "r", member: of, sequence, atMs: NOW, done: false, totals: totals(), points: [], ...more };
}

/** A machine that began a minute before NOW. */
export function machine(id: string, more: Partial<SelfDescription> = {}): SwarmMachine {
  const self = { id, name: id, zone: "", addresses: [id], api: "", weight: 1, startLeadMs: 2000 };
  return new SwarmMachine({ ...self, ...more }, NOW - 60_000);
}

export function publish(into: SwarmMachine, of: Plan, nowMs = NOW): Effect[] {
  const input = { kind: "publish", token: 1, plan: of, document: "{}", planHash: "hash", keyHash: null } as const;
  return into.handle(input, nowMs);
}

export function assignments(effects: readonly Effect[]): Assignment[] {
  return effects.flatMap((effect) => (effect.kind === "assign" ? [effect.assignment] : []));
}
