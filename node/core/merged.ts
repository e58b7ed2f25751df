// All agents' reports on one run as one: totals added, series added by interval. Percentiles come from merged sketches.

import { emptyTotals, intervalsOf, mergeIntervals, mergeTotals, NO_TOTALS } from "../metrics/merge.ts";
import type { CheckTotals, Interval, ScenarioTotals, SketchData, Snapshot, StepTotals, Totals } from "../metrics/results.ts";
import { EMPTY_SKETCH, mergeSketch } from "../metrics/sketch.ts";
import type { MemberId } from "./events.ts";
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

/** Reports that were added up on their way. */
export interface AddedUp {
  readonly totals: Totals;
  readonly intervals: readonly Interval[];
  /** Whose reports are in it, and who of them is done. */
  readonly reported: ReadonlySet<MemberId>;
  readonly done: ReadonlySet<MemberId>;
}

export const NOTHING_ADDED_UP: AddedUp = { totals: NO_TOTALS, intervals: [], reported: new Set(), done: new Set() };

/** The whole swarm's results on a run, with the plan's names put back to the indices that travel. */
export interface Merged {
  readonly scenarios: readonly NamedScenario[];
  readonly steps: readonly NamedStep[];
  readonly checks: readonly NamedCheck[];
  readonly status: Totals["status"];
  readonly errors: Totals["errors"];
  readonly intervals: readonly Interval[];
}

/** `snapshots` are of members whose reports are not in `rest`. */
export function merge(plan: Plan, snapshots: readonly Snapshot[], rest = NOTHING_ADDED_UP): Merged {
  const flow = plan.scenarios.flatMap((scenario) =>
    scenario.flow.flatMap((step) => (step.kind === "http" ? [{ scenario, step }] : [])),
  );
  const judged = flow.flatMap(({ scenario, step }) => step.checks.map((check) => ({ scenario, step, check })));
  const nothing = emptyTotals({ scenarios: plan.scenarios.length, steps: flow.length, checks: judged.length });
  const totals = snapshots.reduce<Totals>((sum, snapshot) => mergeTotals(sum, snapshot.totals), mergeTotals(nothing, rest.totals));
  return {
    scenarios: plan.scenarios.map((scenario, index) => ({ scenario, totals: totals.scenarios[index]! })),
    steps: flow.map((entry, index) => ({ ...entry, totals: totals.steps[index]! })),
    checks: judged.map((entry, index) => ({ ...entry, totals: totals.checks[index]! })),
    status: totals.status,
    errors: totals.errors,
    intervals: snapshots.reduce<readonly Interval[]>(
      (sum, snapshot) => mergeIntervals(sum, intervalsOf(snapshot.points)),
      rest.intervals,
    ),
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
