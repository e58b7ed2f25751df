// Whether a generator is itself what limits a test: judged by its own signs, never by how the target answers.

/** From good to bad. */
export const GENERATOR_VERDICTS = ["ok", "strained", "bottleneck"] as const;
export type GeneratorVerdict = (typeof GENERATOR_VERDICTS)[number];

/** What a load thread shows of itself in a second of a run. */
export interface Signs {
  /** Part of the time in which its event loop was busy, 0 to 1. */
  readonly utilization: number;
  /** Iterations started, and the 99th percentile of how late; milliseconds. */
  readonly started: number;
  readonly pacingP99Ms: number;
  /** Arrivals that were due, and those of them that it could not start for its own limits. */
  readonly scheduled: number;
  readonly missed: number;
  /** How often the process had used up its CPU quota. */
  readonly throttled: number;
}

/** Beyond it there is no room for what a second brings at once (Locust warns at 0.9, k6 asks for 20 % idle). */
const STRAINED_UTILIZATION = 0.8;
/** Beyond it what comes waits for what is there: durations are the generator's own. */
const BOTTLENECK_UTILIZATION = 0.95;
/** Two ticks of the 1 ms pacer. */
const STRAINED_PACING_MS = 2;
/** A percentile of fewer starts is that of a single hiccup. */
const LEAST_STARTS = 20;
/** Part of the arrivals. Below it a pause of the garbage collector would do. */
const BOTTLENECK_MISSED = 0.001;

export function verdictOf(signs: Signs): GeneratorVerdict {
  const { utilization, started, pacingP99Ms, scheduled, missed, throttled } = signs;
  if (utilization > BOTTLENECK_UTILIZATION || throttled > 0 || missed > BOTTLENECK_MISSED * scheduled) return "bottleneck";
  const isLate = started >= LEAST_STARTS && pacingP99Ms > STRAINED_PACING_MS;
  return isLate || utilization > STRAINED_UTILIZATION ? "strained" : "ok";
}

/** So few misses of a run may be a single hiccup of its machine … */
const HICCUP = 4;
/** … unless they are a larger part of it. */
const HICCUP_PART = 0.2;

/** Whether of all that was due in a run more was missed than is tolerated; a handful is not, as far as it is but a part. */
export function isTooMuch(missed: number, scheduled: number, tolerated: number): boolean {
  if (missed <= HICCUP && missed <= HICCUP_PART * scheduled) return false;
  return missed > 0 && missed > tolerated * scheduled;
}

/** The worst of them; ok if there are none. */
export function worstVerdict(verdicts: Iterable<GeneratorVerdict>): GeneratorVerdict {
  let worst = 0;
  for (const verdict of verdicts) worst = Math.max(worst, GENERATOR_VERDICTS.indexOf(verdict));
  return GENERATOR_VERDICTS[worst]!;
}
