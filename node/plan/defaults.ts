// What a plan means where it is silent, and how much it may ask for.

export const DEFAULTS = {
  /** Fewer agents than this and the run waits; more makes `publish` wait by default. */
  minAgents: 1,
  /** A cut-off part of the swarm offers nothing. `hold` goes on: more than the rate may come, but a stall stops nothing. */
  onMinority: "stop",
  /** Added to the lead time that the swarm needs anyway. */
  delayMs: 0,
  /** k6's. Longer lets slow iterations end by themselves and the run end later; shorter interrupts more of them. */
  gracefulStopMs: 30_000,
  /** k6's: how long a virtual user that is ramped away may go on. */
  gracefulRampDownMs: 30_000,
  /** k6's: virtual users that a ramp begins with. */
  startVUs: 1,
  /** k6's unit of a rate written as a bare number. */
  timeUnitMs: 1_000,
  /** k6's bound of the two iteration executors. */
  maxDurationMs: 600_000,
  /** As `gracefulStopMs`, so that a hanging request ends as a timeout, not as an interruption. k6 waits 60 s. */
  timeoutMs: 30_000,
  /** k6's: a threshold may abort from the first second on. */
  delayAbortEvalMs: 0,
} as const;

/** Every agent parses every plan, so each bound caps what one document can cost all of them. */
export const LIMITS = {
  /** UTF-8. Everything else is bounded by it too: it travels in one frame. */
  textBytes: 1_048_576,
  /** Nesting of maps and lists; recursion over the document is bounded by it. */
  depth: 32,
  /** Values in the document after aliases are expanded. */
  values: 1_000_000,
  /** Characters of one key. */
  keyLength: 1_024,
  /** Faults reported one by one; the rest is counted. */
  faults: 100,
  targets: 100,
  scenarios: 100,
  steps: 100,
  /** Requests over all flows of the plan: each takes 27 kB in every load thread, and as much of every report. */
  requests: 500,
  stages: 1_000,
  /** Over all tables of the plan. */
  rows: 100_000,
  fields: 100,
  thresholds: 100,
  nameLength: 200,
  regexLength: 500,
  minAgents: 100_000,
  /** Virtual users of the whole swarm. */
  vus: 10_000_000,
  iterations: 1_000_000_000_000,
  ratePerSecond: 1_000_000_000,
  /** 7 days: the run, and any duration within it. */
  durationMs: 604_800_000,
} as const;
