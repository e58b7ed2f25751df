// Thresholds: k6's metrics, what each can be judged by, and the grammar of `metric{tag:value}` and `p(95)<200`.

import { type Read, bad, good, shown } from "./read.ts";
import { didYouMean } from "./suggest.ts";
import type { Aggregator, Comparison } from "./types.ts";

/** k6's types of metrics: a distribution, a sum, or a share of events. */
export type MetricType = "trend" | "counter" | "rate";

/** Every metric that a threshold may name. Trends are in milliseconds, `data_*` in bytes, rates from 0 to 1. */
export const METRICS = {
  http_reqs: "counter",
  http_req_duration: "trend",
  http_req_latency: "trend",
  http_req_blocked: "trend",
  http_req_connecting: "trend",
  http_req_tls_handshaking: "trend",
  http_req_sending: "trend",
  http_req_waiting: "trend",
  http_req_receiving: "trend",
  http_req_failed: "rate",
  iterations: "counter",
  iteration_duration: "trend",
  dropped_iterations: "counter",
  pacing_error: "trend",
  checks: "rate",
  data_sent: "counter",
  data_received: "counter",
} as const satisfies Record<string, MetricType>;

export type MetricName = keyof typeof METRICS;

/** Counted per scenario, so that they cannot be split by step. */
const BY_SCENARIO_ONLY: readonly string[] = [
  "iterations",
  "iteration_duration",
  "dropped_iterations",
  "pacing_error",
  "http_req_blocked",
  "http_req_connecting",
  "http_req_tls_handshaking",
  "http_req_sending",
  "http_req_receiving",
];

/** Metrics of k6, or of protocols still to come. */
const NOT_MEASURED = /^(group_duration|vus(_max)?|(grpc|ws)_\w+|messages)$/;

const AGGREGATORS: Readonly<Record<MetricType, readonly string[]>> = {
  trend: ["avg", "min", "med", "max", "p(N)"],
  counter: ["count", "rate"],
  rate: ["rate"],
};

export interface Selector {
  readonly metric: MetricName;
  readonly tags: Readonly<Record<string, string>>;
}

/** `http_req_duration` or `http_req_duration{scenario:browse}`; tags: `scenario` and `name` (the step). */
export function readSelector(text: string): Read<Selector> {
  const match = /^\s*([A-Za-z_]\w*)\s*(?:\{(.*)\})?\s*$/s.exec(text);
  if (match === null) return bad("must be a metric, such as http_req_duration or http_req_duration{scenario:browse}");
  const metric = match[1]!;
  if (!Object.hasOwn(METRICS, metric)) {
    if (NOT_MEASURED.test(metric)) return bad(`${metric} is not measured by this version`);
    const names = Object.keys(METRICS);
    return bad(`must be one of ${names.join(", ")}; is ${metric}${didYouMean(metric, names)}`);
  }
  const tags = match[2] === undefined ? good({}) : readTags(match[2]);
  if (!tags.ok) return tags;
  if ("name" in tags.value && BY_SCENARIO_ONLY.includes(metric)) {
    return bad(`${metric} is counted by scenario, not by step: use {scenario:…}`);
  }
  return good({ metric: metric as MetricName, tags: tags.value });
}

/** `scenario:browse, name:search`. A comma within a name is part of it unless a tag follows. */
function readTags(text: string): Read<Record<string, string>> {
  const tags: Record<string, string> = {};
  for (const part of text.split(/,(?=\s*(?:scenario|name)\s*:)/)) {
    const colon = part.indexOf(":");
    const key = part.slice(0, colon).trim();
    const value = part.slice(colon + 1).trim();
    if (colon < 0 || value === "") return bad(`must have tags such as {scenario:browse}, has {${text}}`);
    if (key !== "scenario" && key !== "name") return bad(`knows the tags scenario and name only, not ${shown(key)}`);
    if (Object.hasOwn(tags, key)) return bad(`names the tag ${key} twice`);
    tags[key] = value;
  }
  return good(tags);
}

export interface Expression {
  readonly aggregator: Aggregator;
  readonly comparison: Comparison;
  readonly bound: number;
}

const AGGREGATOR = /(?:(avg|min|med|max|count|rate|value)|p\s*\(\s*(\d{1,3}(?:\.\d{1,6})?)\s*\))/;
const COMPARISON = /(<=|>=|===|==|!=|<|>)/;
const BOUND = /([+-]?\d{1,18}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?)/;
const EXPRESSION = new RegExp(String.raw`^\s*${AGGREGATOR.source}\s*${COMPARISON.source}\s*${BOUND.source}\s*$`);

/** A threshold's expression, as far as it suits the metric. */
export function readExpression(text: string, metric: MetricName): Read<Expression> {
  const type: MetricType = METRICS[metric];
  const example = type === "trend" ? "p(95)<200" : type === "counter" ? "count>100" : "rate<0.01";
  const match = EXPRESSION.exec(text);
  if (match === null) return bad(`must be an expression such as ${example}, is ${shown(text)}`);
  const [, word, percentile, comparison, number] = match;
  if (percentile !== undefined && Number(percentile) > 100)
    return bad(`must have a percentile from 0 to 100, is ${shown(text)}`);
  const known = AGGREGATORS[type];
  if (!known.includes(word ?? "p(N)")) {
    return bad(`${metric} is a ${type}, judged by ${known.join(", ")}; not by ${word ?? `p(${percentile})`}`);
  }
  const bound = Number(number);
  if (type === "rate" && (bound < 0 || bound > 1)) {
    return bad(`must compare with a share from 0 to 1 (5 % is 0.05), is ${shown(text)}`);
  }
  return good({
    aggregator: percentile === undefined ? (word as Exclude<Aggregator, object>) : { percentile: Number(percentile) },
    comparison: (comparison === "===" ? "==" : comparison) as Comparison,
    bound,
  });
}
