// All agents' reports on one run as one: totals added, series added by interval. Percentiles come from merged sketches.

import { mergeTotals } from "../metrics/merge.ts";
import type { CheckTotals, Point, ScenarioTotals, SketchData, Snapshot, StepTotals, Totals } from "../metrics/results.ts";
import { EMPTY_SKETCH, mergeSketch } from "../metrics/sketch.ts";
import type { Check, HttpStep, Plan, Scenario } from "../plan/types.ts";

export interface NamedStep {
  readonly step: HttpStep;
  readonly scenario: Scenario;
  readonly totals: StepTotals;
}

export interface NamedScenario {
  readonly scenario: Scenario;
  readonly totals: ScenarioTotals;
}

export interface NamedCheck {
  readonly check: Check;
  readonly step: HttpStep;
  readonly scenario: Scenario;
  readonly totals: CheckTotals;
}

export interface MergedInterval {
  readonly point: Point;
  /** Agents that started something in the interval. */
  readonly agents: number;
}

/** The whole swarm's results on a run, with the plan's names put back to the indices that travel. */
export interface Merged {
  readonly scenarios: readonly NamedScenario[];
  readonly steps: readonly NamedStep[];
  readonly checks: readonly NamedCheck[];
  readonly status: Totals["status"];
  readonly errors: Totals["errors"];
  readonly intervals: readonly MergedInterval[];
}

export function merge(plan: Plan, snapshots: readonly Snapshot[]): Merged {
  const totals = snapshots.map((snapshot) => snapshot.totals).reduce<Totals | null>(
    (sum, one) => (sum === null ? one : mergeTotals(sum, one)),
    null,
  );
  const scenarios: NamedScenario[] = [];
  const steps: NamedStep[] = [];
  const checks: NamedCheck[] = [];
  plan.scenarios.forEach((scenario, index) => {
    scenarios.push({ scenario, totals: totals?.scenarios[index] ?? NO_SCENARIO });
    for (const step of scenario.flow) {
      if (step.kind !== "http") continue;
      steps.push({ step, scenario, totals: totals?.steps[steps.length] ?? NO_STEP });
      for (const check of step.checks) {
        checks.push({ check, step, scenario, totals: totals?.checks[checks.length] ?? NO_CHECK });
      }
    }
  });
  return {
    scenarios,
    steps,
    checks,
    status: totals?.status ?? [],
    errors: totals?.errors ?? [],
    intervals: mergeIntervals(snapshots),
  };
}

const NO_SCENARIO: ScenarioTotals = {
  scheduled: 0,
  started: 0,
  completed: 0,
  interrupted: 0,
  dropped: [],
  iterationDuration: EMPTY_SKETCH,
  pacing: EMPTY_SKETCH,
};

const NO_STEP: StepTotals = {
  requests: 0,
  failed: 0,
  bytesSent: 0,
  bytesReceived: 0,
  duration: EMPTY_SKETCH,
  latency: EMPTY_SKETCH,
  waiting: EMPTY_SKETCH,
};

const NO_CHECK: CheckTotals = { passed: 0, failed: 0 };

function mergeIntervals(snapshots: readonly Snapshot[]): MergedInterval[] {
  const byIndex = new Map<number, MergedInterval>();
  for (const snapshot of snapshots) {
    for (const point of snapshot.points) {
      const sum = byIndex.get(point.index);
      const agents = (sum?.agents ?? 0) + (point.started > 0 ? 1 : 0);
      byIndex.set(point.index, { point: sum === undefined ? point : addPoints(sum.point, point), agents });
    }
  }
  return [...byIndex.values()].sort((a, b) => a.point.index - b.point.index);
}

function addPoints(a: Point, b: Point): Point {
  return {
    index: a.index,
    started: a.started + b.started,
    dropped: a.dropped + b.dropped,
    requests: a.requests + b.requests,
    failed: a.failed + b.failed,
    duration: mergeSketch(a.duration, b.duration),
  };
}

/** One sketch out of many. */
export function mergeAll(sketches: Iterable<SketchData>): SketchData {
  let merged = EMPTY_SKETCH;
  for (const sketch of sketches) merged = mergeSketch(merged, sketch);
  return merged;
}

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
