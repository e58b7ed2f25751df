// What a plan calls the things that results count by index.

import type { RunNames } from "../metrics/run-readings.ts";
import type { Plan } from "../plan/types.ts";

export function runNames(run: string, plan: Plan): RunNames {
  const steps = plan.scenarios.flatMap(({ flow }, scenario) =>
    flow.flatMap((step) => (step.kind === "http" ? [{ scenario, name: step.name, checks: step.checks }] : [])),
  );
  const checks = steps.flatMap(({ scenario, checks }) => checks.map(({ name }) => ({ scenario, name })));
  return { run, plan: plan.name, scenarios: plan.scenarios.map(({ name }) => name), steps, checks };
}
