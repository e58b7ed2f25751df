// All agents' reports on one run as one: totals added, series added by interval. Percentiles come from merged sketches.

import { emptyTotals, mergePoints, mergeTotals } from "../metrics/merge.ts";
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
  const flow = plan.scenarios.flatMap((scenario) =>
    scenario.flow.flatMap((step) => (step.kind === "http" ? [{ scenario, step }] : [])),
  );
  const judged = flow.flatMap(({ scenario, step }) => step.checks.map((check) => ({ scenario, step, check })));
  const nothing = emptyTotals({ scenarios: plan.scenarios.length, steps: flow.length, checks: judged.length });
  const totals = snapshots.reduce<Totals>((sum, snapshot) => mergeTotals(sum, snapshot.totals), nothing);
  return {
    scenarios: plan.scenarios.map((scenario, index) => ({ scenario, totals: totals.scenarios[index]! })),
    steps: flow.map((entry, index) => ({ ...entry, totals: totals.steps[index]! })),
    checks: judged.map((entry, index) => ({ ...entry, totals: totals.checks[index]! })),
    status: totals.status,
    errors: totals.errors,
    intervals: mergeIntervals(snapshots),
  };
}

function mergeIntervals(snapshots: readonly Snapshot[]): MergedInterval[] {
  const agents = new Map<number, number>();
  for (const { index, started } of snapshots.flatMap((snapshot) => snapshot.points)) {
    if (started > 0) agents.set(index, (agents.get(index) ?? 0) + 1);
  }
  const points = snapshots.reduce<readonly Point[]>((sum, snapshot) => mergePoints(sum, snapshot.points), []);
  return points.map((point) => ({ point, agents: agents.get(point.index) ?? 0 }));
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
