// The summary contract `loadswarm.summary/1`: what `--json` prints and GET /api/v1/runs/{run} answers.
// Durations in milliseconds, sizes in bytes, rates per second.

import type { GeneratorVerdict } from "../metrics/self-diagnosis.ts";

export interface Trend {
  count: number;
  avg: number;
  min: number;
  med: number;
  max: number;
  "p(90)": number;
  "p(95)": number;
  "p(99)": number;
  "p(99.9)": number;
}

export interface IterationCounts {
  /** Arrivals that were due over the whole swarm = started + dropped + lost. */
  scheduled: number;
  started: number;
  completed: number;
  dropped: Record<string, number>;
  /** Due, but neither started nor dropped by any agent that reported: they went with a crashed one. */
  lost: number;
}

export interface ThresholdResult {
  metric: string;
  expression: string;
  ok: boolean;
  /** null when nothing was measured that it could be judged by (then it holds). */
  value: number | null;
}

export interface SeriesPoint {
  /** Seconds since the start of the run. */
  t: number;
  /** What the plan asks for, per second. */
  target: number;
  /** Iterations started, requests failed: per second. */
  started: number;
  failed: number;
  p50: number;
  p95: number;
  p99: number;
  agents: number;
  /** The worst of the agents' own verdicts; absent in older summaries. */
  generator?: GeneratorVerdict;
}

export interface Summary {
  schema: "loadswarm.summary/1";
  run: string;
  plan: string;
  state: "scheduled" | "running" | "finished" | "stopped" | "aborted";
  verdict: "pass" | "fail" | "none";
  startedAt: string | null;
  endedAt: string | null;
  durationSeconds: number;
  agents: { planned: number; reported: number; lost: number; coverage: number };
  iterations: IterationCounts;
  requests: { total: number; failed: number; rate: number; bytesSent: number; bytesReceived: number };
  metrics: Record<string, Trend>;
  scenarios: Record<
    string,
    { executor: string; progress: number; target: number; iterations: IterationCounts; iteration_duration: Trend }
  >;
  steps: Record<string, { requests: number; failed: number; duration: Trend; latency: Trend; waiting: Trend }>;
  checks: Record<string, { passes: number; fails: number }>;
  status: Record<string, number>;
  errors: { kind: string; count: number }[];
  thresholds: ThresholdResult[];
  generator: {
    verdict: GeneratorVerdict;
    /** Arrivals per second, over the whole run so far, that agents could not send for their own limits; absent in older ones. */
    unmet?: number;
  };
  series: SeriesPoint[];
}
