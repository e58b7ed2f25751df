// Where in its memory an arena keeps what: first all numbers, then the buckets of all sketches.

import type { PlanShape } from "../metrics/merge.ts";
import { DROP_REASONS, ERROR_KINDS, OUTCOMES, PHASES } from "../metrics/results.ts";
import { STATS } from "../metrics/sketch.ts";

/** How much room an arena needs. */
export interface ArenaShape extends PlanShape {
  /** Series intervals; whatever happens after the last one is counted in it. */
  readonly intervals: number;
}

/** Codes at or above it, which HTTP does not define, are counted as 0. */
export const STATUS_CODES = 600;
/** Duration of iterations, pacing error, and the phases of requests. */
const SKETCHES_PER_SCENARIO = 2 + PHASES.length;
const SKETCHES_PER_STEP = 4;

/** Fields of a scenario's ledger; one counter per drop reason follows. */
export const STARTED = 0;
export const COMPLETED = 1;
export const INTERRUPTED = 2;
export const RESUME_AT = 3;
/** Requests on a connection that was open already, and answers that came in one piece: zeros of phases, which most are. */
export const KEPT = 4;
export const WHOLE = 5;
/** 1 while what was taken is neither started nor dropped yet. */
export const IN_HAND = 6;
export const DROPPED = 7;
export const SCENARIO_FIELDS = DROPPED + DROP_REASONS.length;

export const REQUESTS = 0;
export const FAILED = 1;
export const SENT = 2;
export const RECEIVED = 3;
/** One counter per status class and outcome, then one per kind of error. */
export const OUTCOME = 4;
export const ERROR = OUTCOME + OUTCOMES;
export const STEP_FIELDS = ERROR + ERROR_KINDS.length;

export const INTERVAL_STARTED = 0;
export const INTERVAL_DROPPED = 1;
export const INTERVAL_REQUESTS = 2;
export const INTERVAL_FAILED = 3;
export const INTERVAL_FIELDS = 4;

/** Offsets, in Float64 elements, of the parts of an arena. */
export interface Layout {
  readonly steps: number;
  readonly checks: number;
  readonly status: number;
  readonly errors: number;
  readonly intervals: number;
  readonly stats: number;
  readonly floats: number;
  readonly sketches: number;
}

export function layoutOf(shape: ArenaShape): Layout {
  const steps = shape.scenarios * SCENARIO_FIELDS;
  const checks = steps + shape.steps * STEP_FIELDS;
  const status = checks + shape.checks * 2;
  const errors = status + STATUS_CODES;
  const intervals = errors + ERROR_KINDS.length;
  const stats = intervals + shape.intervals * INTERVAL_FIELDS;
  const sketches = shape.scenarios * SKETCHES_PER_SCENARIO + shape.steps * SKETCHES_PER_STEP;
  return { steps, checks, status, errors, intervals, stats, floats: stats + sketches * STATS, sketches };
}
