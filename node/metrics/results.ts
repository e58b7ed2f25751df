// What an agent counted in a run: cumulative, additive, indexed by the plan's order so that no name travels.

/**
 * Sparse latency sketch in milliseconds: exact exponential buckets of schema 6 (see sketch.ts). `index` ascends;
 * `count[i]` observations fell into bucket `index[i]`.
 */
export interface SketchData {
  readonly index: readonly number[];
  readonly count: readonly number[];
  /** A multiple of 2^-10, so that adding is exact. */
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** Why an arrival that was due did not start. */
export const DROP_REASONS = ["late", "max_vus", "no_connection", "stopped", "max_duration"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** What kinds of error a request can end with. */
export const ERROR_KINDS = [
  "timeout",
  "refused",
  "reset",
  "dns",
  "tls",
  "protocol",
  "too_large",
  "blocked",
  "generator",
  "other",
  // The target does not speak the version of HTTP that the plan demands. Kinds are told by their place: new ones come last.
  "version",
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/**
 * The parts of a request beside waiting, by k6's names: before its connection could be opened, opening it, TLS, writing,
 * and reading the answer. Those a request did without took no time, and count as 0.
 */
export const PHASES = ["blocked", "connecting", "tls_handshaking", "sending", "receiving"] as const;

/** scheduled = started + dropped; started = completed + interrupted + still in flight. */
export interface ScenarioTotals {
  readonly scheduled: number;
  readonly started: number;
  readonly completed: number;
  readonly interrupted: number;
  /** By index in DROP_REASONS. */
  readonly dropped: readonly number[];
  readonly iterationDuration: SketchData;
  /** Intended start -> actual start. */
  readonly pacing: SketchData;
  /** By index in PHASES, of all requests that were written. */
  readonly phases: readonly SketchData[];
}

export interface StepTotals {
  readonly requests: number;
  readonly failed: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Actual start -> last byte. */
  readonly duration: SketchData;
  /** Intended start -> last byte: free of coordinated omission. */
  readonly latency: SketchData;
  /** Request written -> first byte of the answer. */
  readonly waiting: SketchData;
}

/** Status classes of answers: by `floor(status / 100)`, the first for requests without one. */
export const STATUS_CLASSES = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;
/** How many places `StepDetail.outcomes` has: succeeded and failed for every status class. */
export const OUTCOMES = STATUS_CLASSES.length * 2;

/** Place of a request in `StepDetail.outcomes`. */
export function outcomeIndex(status: number, failed: boolean): number {
  const index = Math.floor(status / 100);
  return (index >= 1 && index < STATUS_CLASSES.length ? index : 0) * 2 + (failed ? 1 : 0);
}

/** What an agent exports of its own steps, but does not report to others. */
export interface StepDetail {
  /** Requests by `outcomeIndex`. */
  readonly outcomes: readonly number[];
  /** By index in ERROR_KINDS. */
  readonly errors: readonly number[];
  /** The part of `StepTotals.duration` that requests which failed took. */
  readonly failedDuration: SketchData;
}

export interface CheckTotals {
  readonly passed: number;
  readonly failed: number;
}

/** One interval of the time series. */
export interface Point {
  /** Number of the interval since the start of the run. */
  readonly index: number;
  readonly started: number;
  readonly dropped: number;
  readonly requests: number;
  readonly failed: number;
  readonly duration: SketchData;
  /** 1 if the agent itself was strained, or if it was what limited the test (self-diagnosis.ts). */
  readonly strained: number;
  readonly bottleneck: number;
}

/** The same of several agents together. */
export interface Interval extends Point {
  /** Those of them that started something in it. `strained` and `bottleneck` count agents as well. */
  readonly agents: number;
}

/** All an agent counted in a run since its start, but for the time series. */
export interface Totals {
  /** By index of the plan's scenarios. */
  readonly scenarios: readonly ScenarioTotals[];
  /** By index over all HTTP steps of the plan, in order. */
  readonly steps: readonly StepTotals[];
  /** By index over all checks of the plan, in order. */
  readonly checks: readonly CheckTotals[];
  /** [status code, count], ascending. */
  readonly status: readonly (readonly [number, number])[];
  /** By index in ERROR_KINDS. */
  readonly errors: readonly number[];
}

/** A cumulative report of one agent on one run. The one with the highest `sequence` replaces all before it. */
export interface Snapshot {
  readonly run: string;
  readonly member: string;
  readonly sequence: number;
  /** Swarm time of the report, milliseconds. */
  readonly atMs: number;
  /** Nothing is in flight and nothing more will start. */
  readonly done: boolean;
  readonly totals: Totals;
  /** Only the intervals that changed since the sequence before, or all of them where the receiver needs all. */
  readonly points: readonly Point[];
}

/** Width of a series interval for a run of this length: at most 600 intervals, so that memory is bounded. */
export function intervalMs(runDurationMs: number): number {
  return Math.max(1, Math.ceil(runDurationMs / 600_000)) * 1000;
}
