// Reports of results to and from their wire form.

import type { Report } from "../core/frame.ts";
import type { CheckTotals, Interval, Point, ScenarioTotals, SketchData, StepTotals, Totals } from "../metrics/results.ts";
import { BUCKETS, onGrid } from "../metrics/sketch.ts";
import { count, counts, identifier, invalid, type Loose, MAX_TIME_MS, message, messages, number } from "./check.ts";

/** A sum of latencies: 2^53 of them, a minute each. */
const MAX_SUM_MS = 1e21;

export function reportToWire({ since, snapshot }: Report): Loose {
  const { run, member, sequence, atMs, done, totals, points } = snapshot;
  return {
    since,
    run,
    member,
    sequence,
    atMs,
    done,
    ...totalsToWire(totals),
    points: points.map(pointToWire),
  };
}

export function totalsToWire(totals: Totals): Loose {
  return {
    scenarios: totals.scenarios.map((scenario) => ({
      ...scenario,
      iterationDuration: sketchToWire(scenario.iterationDuration),
      pacing: sketchToWire(scenario.pacing),
      phases: scenario.phases.map(sketchToWire),
    })),
    steps: totals.steps.map((step) => ({
      ...step,
      duration: sketchToWire(step.duration),
      latency: sketchToWire(step.latency),
      waiting: sketchToWire(step.waiting),
    })),
    checks: totals.checks,
    status: totals.status.map(([code, times]) => ({ code, count: times })),
    errors: totals.errors,
  };
}

/** Also an interval of several agents. */
export function pointToWire(point: Point): Loose {
  return { ...point, duration: sketchToWire(point.duration) };
}

export function reportFromWire(wire: Loose): Report {
  const snapshot = {
    run: identifier(wire, "run"),
    member: identifier(wire, "member"),
    sequence: count(wire, "sequence"),
    atMs: number(wire, "atMs", 0, MAX_TIME_MS),
    done: wire["done"] === true,
    totals: totalsFromWire(wire),
    points: messages(wire, "points").map(pointFromWire),
  };
  return { since: count(wire, "since"), snapshot };
}

export function totalsFromWire(wire: Loose): Totals {
  return {
    scenarios: messages(wire, "scenarios").map(scenarioFromWire),
    steps: messages(wire, "steps").map(stepFromWire),
    checks: messages(wire, "checks").map(checkFromWire),
    status: messages(wire, "status").map((entry) => [count(entry, "code", 999), count(entry, "count")] as const),
    errors: counts(wire, "errors"),
  };
}

export function intervalFromWire(wire: Loose): Interval {
  return { ...pointFromWire(wire), agents: count(wire, "agents") };
}

function scenarioFromWire(wire: Loose): ScenarioTotals {
  return {
    scheduled: count(wire, "scheduled"),
    started: count(wire, "started"),
    completed: count(wire, "completed"),
    interrupted: count(wire, "interrupted"),
    dropped: counts(wire, "dropped"),
    iterationDuration: sketchFromWire(message(wire, "iterationDuration")),
    pacing: sketchFromWire(message(wire, "pacing")),
    phases: messages(wire, "phases").map(sketchFromWire),
  };
}

function stepFromWire(wire: Loose): StepTotals {
  return {
    requests: count(wire, "requests"),
    failed: count(wire, "failed"),
    bytesSent: count(wire, "bytesSent"),
    bytesReceived: count(wire, "bytesReceived"),
    duration: sketchFromWire(message(wire, "duration")),
    latency: sketchFromWire(message(wire, "latency")),
    waiting: sketchFromWire(message(wire, "waiting")),
  };
}

function checkFromWire(wire: Loose): CheckTotals {
  return { passed: count(wire, "passed"), failed: count(wire, "failed") };
}

function pointFromWire(wire: Loose): Point {
  return {
    index: count(wire, "index", 100_000),
    started: count(wire, "started"),
    dropped: count(wire, "dropped"),
    requests: count(wire, "requests"),
    failed: count(wire, "failed"),
    duration: sketchFromWire(message(wire, "duration")),
    strained: count(wire, "strained"),
    bottleneck: count(wire, "bottleneck"),
  };
}

function sketchToWire(sketch: SketchData): Loose {
  const gap = sketch.index.map((bucket, i) => bucket - (sketch.index[i - 1] ?? 0));
  return { gap, count: sketch.count, sum: sketch.sum, min: sketch.min, max: sketch.max };
}

function sketchFromWire(wire: Loose | null): SketchData {
  if (wire === null) return { index: [], count: [], sum: 0, min: 0, max: 0 };
  const gaps = counts(wire, "gap");
  const times = counts(wire, "count");
  let bucket = 0;
  const index = gaps.map((gap) => (bucket += gap));
  const rising = gaps.every((gap, i) => i === 0 || gap > 0);
  if (!rising || bucket >= BUCKETS || times.length !== index.length) throw invalid("a sketch has impossible buckets");
  return {
    index,
    count: times,
    // An older version knows of no grid.
    sum: onGrid(number(wire, "sum", 0, MAX_SUM_MS)),
    min: number(wire, "min", 0, MAX_SUM_MS),
    max: number(wire, "max", 0, MAX_SUM_MS),
  };
}
