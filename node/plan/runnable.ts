// What of a valid plan this version can run.

import type { Executor, Fault, Plan } from "./types.ts";

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
    const message =
      "still refers to a CSV file: publish it with `loadswarm publish`, which puts the rows into the plan";
    faults.push({ path: `data.${name}`, line: 1, column: 1, message });
  }
  return faults;
}
