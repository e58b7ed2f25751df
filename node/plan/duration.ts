// How long a plan lasts, from its executors alone.

import { isDealt } from "./deal.ts";
import type { Executor, Plan } from "./types.ts";

/** Time in which an executor starts iterations. */
export function executorDurationMs(executor: Executor): number {
  switch (executor.kind) {
    case "constant-arrival-rate":
    case "ramping-arrival-rate":
      return executor.curve.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
    case "ramping-vus":
      return executor.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
    case "constant-vus":
      return executor.durationMs;
    case "shared-iterations":
    case "per-vu-iterations":
      return executor.maxDurationMs;
  }
}

/** From the start of the run until nothing starts any more. Remembered: it is asked for with every frame. */
export function durationMs(plan: Plan): number {
  const known = durations.get(plan);
  if (known !== undefined) return known;
  const ends = plan.scenarios.map((scenario) => scenario.startTimeMs + executorDurationMs(scenario.executor));
  const duration = Math.max(...ends);
  durations.set(plan, duration);
  return duration;
}

const durations = new WeakMap<Plan, number>();

/** The same if executors with a number of iterations have nothing to do; they may be over at any time. */
export function leastDurationMs(plan: Plan): number {
  const timed = plan.scenarios.filter(({ executor }) => !isDealt(executor));
  return Math.max(0, ...timed.map((scenario) => scenario.startTimeMs + executorDurationMs(scenario.executor)));
}

/** From the start of the run until the last iteration in flight has ended or been interrupted. */
export function endMs(plan: Plan): number {
  return Math.max(
    ...plan.scenarios.map(
      (scenario) => scenario.startTimeMs + executorDurationMs(scenario.executor) + scenario.gracefulStopMs,
    ),
  );
}
