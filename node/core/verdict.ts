// Thresholds judged on the merged results of the whole swarm.

import { PHASES, type SketchData } from "../metrics/results.ts";
import { quantile } from "../metrics/sketch.ts";
import type { Threshold } from "../plan/types.ts";
import { type Merged, mergeAll, sum } from "./merged.ts";
import type { ThresholdResult } from "./summary-type.ts";

/** What a threshold looks at; `seconds` is the time the run has lasted so far. */
export interface Evidence {
  readonly merged: Merged;
  readonly seconds: number;
}

/** A threshold that has nothing to be judged by holds, with value null (as in k6). */
export function judge(threshold: Threshold, evidence: Evidence): ThresholdResult {
  const value = valueOf(threshold, evidence);
  return {
    metric: metricName(threshold),
    expression: threshold.expression,
    ok: value === null || compare(value, threshold),
    value,
  };
}

function metricName(threshold: Threshold): string {
  const tags = Object.entries(threshold.tags).map(([name, value]) => `${name}:${value}`);
  return tags.length === 0 ? threshold.metric : `${threshold.metric}{${tags.join(",")}}`;
}

function compare(value: number, { comparison, bound }: Threshold): boolean {
  switch (comparison) {
    case "<":
      return value < bound;
    case "<=":
      return value <= bound;
    case ">":
      return value > bound;
    case ">=":
      return value >= bound;
    case "==":
      return value === bound;
    case "!=":
      return value !== bound;
  }
}

function valueOf(threshold: Threshold, { merged, seconds }: Evidence): number | null {
  const part = restrict(merged, threshold.tags);
  const trend = TRENDS[threshold.metric];
  if (trend !== undefined) return ofTrend(trend(part), threshold.aggregator);
  const share = SHARES[threshold.metric];
  if (share !== undefined) {
    const { hits, of } = share(part);
    return of === 0 ? null : hits / of;
  }
  const count = COUNTERS[threshold.metric]?.(part);
  if (count === undefined) return null;
  if (threshold.aggregator !== "rate") return count;
  return seconds === 0 ? null : count / seconds;
}

/** The results that carry these tags: `scenario`, and `name` for a step. */
function restrict(merged: Merged, tags: Threshold["tags"]): Merged {
  const inScenario = (name: string) => tags["scenario"] === undefined || tags["scenario"] === name;
  const isStep = (name: string) => tags["name"] === undefined || tags["name"] === name;
  return {
    ...merged,
    scenarios: merged.scenarios.filter(({ scenario }) => inScenario(scenario.name)),
    steps: merged.steps.filter(({ scenario, step }) => inScenario(scenario.name) && isStep(step.name)),
    checks: merged.checks.filter(({ scenario, step }) => inScenario(scenario.name) && isStep(step.name)),
  };
}

/** Every trend a plan can name, and the sketch behind it. Also what the summary lists under `metrics`. */
export const TRENDS: Readonly<Record<string, (merged: Merged) => SketchData>> = {
  http_req_duration: (m) => mergeAll(m.steps.map((step) => step.totals.duration)),
  http_req_latency: (m) => mergeAll(m.steps.map((step) => step.totals.latency)),
  ...Object.fromEntries(PHASES.map((phase, i) => [`http_req_${phase}`, (m: Merged) => phaseOf(m, i)])),
  http_req_waiting: (m) => mergeAll(m.steps.map((step) => step.totals.waiting)),
  iteration_duration: (m) => mergeAll(m.scenarios.map((scenario) => scenario.totals.iterationDuration)),
  pacing_error: (m) => mergeAll(m.scenarios.map((scenario) => scenario.totals.pacing)),
};

/** Reports of older versions have none. */
function phaseOf({ scenarios }: Merged, index: number): SketchData {
  return mergeAll(scenarios.flatMap(({ totals }) => totals.phases[index] ?? []));
}

const SHARES: Readonly<Record<string, (merged: Merged) => { hits: number; of: number }>> = {
  http_req_failed: (m) => ({
    hits: sum(m.steps.map((step) => step.totals.failed)),
    of: sum(m.steps.map((step) => step.totals.requests)),
  }),
  checks: (m) => {
    const hits = sum(m.checks.map((check) => check.totals.passed));
    return { hits, of: hits + sum(m.checks.map((check) => check.totals.failed)) };
  },
};

const COUNTERS: Readonly<Record<string, (merged: Merged) => number>> = {
  http_reqs: (m) => sum(m.steps.map((step) => step.totals.requests)),
  iterations: (m) => sum(m.scenarios.map((scenario) => scenario.totals.completed)),
  dropped_iterations: (m) => sum(m.scenarios.flatMap((scenario) => scenario.totals.dropped)),
  data_sent: (m) => sum(m.steps.map((step) => step.totals.bytesSent)),
  data_received: (m) => sum(m.steps.map((step) => step.totals.bytesReceived)),
};

function ofTrend(sketch: SketchData, aggregator: Threshold["aggregator"]): number | null {
  const count = sum(sketch.count);
  if (count === 0) return null;
  if (typeof aggregator === "object") return quantile(sketch, aggregator.percentile / 100);
  switch (aggregator) {
    case "avg":
      return sketch.sum / count;
    case "min":
      return sketch.min;
    case "max":
      return sketch.max;
    case "med":
      return quantile(sketch, 0.5);
    case "count":
      return count;
    case "rate":
    case "value":
      return null;
  }
}
