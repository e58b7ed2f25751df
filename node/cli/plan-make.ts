// Plans made on the command line: one GET from a URL, or a plan file with another rate or duration.

import { LoadswarmError } from "../plan/errors.ts";
import type { ArrivalRateExecutor, Plan } from "../plan/types.ts";
import { formatDuration } from "../plan/units.ts";
import type { LoadedPlan } from "./plan-file.ts";

/** `run URL` without more said: enough to see percentiles, too little to hurt. */
const DEFAULT_RATE = 50;
const DEFAULT_DURATION_MS = 10_000;

export interface Overrides {
  /** Iterations per second of the whole swarm. */
  readonly rate: number | null;
  readonly durationMs: number | null;
  readonly vus: number | null;
}

/** Text of a plan that GETs one URL. */
export function planOfUrl(url: URL, overrides: Overrides): string {
  if (overrides.vus !== null && overrides.rate !== null) {
    throw new LoadswarmError(
      "USAGE",
      "--vus and --rate exclude each other",
      "Virtual users go as fast as the target answers; a rate is kept whatever it answers.",
    );
  }
  const duration = formatDuration(overrides.durationMs ?? DEFAULT_DURATION_MS);
  const path = url.pathname + url.search;
  const load =
    overrides.vus === null
      ? { executor: "constant-arrival-rate", rate: overrides.rate ?? DEFAULT_RATE, duration }
      : { executor: "constant-vus", vus: overrides.vus, duration };
  return JSON.stringify({
    name: url.host.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 64),
    target: url.origin,
    scenarios: { default: { ...load, flow: [{ get: path }] } },
  });
}

/** Text of the plan with another rate or duration. A ramp keeps its shape: `rate` is then its peak. */
export function withOverrides(loaded: LoadedPlan, file: string, overrides: Overrides): string {
  if (overrides.vus !== null) {
    throw new LoadswarmError("USAGE", "--vus is for a URL only", `Set vus in ${file}.`);
  }
  if (overrides.rate === null && overrides.durationMs === null) return loaded.document;
  const { name, executor } = onlyArrivalRate(loaded.plan, file);
  const { curve } = executor;
  // Neither is zero: a plan without any load is not valid.
  const peak = Math.max(curve.startPerSecond, ...curve.stages.map((stage) => stage.targetPerSecond));
  const lengthMs = curve.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  const rateFactor = overrides.rate === null ? 1 : overrides.rate / peak;
  const timeFactor = overrides.durationMs === null ? 1 : overrides.durationMs / lengthMs;
  const document = JSON.parse(loaded.document) as { scenarios: Record<string, Record<string, unknown>> };
  const scenario = document.scenarios[name]!;
  scenario["timeUnit"] = "1s";
  if (executor.kind === "constant-arrival-rate") {
    scenario["rate"] = peak * rateFactor;
    scenario["duration"] = lengthMs * timeFactor;
  } else {
    scenario["startRate"] = curve.startPerSecond * rateFactor;
    scenario["stages"] = curve.stages.map((stage) => ({
      duration: stage.durationMs * timeFactor,
      target: stage.targetPerSecond * rateFactor,
    }));
  }
  return JSON.stringify(document);
}

function onlyArrivalRate(plan: Plan, file: string): { name: string; executor: ArrivalRateExecutor } {
  const found = plan.scenarios.flatMap(({ name, executor }) => ("curve" in executor ? [{ name, executor }] : []));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const message = `--rate and --duration need exactly one arrival-rate scenario; ${file} has ${found.length}`;
  throw new LoadswarmError("USAGE", message, `Set the rates and durations in ${file}.`);
}
