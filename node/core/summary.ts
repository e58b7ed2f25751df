// The summary of a run: a pure function of the run, the members and the reports gathered.

import { DROP_REASONS, ERROR_KINDS, intervalMs, type ScenarioTotals, type SketchData, type Snapshot } from "../metrics/results.ts";
import { type GeneratorVerdict, isTooMuch, worstVerdict } from "../metrics/self-diagnosis.ts";
import { quantile } from "../metrics/sketch.ts";
import { unmetOf } from "../metrics/unmet.ts";
import { RateCurve } from "../plan/curve.ts";
import { isDealt, iterationsDue } from "../plan/deal.ts";
import { durationMs, endMs, executorDurationMs, leastDurationMs } from "../plan/duration.ts";
import { timeText } from "../plan/time-text.ts";
import type { Scenario } from "../plan/types.ts";
import type { MemberId, RunRecord, RunState } from "./events.ts";
import type { Members } from "./members.ts";
import { type AddedUp, type Merged, merge, mergeAll, NOTHING_ADDED_UP, sum } from "./merged.ts";
import { endAtMs } from "./runs.ts";
import type { IterationCounts, SeriesPoint, Summary, Trend } from "./summary-type.ts";
import { judge, TRENDS } from "./verdict.ts";

/** Share of due arrivals the generator itself may drop before its verdict is `bottleneck` (research: engine, 0.1 %). */
const BOTTLENECK_DROPPED = 0.001;
/** Pacing error beyond which the generator counts as strained: two ticks of the 1 ms pacer. */
const STRAINED_PACING_MS = 2;

/** Part of the agents' time in which they were strained, or a bottleneck, from which on the whole run is called so. */
const BAD_TIME = 0.05;

/** A run after this much of its graceful stop is over, whether or not every agent has said so. */
const CLOSING_GRACE_MS = 2000;

interface Clock {
  readonly startAtMs: number;
  /** When load ends or ended. */
  readonly endAtMs: number;
  /** How much of the run has passed. */
  readonly elapsedMs: number;
  readonly state: RunState;
}

/** `snapshots` are complete, one per agent, and of agents whose reports are not in `rest`. */
export function summarise(
  run: RunRecord,
  members: Members,
  snapshots: readonly Snapshot[],
  nowMs: number,
  rest: AddedUp = NOTHING_ADDED_UP,
): Summary {
  const { plan } = run.spec;
  const reported = new Set([...rest.reported, ...snapshots.map(({ member }) => member)]);
  const done = new Set([...rest.done, ...snapshots.filter((one) => one.done).map(({ member }) => member)]);
  const clock = clockOf(run, members, done, nowMs);
  const merged = merge(plan, snapshots, rest);
  const seconds = clock.elapsedMs / 1000;
  const thresholds = plan.thresholds.map((threshold) => judge(threshold, { merged, seconds }));
  const scenarios = scenariosOf(merged, clock);
  const iterations = Object.values(scenarios).map((entry) => entry.iterations).reduce(addCounts, noCounts());
  return {
    schema: "loadswarm.summary/1",
    run: run.spec.id,
    plan: plan.name,
    state: clock.state,
    verdict: thresholds.length === 0 ? "none" : thresholds.every((threshold) => threshold.ok) ? "pass" : "fail",
    startedAt: clock.elapsedMs > 0 ? timeText(clock.startAtMs) : null,
    endedAt: isFinal(clock) ? timeText(clock.endAtMs) : null,
    durationSeconds: round(seconds),
    agents: agentsOf(members, reported, clock),
    iterations,
    requests: requestsOf(merged, seconds),
    metrics: Object.fromEntries(Object.entries(TRENDS).map(([name, of]) => [name, trend(of(merged))])),
    scenarios,
    steps: stepsOf(merged),
    checks: Object.fromEntries(
      merged.checks.map(({ check, totals }) => [check.name, { passes: totals.passed, fails: totals.failed }]),
    ),
    status: Object.fromEntries(merged.status.map(([code, count]) => [String(code), count])),
    errors: ERROR_KINDS.map((kind, index) => ({ kind, count: merged.errors[index] ?? 0 })).filter((e) => e.count > 0),
    thresholds,
    generator: { verdict: generatorVerdict(run, merged, iterations, clock), unmet: unmetPerSecond(merged, seconds) },
    series: seriesOf(run, merged, clock),
  };
}

function isFinal(clock: Clock): boolean {
  return clock.state !== "scheduled" && clock.state !== "running";
}

function requestsOf(merged: Merged, seconds: number): Summary["requests"] {
  const total = sum(merged.steps.map((step) => step.totals.requests));
  return {
    total,
    failed: sum(merged.steps.map((step) => step.totals.failed)),
    rate: seconds === 0 ? 0 : round(total / seconds),
    bytesSent: sum(merged.steps.map((step) => step.totals.bytesSent)),
    bytesReceived: sum(merged.steps.map((step) => step.totals.bytesReceived)),
  };
}

function scenariosOf(merged: Merged, clock: Clock): Summary["scenarios"] {
  return Object.fromEntries(
    merged.scenarios.map(({ scenario, totals }) => [
      scenario.name,
      {
        executor: scenario.executor.kind,
        progress: progressOf(scenario, totals, clock),
        target: targetOf(scenario, clock.elapsedMs),
        iterations: countsOf(scenario, totals, clock),
        iteration_duration: trend(totals.iterationDuration),
      },
    ]),
  );
}

function stepsOf(merged: Merged): Summary["steps"] {
  return Object.fromEntries(
    merged.steps.map(({ step, totals }) => [
      step.name,
      {
        requests: totals.requests,
        failed: totals.failed,
        duration: trend(totals.duration),
        latency: trend(totals.latency),
        waiting: trend(totals.waiting),
      },
    ]),
  );
}

function clockOf(run: RunRecord, members: Members, done: ReadonlySet<MemberId>, nowMs: number): Clock {
  const startAtMs = run.control.startAtMs ?? Number.POSITIVE_INFINITY;
  const state = stateOf(run, members, done, nowMs);
  const end = state === "finished" ? Math.min(nowMs, endAtMs(run)) : endAtMs(run);
  const elapsedMs = Math.max(0, Math.min(nowMs, end) - startAtMs);
  return { startAtMs, endAtMs: end, elapsedMs, state };
}

/**
 * Running until every agent that is still there has said that nothing is in flight any more. They may all say so before
 * the planned end, when there is nothing more to do.
 */
function stateOf(run: RunRecord, members: Members, done: ReadonlySet<MemberId>, nowMs: number): RunState {
  const { control, spec } = run;
  const end = endAtMs(run);
  const ended = control.stopReason ?? "finished";
  if (control.startAtMs === null || nowMs < control.startAtMs) return nowMs < end ? "scheduled" : ended;
  const taking = members.during(control.startAtMs, Math.min(nowMs, end)).filter((member) => member.state === "alive");
  const waiting = taking.some((member) => !done.has(member.id));
  const mayBeOver = taking.length > 0 && nowMs >= control.startAtMs + leastDurationMs(spec.plan);
  if (nowMs < end) return mayBeOver && !waiting ? "finished" : "running";
  const graceMs = endMs(spec.plan) - durationMs(spec.plan) + CLOSING_GRACE_MS;
  return waiting && nowMs < end + graceMs ? "running" : ended;
}

function agentsOf(members: Members, reported: ReadonlySet<MemberId>, clock: Clock): Summary["agents"] {
  const taking = clock.elapsedMs > 0 ? members.during(clock.startAtMs, clock.startAtMs + clock.elapsedMs) : [];
  const planned = new Set([...taking.map((member) => member.id), ...reported]);
  return {
    planned: planned.size,
    reported: reported.size,
    lost: taking.filter((member) => member.state === "lost" && member.untilMs < clock.endAtMs).length,
    coverage: planned.size === 0 ? 1 : round(reported.size / planned.size),
  };
}

function countsOf(scenario: Scenario, totals: ScenarioTotals, clock: Clock): IterationCounts {
  const dropped: Record<string, number> = { late: 0 };
  DROP_REASONS.forEach((reason, index) => {
    const count = totals.dropped[index] ?? 0;
    if (count > 0) dropped[reason] = count;
  });
  // Reports of different agents are up to a second apart while the run lasts; only at its end is a gap a loss.
  const due = isFinal(clock) ? Math.max(totals.scheduled, dueBy(scenario, clock)) : totals.scheduled;
  return {
    scheduled: due,
    started: totals.started,
    completed: totals.completed,
    dropped,
    lost: due - totals.scheduled,
  };
}

/** Iterations the plan wanted before the run's end; 0 where virtual users do as many as they can. */
function dueBy(scenario: Scenario, clock: Clock): number {
  if (isDealt(scenario.executor)) return clock.elapsedMs > scenario.startTimeMs ? iterationsDue(scenario.executor) : 0;
  if (!("curve" in scenario.executor)) return 0;
  return new RateCurve(scenario.executor.curve).firstAtOrAfter(clock.elapsedMs - scenario.startTimeMs);
}

function noCounts(): IterationCounts {
  return { scheduled: 0, started: 0, completed: 0, dropped: { late: 0 }, lost: 0 };
}

function addCounts(a: IterationCounts, b: IterationCounts): IterationCounts {
  const dropped = { ...a.dropped };
  for (const [reason, count] of Object.entries(b.dropped)) dropped[reason] = (dropped[reason] ?? 0) + count;
  return {
    scheduled: a.scheduled + b.scheduled,
    started: a.started + b.started,
    completed: a.completed + b.completed,
    dropped,
    lost: a.lost + b.lost,
  };
}

/** How much of a scenario is done, 0..1: by its iterations if they are counted, else by the time it lasts. */
function progressOf(scenario: Scenario, totals: ScenarioTotals, clock: Clock): number {
  if (isDealt(scenario.executor)) {
    return round(Math.min(1, (totals.completed + totals.interrupted) / iterationsDue(scenario.executor)));
  }
  const lasts = executorDurationMs(scenario.executor);
  return round(Math.max(0, Math.min(1, (clock.elapsedMs - scenario.startTimeMs) / lasts)));
}

/** Iterations per second the plan asks for at an instant; 0 for closed models. */
function targetOf(scenario: Scenario, elapsedMs: number): number {
  if (!("curve" in scenario.executor)) return 0;
  return round(new RateCurve(scenario.executor.curve).rateAt(elapsedMs - scenario.startTimeMs));
}

/** By what the whole run shows, and by how the agents judged themselves from second to second; the worse counts. */
function generatorVerdict(run: RunRecord, merged: Merged, iterations: IterationCounts, clock: Clock): GeneratorVerdict {
  return worstVerdict([verdictInAll(merged, iterations), verdictOfTime(during(run, merged, clock))]);
}

function verdictOfTime(intervals: Merged["intervals"]): GeneratorVerdict {
  const bottleneck = sum(intervals.map((interval) => interval.bottleneck));
  const strained = sum(intervals.map((interval) => interval.strained));
  const bad = BAD_TIME * sum(intervals.map(({ agents, ...own }) => Math.max(agents, own.strained + own.bottleneck)));
  if (bottleneck > bad) return "bottleneck";
  return strained + bottleneck > bad ? "strained" : "ok";
}

function verdictInAll(merged: Merged, iterations: IterationCounts): GeneratorVerdict {
  const own = (iterations.dropped["late"] ?? 0) + (iterations.dropped["no_connection"] ?? 0);
  if (isTooMuch(own, iterations.scheduled, BOTTLENECK_DROPPED)) return "bottleneck";
  // No ports, no descriptors: this machine's fault, whatever the target would have answered.
  const exhausted = merged.errors[ERROR_KINDS.indexOf("generator")] ?? 0;
  const requests = sum(merged.steps.map((step) => step.totals.requests));
  if (exhausted > BOTTLENECK_DROPPED * requests) return "bottleneck";
  const pacing = mergeAll(merged.scenarios.map((scenario) => scenario.totals.pacing));
  return sum(pacing.count) > 0 && quantile(pacing, 0.99) > STRAINED_PACING_MS ? "strained" : "ok";
}

function unmetPerSecond({ scenarios }: Merged, seconds: number): number {
  return seconds === 0 ? 0 : round(unmetOf(scenarios.map(({ totals }) => totals)) / seconds);
}

function seriesOf(run: RunRecord, merged: Merged, clock: Clock): SeriesPoint[] {
  const widthMs = intervalMs(durationMs(run.spec.plan));
  const perSecond = 1000 / widthMs;
  return during(run, merged, clock).map((point) => ({
    t: (point.index * widthMs) / 1000,
    target: sum(run.spec.plan.scenarios.map((scenario) => meanTarget(scenario, point.index * widthMs, widthMs, clock))),
    started: round(point.started * perSecond),
    failed: round(point.failed * perSecond),
    p50: round(quantileOrZero(point.duration, 0.5)),
    p95: round(quantileOrZero(point.duration, 0.95)),
    p99: round(quantileOrZero(point.duration, 0.99)),
    agents: point.agents,
    generator: point.bottleneck > 0 ? "bottleneck" : point.strained > 0 ? "strained" : "ok",
  }));
}

/** Intervals that began before the end of the run. */
function during(run: RunRecord, merged: Merged, clock: Clock): Merged["intervals"] {
  const widthMs = intervalMs(durationMs(run.spec.plan));
  const lastMs = clock.endAtMs - clock.startAtMs;
  return merged.intervals.filter(({ index }) => index * widthMs < lastMs);
}

/** Arrivals due within an interval, per second: what `started` is to be compared with. */
function meanTarget(scenario: Scenario, fromMs: number, widthMs: number, clock: Clock): number {
  if (!("curve" in scenario.executor)) return 0;
  const curve = new RateCurve(scenario.executor.curve);
  const lastMs = Math.min(fromMs + widthMs, clock.endAtMs - clock.startAtMs);
  const due = curve.firstAtOrAfter(lastMs - scenario.startTimeMs) - curve.firstAtOrAfter(fromMs - scenario.startTimeMs);
  return round((due * 1000) / widthMs);
}

function trend(sketch: SketchData): Trend {
  const count = sum(sketch.count);
  const at = (q: number) => round(quantileOrZero(sketch, q));
  return {
    count,
    avg: count === 0 ? 0 : round(sketch.sum / count),
    min: count === 0 ? 0 : round(sketch.min),
    med: at(0.5),
    max: count === 0 ? 0 : round(sketch.max),
    "p(90)": at(0.9),
    "p(95)": at(0.95),
    "p(99)": at(0.99),
    "p(99.9)": at(0.999),
  };
}

function quantileOrZero(sketch: SketchData, q: number): number {
  return sketch.index.length === 0 ? 0 : quantile(sketch, q);
}

/** Six decimals: a nanosecond in milliseconds, and no 0.30000000000000004 in anybody's report. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
