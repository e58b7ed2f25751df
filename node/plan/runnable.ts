// What of a valid plan cannot be run as it stands.

import type { Fault, Plan } from "./types.ts";

/** Why a valid plan cannot be published here; empty if it can. A plan carries no positions, so all stand at 1:1. */
export function notRunnable(plan: Plan): Fault[] {
  const faults: Fault[] = [];
  for (const [name, table] of Object.entries(plan.data)) {
    if (table.rows.length > 0) continue;
    const message =
      "still refers to a CSV file: publish it with `loadswarm publish`, which puts the rows into the plan";
    faults.push({ path: `data.${name}`, line: 1, column: 1, message });
  }
  return faults;
}
