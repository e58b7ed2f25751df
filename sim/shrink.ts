// A failing run with as few faults as still make it fail.

import { type Outcome, type RunOptions, runScenario } from "./run.ts";

/** Runs it may take: each costs as much as the one that failed. */
const MOST_RUNS = 40;

export interface Shrunk {
  /** Numbers of the faults that are not needed. */
  readonly without: readonly number[];
  readonly outcome: Outcome;
}

/** Leaves out one fault after another for good, as long as one of the promises that were broken still is. */
export function shrink(options: RunOptions, failed: Outcome): Shrunk {
  const broken = new Set(failed.findings.filter((finding) => !finding.held).map((finding) => finding.promise));
  let best: Shrunk = { without: [...(options.without ?? [])], outcome: failed };
  let runs = 0;
  for (let again = true; again; ) {
    again = false;
    for (const { number } of best.outcome.faults) {
      if (runs++ >= MOST_RUNS) return best;
      const without = [...best.without, number];
      const outcome = runScenario({ ...options, without: new Set(without) });
      if (!outcome.findings.some((finding) => !finding.held && broken.has(finding.promise))) continue;
      best = { without, outcome };
      again = true;
      break;
    }
  }
  return best;
}
