// From a scenario's options, valid one by one, to its executor; what is wrong with them together is a problem.

import { DEFAULTS, LIMITS } from "./defaults.ts";
import type { Path, Problem } from "./faults.ts";
import { type Read, bad, good, shown, valid } from "./read.ts";
import type { Executor } from "./types.ts";
import { formatDuration, readDuration, readPerSecond, readRate } from "./units.ts";

interface StageOptions {
  readonly duration: unknown;
  readonly target: unknown;
}

/** A scenario as written, after the schema has accepted it: which options there are depends on `executor`. */
export interface ScenarioOptions {
  readonly executor: Executor["kind"];
  readonly startTime?: unknown;
  readonly gracefulStop?: unknown;
  readonly flow: readonly unknown[];
  readonly rate?: unknown;
  readonly timeUnit?: unknown;
  readonly duration?: unknown;
  readonly preAllocatedVUs?: number;
  readonly maxVUs?: number;
  readonly startRate?: unknown;
  readonly stages?: readonly StageOptions[];
  readonly vus?: number;
  readonly startVUs?: number;
  readonly gracefulRampDown?: unknown;
  readonly iterations?: number;
  readonly maxDuration?: unknown;
}

/** Milliseconds of a duration that the schema has accepted. */
export function ms(input: unknown, fallback: number): number {
  return input === undefined ? fallback : valid(readDuration(input));
}

/** The executor, or null with the reasons in `problems`. */
export function normaliseExecutor(options: ScenarioOptions, path: Path, problems: Problem[]): Executor | null {
  const before = problems.length;
  const executor = executorOf(options, (at, message) => problems.push({ path: [...path, ...at], message }));
  return problems.length === before ? executor : null;
}

type Report = (at: Path, message: string) => void;

function executorOf(options: ScenarioOptions, report: Report): Executor {
  const kind = options.executor;
  switch (kind) {
    case "constant-arrival-rate":
    case "ramping-arrival-rate":
      checkVUs(options, report);
      return { kind, curve: curve(options, report), maxVUs: options.maxVUs ?? null };
    case "constant-vus":
      return { kind, vus: options.vus!, durationMs: ms(options.duration, 0) };
    case "ramping-vus":
      return rampingVus(options, report);
    case "shared-iterations":
    case "per-vu-iterations":
      if (kind === "shared-iterations" && options.iterations! < options.vus!) {
        report(
          ["iterations"],
          `must be at least vus (${options.vus}), is ${options.iterations}: some users would have nothing to do`,
        );
      }
      return {
        kind,
        vus: options.vus!,
        iterations: options.iterations!,
        maxDurationMs: ms(options.maxDuration, DEFAULTS.maxDurationMs),
      };
  }
}

function checkVUs({ preAllocatedVUs, maxVUs }: ScenarioOptions, report: Report): void {
  if (preAllocatedVUs === undefined || maxVUs === undefined || preAllocatedVUs <= maxVUs) return;
  report(["preAllocatedVUs"], `must be at most maxVUs (${maxVUs}), is ${preAllocatedVUs}`);
}

function curve(
  options: ScenarioOptions,
  report: Report,
): { startPerSecond: number; stages: { durationMs: number; targetPerSecond: number }[] } {
  const perSecond = (input: unknown, at: Path): number => {
    const read = ratePerSecond(input, options.timeUnit);
    if (read.ok) return read.value;
    report(at, read.message);
    return 0;
  };
  if (options.executor === "constant-arrival-rate") {
    const rate = perSecond(options.rate, ["rate"]);
    return { startPerSecond: rate, stages: [{ durationMs: ms(options.duration, 0), targetPerSecond: rate }] };
  }
  const startPerSecond = options.startRate === undefined ? 0 : perSecond(options.startRate, ["startRate"]);
  const stages = options.stages!.map((stage, i) => ({
    durationMs: ms(stage.duration, 0),
    targetPerSecond: perSecond(stage.target, ["stages", i, "target"]),
  }));
  checkStages(stages, report);
  if (startPerSecond === 0 && stages.every((stage) => stage.targetPerSecond === 0)) {
    report(["stages"], "must rise above a rate of 0 somewhere: nothing would ever start");
  }
  return { startPerSecond, stages };
}

function ratePerSecond(input: unknown, timeUnit: unknown): Read<number> {
  const perMs = valid(readRate(input)).perMs;
  if (perMs !== null && timeUnit !== undefined) {
    return bad(`names its own unit of time, is ${shown(input)}: leave timeUnit out, or write a bare number`);
  }
  const read = readPerSecond(input, ms(timeUnit, DEFAULTS.timeUnitMs));
  return read.ok ? good(read.value) : read;
}

function checkStages(stages: readonly { readonly durationMs: number }[], report: Report): void {
  const total = stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  if (total === 0) report(["stages"], "must last longer than 0 in all");
  if (total > LIMITS.durationMs)
    report(["stages"], `must last at most ${formatDuration(LIMITS.durationMs)} in all, last ${formatDuration(total)}`);
}

function rampingVus(options: ScenarioOptions, report: Report): Executor {
  const stages = options.stages!.map((stage) => ({
    durationMs: ms(stage.duration, 0),
    target: stage.target as number,
  }));
  checkStages(stages, report);
  const startVUs = options.startVUs ?? DEFAULTS.startVUs;
  return {
    kind: "ramping-vus",
    startVUs,
    stages,
    gracefulRampDownMs: ms(options.gracefulRampDown, DEFAULTS.gracefulRampDownMs),
  };
}
