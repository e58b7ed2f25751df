// Adding up what several workers or agents counted. Counts and sketches are added; a percentile is never averaged.

import {
  type CheckTotals,
  DROP_REASONS,
  ERROR_KINDS,
  type Interval,
  PHASES,
  type Point,
  type ScenarioTotals,
  type StepDetail,
  type StepTotals,
  type Totals,
} from "./results.ts";
import { EMPTY_SKETCH, mergeSketch } from "./sketch.ts";

/** How many of each a plan has. */
export interface PlanShape {
  readonly scenarios: number;
  /** HTTP steps. */
  readonly steps: number;
  readonly checks: number;
}

const NO_SCENARIO: ScenarioTotals = {
  scheduled: 0,
  started: 0,
  completed: 0,
  interrupted: 0,
  dropped: DROP_REASONS.map(() => 0),
  iterationDuration: EMPTY_SKETCH,
  pacing: EMPTY_SKETCH,
  phases: PHASES.map(() => EMPTY_SKETCH),
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

const NO_DETAIL: StepDetail = { outcomes: [], errors: [], failedDuration: EMPTY_SKETCH };

const NO_CHECK: CheckTotals = { passed: 0, failed: 0 };

/** Totals of somebody who has done nothing yet. */
export function emptyTotals(shape: PlanShape): Totals {
  return {
    scenarios: Array.from({ length: shape.scenarios }, () => NO_SCENARIO),
    steps: Array.from({ length: shape.steps }, () => NO_STEP),
    checks: Array.from({ length: shape.checks }, () => NO_CHECK),
    status: [],
    errors: ERROR_KINDS.map(() => 0),
  };
}

/** Totals of nobody. */
export const NO_TOTALS: Totals = { scenarios: [], steps: [], checks: [], status: [], errors: [] };

/** Both together. Where one of them has fewer entries, the missing ones count as zero. */
export function mergeTotals(a: Totals, b: Totals): Totals {
  return {
    scenarios: pairwise(a.scenarios, b.scenarios, NO_SCENARIO, mergeScenario),
    steps: pairwise(a.steps, b.steps, NO_STEP, mergeStep),
    checks: pairwise(a.checks, b.checks, NO_CHECK, mergeCheck),
    status: mergeStatus(a.status, b.status),
    errors: addAll(a.errors, b.errors),
  };
}

/** Details of the steps of one plan, counted by two workers. */
export function mergeDetails(a: readonly StepDetail[], b: readonly StepDetail[]): StepDetail[] {
  return pairwise(a, b, NO_DETAIL, (left, right) => ({
    outcomes: addAll(left.outcomes, right.outcomes),
    errors: addAll(left.errors, right.errors),
    failedDuration: mergeSketch(left.failedDuration, right.failedDuration),
  }));
}

/** The series of one agent as one of several. */
export function intervalsOf(points: readonly Point[]): Interval[] {
  return points.map((point) => ({ ...point, agents: point.started > 0 ? 1 : 0 }));
}

/** Both series together, interval by interval, ascending. */
export function mergeIntervals(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const byIndex = new Map(a.map((interval) => [interval.index, interval]));
  for (const interval of b) {
    const other = byIndex.get(interval.index);
    byIndex.set(interval.index, other === undefined ? interval : mergeInterval(other, interval));
  }
  return [...byIndex.values()].sort((left, right) => left.index - right.index);
}

function mergeInterval(a: Interval, b: Interval): Interval {
  return {
    index: a.index,
    started: a.started + b.started,
    dropped: a.dropped + b.dropped,
    requests: a.requests + b.requests,
    failed: a.failed + b.failed,
    duration: mergeSketch(a.duration, b.duration),
    strained: a.strained + b.strained,
    bottleneck: a.bottleneck + b.bottleneck,
    agents: a.agents + b.agents,
  };
}

function mergeScenario(a: ScenarioTotals, b: ScenarioTotals): ScenarioTotals {
  return {
    scheduled: a.scheduled + b.scheduled,
    started: a.started + b.started,
    completed: a.completed + b.completed,
    interrupted: a.interrupted + b.interrupted,
    dropped: addAll(a.dropped, b.dropped),
    iterationDuration: mergeSketch(a.iterationDuration, b.iterationDuration),
    pacing: mergeSketch(a.pacing, b.pacing),
    phases: pairwise(a.phases, b.phases, EMPTY_SKETCH, mergeSketch),
  };
}

function mergeStep(a: StepTotals, b: StepTotals): StepTotals {
  return {
    requests: a.requests + b.requests,
    failed: a.failed + b.failed,
    bytesSent: a.bytesSent + b.bytesSent,
    bytesReceived: a.bytesReceived + b.bytesReceived,
    duration: mergeSketch(a.duration, b.duration),
    latency: mergeSketch(a.latency, b.latency),
    waiting: mergeSketch(a.waiting, b.waiting),
  };
}

function mergeCheck(a: CheckTotals, b: CheckTotals): CheckTotals {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

function mergeStatus(a: Totals["status"], b: Totals["status"]): [number, number][] {
  const counts = new Map<number, number>();
  for (const [code, count] of [...a, ...b]) counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts].sort(([left], [right]) => left - right);
}

function addAll(a: readonly number[], b: readonly number[]): number[] {
  return pairwise(a, b, 0, (left, right) => left + right);
}

function pairwise<T>(a: readonly T[], b: readonly T[], none: T, merge: (a: T, b: T) => T): T[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => merge(a[i] ?? none, b[i] ?? none));
}
