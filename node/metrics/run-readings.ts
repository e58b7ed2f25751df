// What an agent counted of a run, as readings of the catalogue.

import { type Meter, RUN_METERS as M } from "./meters.ts";
import { addUp, labelValue, type Reading } from "./reading.ts";
import {
  DROP_REASONS,
  ERROR_KINDS,
  PHASES,
  type SketchData,
  STATUS_CLASSES,
  type StepDetail,
  type StepTotals,
  type Totals,
} from "./results.ts";
import { differenceOf, EMPTY_SKETCH } from "./sketch.ts";

/** What a plan calls things, by their index in the totals. */
export interface RunNames {
  readonly run: string;
  readonly plan: string;
  readonly scenarios: readonly string[];
  /** `scenario` is an index. */
  readonly steps: readonly { readonly scenario: number; readonly name: string }[];
  readonly checks: readonly { readonly scenario: number; readonly name: string }[];
}

/** Lean: without the names of requests and checks, and phases of all scenarios together, for large swarms. */
export type Detail = "full" | "lean";

/** `startMs` is when the run started, milliseconds since the Unix epoch. */
export function runReadings(
  names: RunNames,
  totals: Totals,
  details: readonly StepDetail[],
  startMs: number,
  detail: Detail = "full",
): Reading[] {
  const { run } = names;
  const readings: Reading[] = [];
  const add = (meter: Meter, labels: readonly string[], value: number | SketchData) => {
    // What has not happened has no series; its first value will be preceded by a zero.
    const isNothing = typeof value === "number" ? meter.type === "counter" && value === 0 : value.index.length === 0;
    if (!isNothing) readings.push({ meter, labels: [run, ...labels.map(labelValue)], value, startMs });
  };
  add(M.runInfo, [names.plan], 1);
  totals.scenarios.forEach((scenario, i) => {
    const name = names.scenarios[i]!;
    readings.push({ meter: M.iterations, labels: [run, labelValue(name)], value: scenario.started, startMs });
    add(M.iterationsCompleted, [name], scenario.completed);
    add(M.iterationsInFlight, [name], Math.max(0, scenario.started - scenario.completed - scenario.interrupted));
    DROP_REASONS.forEach((reason, r) => add(M.iterationsDropped, [name, reason], scenario.dropped[r] ?? 0));
    add(M.startDelay, [name], scenario.pacing);
    const phaseOf = detail === "full" ? name : "";
    PHASES.forEach((phase, p) => add(M.requestPhase, [phaseOf, phase], scenario.phases[p] ?? EMPTY_SKETCH));
  });
  totals.steps.forEach((step, i) => {
    const { scenario, name } = names.steps[i]!;
    addStep(add, names.scenarios[scenario]!, detail === "full" ? name : "", step, details[i]);
  });
  totals.checks.forEach(({ passed, failed }, i) => {
    const { scenario, name } = names.checks[i]!;
    const check = [names.scenarios[scenario]!, detail === "full" ? name : ""];
    add(M.checks, [...check, "pass"], passed);
    add(M.checks, [...check, "fail"], failed);
  });
  return addUp(readings);
}

function addStep(
  add: (meter: Meter, labels: readonly string[], value: number | SketchData) => void,
  scenario: string,
  request: string,
  step: StepTotals,
  detail: StepDetail | undefined,
): void {
  add(M.sentBytes, [scenario], step.bytesSent);
  add(M.receivedBytes, [scenario], step.bytesReceived);
  add(M.requestPhase, [scenario, "waiting"], step.waiting);
  if (detail === undefined) return;
  detail.outcomes.forEach((count, i) => {
    add(M.requests, [scenario, request, STATUS_CLASSES[i >> 1]!, (i & 1) === 0 ? "ok" : "fail"], count);
  });
  ERROR_KINDS.forEach((kind, i) => add(M.errors, [scenario, request, kind], detail.errors[i] ?? 0));
  add(M.requestDuration, [scenario, request, "ok"], differenceOf(step.duration, detail.failedDuration));
  add(M.requestDuration, [scenario, request, "fail"], detail.failedDuration);
}
