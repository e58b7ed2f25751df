// The exit code a summary stands for: k6's, and one for a rate the generator itself did not reach.

import type { Summary } from "../core/summary-type.ts";
import { EXIT } from "../plan/errors.ts";

/** Share of the scheduled iterations the generator may drop by its own fault before the run counts as not made. */
const TOLERATED_DROPPED = 0.01;
/** Drops that are the plan's bound or a person's wish, not the generator's fault. */
const NOT_OWN_FAULT = new Set(["max_vus", "stopped"]);

/** Iterations that were due and not started because the generator could not. */
export function droppedByOwnFault(summary: Summary): number {
  return Object.entries(summary.iterations.dropped).reduce(
    (sum, [reason, count]) => (NOT_OWN_FAULT.has(reason) ? sum : sum + count),
    0,
  );
}

/** Exit code of `run`, `publish` and `watch` for a run that has ended. */
export function exitCode(summary: Summary): number {
  if (summary.state === "aborted") return EXIT.abortedByThreshold;
  if (summary.state === "stopped") return EXIT.stoppedByPerson;
  if (summary.thresholds.some((threshold) => !threshold.ok)) return EXIT.thresholdsFailed;
  const dropped = droppedByOwnFault(summary);
  if (dropped > TOLERATED_DROPPED * summary.iterations.scheduled) return EXIT.rateNotMet;
  if (dropped > 0 && summary.generator.verdict === "bottleneck") return EXIT.rateNotMet;
  return EXIT.pass;
}
