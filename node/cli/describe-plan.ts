// What a plan will do, in words and numbers.

import { RateCurve } from "../plan/curve.ts";
import { durationMs, executorDurationMs } from "../plan/duration.ts";
import type { Executor, Plan } from "../plan/types.ts";
import { formatDuration } from "../plan/units.ts";
import { trim } from "./format.ts";

export interface Description {
  readonly name: string;
  readonly targets: readonly string[];
  readonly durationMs: number;
  /** Iterations that are sure to be scheduled; null if virtual users decide how many there will be. */
  readonly iterations: number | null;
  readonly scenarios: readonly { readonly name: string; readonly executor: string; readonly load: string }[];
}

export function describePlan(plan: Plan): Description {
  const counts = plan.scenarios.map((scenario) => iterationsOf(scenario.executor));
  return {
    name: plan.name,
    targets: plan.targets,
    durationMs: durationMs(plan),
    iterations: counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + count!, 0),
    scenarios: plan.scenarios.map(({ name, executor, startTimeMs }) => ({
      name,
      executor: executor.kind,
      load: loadOf(executor) + (startTimeMs === 0 ? "" : `, starting at ${formatDuration(startTimeMs)}`),
    })),
  };
}

/** A line for the plan and one per scenario. */
export function descriptionText(file: string, description: Description): string {
  const { name, targets, scenarios, iterations, durationMs: lengthMs } = description;
  const total = iterations === null ? "" : `, ${iterations} iterations`;
  const count = scenarios.length === 1 ? "1 scenario" : `${scenarios.length} scenarios`;
  const lines = [`${file}: ok: ${name} against ${targets.join(", ")}: ${count}${total} in ${formatDuration(lengthMs)}`];
  const width = Math.max(...scenarios.map((scenario) => scenario.name.length));
  for (const scenario of scenarios)
    lines.push(`  ${scenario.name.padEnd(width)}  ${scenario.executor}: ${scenario.load}`);
  return `${lines.join("\n")}\n`;
}

function iterationsOf(executor: Executor): number | null {
  if ("curve" in executor) return new RateCurve(executor.curve).total;
  if (executor.kind === "shared-iterations") return executor.iterations;
  if (executor.kind === "per-vu-iterations") return executor.iterations * executor.vus;
  return null;
}

function loadOf(executor: Executor): string {
  const lasts = formatDuration(executorDurationMs(executor));
  switch (executor.kind) {
    case "constant-arrival-rate":
    case "ramping-arrival-rate": {
      const { startPerSecond, stages } = executor.curve;
      const all = [startPerSecond, ...stages.map((stage) => stage.targetPerSecond)];
      const rates = all
        .filter((rate, i) => rate !== all[i - 1])
        .map(trim)
        .join(" -> ");
      return `${rates}/s for ${lasts}, ${iterationsOf(executor)} iterations`;
    }
    case "constant-vus":
      return `${executor.vus} virtual users for ${lasts}`;
    case "ramping-vus": {
      const users = [executor.startVUs, ...executor.stages.map((stage) => stage.target)].join(" -> ");
      return `${users} virtual users for ${lasts}`;
    }
    case "shared-iterations":
      return `${executor.iterations} iterations shared by ${executor.vus} virtual users, at most ${lasts}`;
    case "per-vu-iterations":
      return `${executor.iterations} iterations by each of ${executor.vus} virtual users, at most ${lasts}`;
  }
}
