// What a plan needs counted: its steps and checks in order, and the intervals of its series.

import { intervalMs } from "../metrics/results.ts";
import { durationMs, endMs } from "../plan/duration.ts";
import type { Plan } from "../plan/types.ts";
import type { ArenaShape } from "./arena-layout.ts";

/** Series intervals kept for the time after the plan's end; answers later than that count in the last one. */
const CLOSING_INTERVALS = 120;

export function shapeOf(plan: Plan): ArenaShape {
  let steps = 0;
  let checks = 0;
  for (const scenario of plan.scenarios) {
    for (const step of scenario.flow) {
      if (step.kind !== "http") continue;
      steps++;
      checks += step.checks.length;
    }
  }
  const widthMs = intervalMs(durationMs(plan));
  const closing = Math.min(CLOSING_INTERVALS, Math.ceil((endMs(plan) - durationMs(plan)) / widthMs));
  const intervals = Math.max(1, Math.ceil(durationMs(plan) / widthMs)) + closing + 1;
  return { scenarios: plan.scenarios.length, steps, checks, intervals };
}
