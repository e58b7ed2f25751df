// The exit code a summary stands for: k6's, and one for a rate the generator itself did not reach.

import type { Summary } from "../core/summary-type.ts";
import { isTooMuch } from "../metrics/self-diagnosis.ts";
import { EXIT } from "../plan/errors.ts";

/** Share of the scheduled iterations the generator may fail to start by its own fault before the rate counts as not met. */
const TOLERATED = 0.01;
/** The same where the generator calls itself the bottleneck: what it judges itself by (node/metrics/self-diagnosis.ts). */
const TOLERATED_OF_BOTTLENECK = 0.001;
/** Drops that are the plan's bounds or a person's wish, not the generator's fault. */
const NOT_OWN_FAULT = new Set(["max_vus", "stopped", "max_duration"]);

/** Iterations that were due and not started because the generator could not: too late, or gone with a crashed agent. */
function droppedByOwnFault(summary: Summary): number {
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
  // It waited for agents that never came.
  if (summary.startedAt === null) return EXIT.rateNotMet;
  const { scheduled, lost } = summary.iterations;
  if (isTooMuch(dropped + lost, scheduled, TOLERATED)) return EXIT.rateNotMet;
  const isBottleneck = summary.generator.verdict === "bottleneck";
  return isBottleneck && isTooMuch(dropped, scheduled, TOLERATED_OF_BOTTLENECK) ? EXIT.rateNotMet : EXIT.pass;
}
