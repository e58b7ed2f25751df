// How long a plan lasts, and what of it this version can run.

import type { Executor, Fault, Plan, Scenario } from "./types.ts";

/** Length of a scenario, milliseconds, without its startTime and gracefulStop; the upper bound where iterations decide. */
export function executorMs(executor: Executor): number {
  switch (executor.kind) {
    case "constant-arrival-rate":
    case "ramping-arrival-rate":
      return total(executor.curve.stages);
    case "constant-vus":
      return executor.durationMs;
    case "ramping-vus":
      return total(executor.stages);
    case "shared-iterations":
    case "per-vu-iterations":
      return executor.maxDurationMs;
  }
}

function total(stages: readonly { readonly durationMs: number }[]): number {
  return stages.reduce((sum, stage) => sum + stage.durationMs, 0);
}

function latest(plan: Plan, endOf: (scenario: Scenario) => number): number {
  return Math.max(0, ...plan.scenarios.map(endOf));
}

/** From the start of the run to the end of its last scenario, milliseconds. Nothing starts after it. */
export function durationMs(plan: Plan): number {
  return latest(plan, (scenario) => scenario.startTimeMs + executorMs(scenario.executor));
}

/** As `durationMs`, with gracefulStop: nothing is in flight after it. */
export function endMs(plan: Plan): number {
  return latest(plan, (scenario) => scenario.startTimeMs + executorMs(scenario.executor) + scenario.gracefulStopMs);
}

const RUNNABLE: readonly Executor["kind"][] = ["constant-arrival-rate", "ramping-arrival-rate", "constant-vus"];

/** Why a valid plan cannot be published here; empty if it can. A plan carries no positions, so all stand at 1:1. */
export function notRunnable(plan: Plan): Fault[] {
  const faults: Fault[] = [];
  for (const { name, executor } of plan.scenarios) {
    if (RUNNABLE.includes(executor.kind)) continue;
    const message = `${executor.kind} is not run by this version; ${RUNNABLE.join(", ")} are`;
    faults.push({ path: `scenarios.${name}.executor`, line: 1, column: 1, message });
  }
  for (const [name, table] of Object.entries(plan.data)) {
    if (table.rows.length > 0) continue;
    const message = "still refers to a CSV file: publish it with `loadswarm publish`, which puts the rows into the plan";
    faults.push({ path: `data.${name}`, line: 1, column: 1, message });
  }
  return faults;
}
