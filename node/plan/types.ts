// What a plan is once it has been parsed: plain data, no behaviour, every unit named.

/** A validated plan. Immutable; every agent parses it anew from the canonical document. */
export interface Plan {
  readonly name: string;
  /** Origins (`http://host:port`) the plan may touch; the first is what relative URLs resolve against. */
  readonly targets: readonly string[];
  readonly start: { readonly minAgents: number; readonly delayMs: number };
  /** What a part of the swarm does that sees no majority: go quiet, or go on and perhaps offer more than the rate. */
  readonly onMinority: OnMinority;
  /** `high`: a thread more on every agent, which wakes the others in time; absent: a timer of a millisecond. */
  readonly precision?: "high";
  readonly scenarios: readonly Scenario[];
  readonly data: Readonly<Record<string, DataTable>>;
  readonly thresholds: readonly Threshold[];
}

export type OnMinority = "stop" | "hold";

export type ExecutorName =
  | "constant-arrival-rate"
  | "ramping-arrival-rate"
  | "constant-vus"
  | "ramping-vus"
  | "shared-iterations"
  | "per-vu-iterations";

export interface Scenario {
  readonly name: string;
  readonly executor: Executor;
  /** Offset from the start of the run. */
  readonly startTimeMs: number;
  /** How long iterations in flight may go on after the scenario has ended. */
  readonly gracefulStopMs: number;
  readonly flow: readonly Step[];
  readonly http?: HttpSettings;
}

/** How a scenario speaks HTTP. Absent: version 1.1, our own client, one request at a time on connections that are kept. */
export interface HttpSettings {
  /** "auto": what the target prefers of both where there is TLS, and 1.1 elsewhere. */
  readonly version?: 1.1 | 2 | "auto";
  /** HTTP/2: requests on a connection at a time. */
  readonly streams?: number;
  readonly client?: "own" | "undici";
  /** Requests on a connection before their answers have come. */
  readonly pipelining?: number;
  readonly close?: "keep" | "close" | "rst";
  /** Most that one request follows, and only to targets of the plan. */
  readonly redirects?: number;
  /** Each iteration keeps those it is given. */
  readonly cookies?: boolean;
}

export type Executor = ArrivalRateExecutor | ConstantVusExecutor | RampingVusExecutor | IterationsExecutor;

/** Open model: iterations start on schedule, whatever the target answers. */
export interface ArrivalRateExecutor {
  readonly kind: "constant-arrival-rate" | "ramping-arrival-rate";
  readonly curve: RateCurveSpec;
  /** Upper bound of iterations in flight over the whole swarm; null = no bound but each agent's own. */
  readonly maxVUs: number | null;
}

/** Piecewise linear rate, in iterations per second of the whole swarm. */
export interface RateCurveSpec {
  readonly startPerSecond: number;
  readonly stages: readonly { readonly durationMs: number; readonly targetPerSecond: number }[];
}

export interface ConstantVusExecutor {
  readonly kind: "constant-vus";
  readonly vus: number;
  readonly durationMs: number;
}

export interface RampingVusExecutor {
  readonly kind: "ramping-vus";
  readonly startVUs: number;
  readonly stages: readonly { readonly durationMs: number; readonly target: number }[];
  readonly gracefulRampDownMs: number;
}

export interface IterationsExecutor {
  readonly kind: "shared-iterations" | "per-vu-iterations";
  readonly vus: number;
  readonly iterations: number;
  readonly maxDurationMs: number;
}

export type Step = HttpStep | ThinkStep;

export interface HttpStep {
  readonly kind: "http";
  /** Unique within the plan; what summaries and metrics call this request. */
  readonly name: string;
  readonly method: string;
  /** Template, absolute or relative to the first target. Values are percent-encoded where they stand. */
  readonly url: string;
  /** Name -> template. A request whose header value holds a control character is not sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Template of the request body; null = none. */
  readonly body: string | null;
  /** How values are escaped in the body; absent = text. */
  readonly bodyFormat?: BodyFormat;
  readonly timeoutMs: number;
  readonly checks: readonly Check[];
  readonly captures: readonly Capture[];
}

/** `json`: as inside a JSON string; `form`: percent-encoded; `text`: not at all. */
export type BodyFormat = "json" | "form" | "text";

export interface ThinkStep {
  readonly kind: "think";
  readonly minMs: number;
  readonly maxMs: number;
}

/** What a response must be. A failed `status` check also makes the request count as failed (k6's expected statuses). */
export type Check = { readonly name: string } & (
  | { readonly kind: "status"; readonly anyOf: readonly number[] }
  | { readonly kind: "json"; readonly path: string; readonly equals: string | number | boolean | null }
  | { readonly kind: "body"; readonly contains: string }
  | { readonly kind: "header"; readonly header: string; readonly equals: string }
  | { readonly kind: "maxDuration"; readonly maxMs: number }
);

export interface Capture {
  readonly variable: string;
  readonly source:
    | { readonly kind: "json"; readonly path: string }
    | { readonly kind: "header"; readonly header: string }
    | { readonly kind: "regex"; readonly pattern: string };
}

/** Rows are handed out by arrival number: row = number mod rows. Field names become template variables. */
export interface DataTable {
  readonly fields: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export type Aggregator = "avg" | "min" | "med" | "max" | "count" | "rate" | "value" | { readonly percentile: number };
export type Comparison = "<" | "<=" | ">" | ">=" | "==" | "!=";

export interface Threshold {
  /** k6's metric name, e.g. `http_req_duration`. */
  readonly metric: string;
  /** Restricts the metric, k6's `metric{scenario:x}`; keys: scenario, name (the step). */
  readonly tags: Readonly<Record<string, string>>;
  /** As written, e.g. `p(95)<200`. */
  readonly expression: string;
  readonly aggregator: Aggregator;
  readonly comparison: Comparison;
  readonly bound: number;
  readonly abortOnFail: boolean;
  readonly delayAbortEvalMs: number;
}

/** One thing wrong in a plan; `line` and `column` start at 1. */
export interface Fault {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}
