// One request to an agent's HTTP API, with errors a user can act on.

import type { Summary } from "../core/summary-type.ts";
import { type ErrorCode, LoadswarmError } from "../plan/errors.ts";
import type { Fault } from "../plan/types.ts";
import { printable } from "./format.ts";

/** To connect and to answer in full. An agent that takes longer is as good as gone. */
const TIMEOUT_MS = 3000;
/** A summary of 600 intervals is under 200 kB; a list of 3,000 members under 1 MB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export interface PublishResponse {
  readonly run: string;
  readonly plan: string;
  /** RFC 3339; null while the run waits for its minimum of agents. */
  readonly startsAt: string | null;
  readonly members: number;
  readonly acceptedBy: string;
}

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly state: string;
  readonly weight: number;
  /** Share of the swarm's rate, 0 to 1. */
  readonly share: number;
  /** Origin of the member's own HTTP API; empty if it has none. */
  readonly api: string;
}

export interface MembersResponse {
  readonly self: string;
  readonly view: unknown;
  readonly members: readonly Member[];
}

export interface RunEntry {
  readonly run: string;
  readonly plan: string;
  readonly state: Summary["state"];
  /** RFC 3339; null while the run waits for its minimum of agents. */
  readonly startsAt: string | null;
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: "PLAN_INVALID",
  401: "KEY_MISSING",
  403: "KEY_MISSING",
  404: "RUN_UNKNOWN",
  413: "PLAN_TOO_LARGE",
  422: "PLAN_INVALID",
};

/** An agent refused what was asked; `faults` are what it found wrong with a plan. */
export class RefusedError extends LoadswarmError {
  readonly status: number;
  readonly faults: readonly Fault[];

  constructor(base: string, status: number, message: string, hint: unknown, faults: readonly Fault[]) {
    const said = typeof hint === "string" && hint !== "" ? printable(hint) : `Answered by the agent at ${base}.`;
    super(CODE_OF_STATUS[status] ?? "USAGE", printable(message), said);
    this.status = status;
    this.faults = faults;
  }
}

export interface Call {
  readonly method: "GET" | "POST";
  /** Below the agent's origin, e.g. `/api/v1/runs`. */
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Asks the agent at the origin `base`.
 * @throws LoadswarmError UNREACHABLE when nobody answers, or not as an agent would; RefusedError for 4xx.
 */
export async function call(base: string, { method, path, body, headers }: Call): Promise<Record<string, unknown>> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(base + path, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = response.status;
    text = await boundedText(response);
  } catch (error) {
    throw unreachable(base, reasonOf(error), error);
  }
  const answer = parseObject(text);
  if (status >= 200 && status < 300 && answer !== null) return answer;
  if (status >= 400 && status < 500 && typeof answer?.["error"] === "string") {
    throw new RefusedError(base, status, answer["error"], answer["hint"], faultsOf(answer["faults"]));
  }
  const said = typeof answer?.["error"] === "string" ? `: ${answer["error"]}` : "";
  throw unreachable(
    base,
    answer === null ? `what answers there is no agent (HTTP ${status})` : `HTTP ${status}${said}`,
  );
}

export const VERSION_HINT = "Is it an agent, and of the same version as this command?";

/** A run's summary. @throws as `call` */
export async function fetchSummary(
  caller: (call: Call) => Promise<Record<string, unknown>>,
  run: string,
): Promise<Summary> {
  const answer = await caller({ method: "GET", path: runPath(run) });
  if (answer["schema"] === "loadswarm.summary/1") return answer as unknown as Summary;
  throw new LoadswarmError("UNREACHABLE", `run ${run}: the agent's answer is no loadswarm.summary/1`, VERSION_HINT);
}

export const runPath = (run: string): string => `/api/v1/runs/${encodeURIComponent(run)}`;

/** The swarm as an agent sees it. @throws as `call` */
export async function fetchMembers(caller: (call: Call) => Promise<Record<string, unknown>>): Promise<MembersResponse> {
  const answer = await caller({ method: "GET", path: "/api/v1/members" });
  if (Array.isArray(answer["members"])) return answer as unknown as MembersResponse;
  throw new LoadswarmError("UNREACHABLE", "the agent's answer is no list of members", VERSION_HINT);
}

/** The runs an agent knows, latest first. @throws as `call` */
export async function fetchRuns(caller: (call: Call) => Promise<Record<string, unknown>>): Promise<RunEntry[]> {
  const { runs } = await caller({ method: "GET", path: "/api/v1/runs" });
  if (!Array.isArray(runs))
    throw new LoadswarmError("UNREACHABLE", "the agent's answer is no list of runs", VERSION_HINT);
  return runs as RunEntry[];
}

export function unreachable(base: string, reason: string, cause?: unknown): LoadswarmError {
  const hint = "Is an agent running there? Start one with: loadswarm agent. Or name another one with --to URL.";
  return new LoadswarmError("UNREACHABLE", `no agent answers at ${base} (${reason})`, hint, cause);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOTFOUND: "unknown host name",
  EAI_AGAIN: "host name cannot be resolved now",
  EHOSTUNREACH: "no route to host",
  UND_ERR_SOCKET: "connection closed",
  ERR_SSL_WRONG_VERSION_NUMBER: "it speaks no TLS: write http://",
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = "code" in cause ? String(cause.code) : "";
  return REASONS[code] ?? (cause.message || code);
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error("its answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function faultsOf(value: unknown): Fault[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, 100).map((each) => ({
    path: printable(String(each?.path ?? "")),
    line: Number(each?.line ?? 0),
    column: Number(each?.column ?? 0),
    message: printable(String(each?.message ?? "")),
  }));
}
