// What one iteration of a scenario does, compiled once per run: its steps with their templates, checks and captures.

import { LoadswarmError } from "../plan/errors.ts";
import type { HttpSettings, HttpStep, Plan } from "../plan/types.ts";
import { compileEvaluation, type Evaluation } from "./checks.ts";
import type { HttpOptions, PreparedRequest } from "./driver.ts";
import { inBody, inHeader, inUrl } from "./escape.ts";
import { compileTemplate, type Template } from "./template.ts";
import { Scope, type Variables } from "./variables.ts";

/** Where a request goes; "blocked" if the plan does not list that origin among its targets. */
export type Destination = { readonly origin: string; readonly path: string } | "blocked";

/** Names and values in turn; "unsendable" if a value holds what HTTP/1.1 cannot carry, such as a line break. */
export type RenderedHeaders = readonly string[] | "unsendable";

export interface CompiledRequest {
  readonly kind: "http";
  /** Index over all HTTP steps of the plan. */
  readonly step: number;
  /** Index over all checks of the plan, of the first one of this step. */
  readonly firstCheck: number;
  readonly method: string;
  readonly timeoutMs: number;
  readonly evaluation: Evaluation;
  /** Each of them gives null if it names a capture that failed. */
  destination(variables: Variables): Destination | null;
  headers(variables: Variables): RenderedHeaders | null;
  readonly body: Template | null;
  /** The request itself, if every iteration sends the same. */
  readonly constant: PreparedRequest | null;
}

export interface CompiledThink {
  readonly kind: "think";
  readonly minMs: number;
  readonly maxMs: number;
}

export interface Flow {
  /** Of all its requests; null if the scenario says nothing. */
  readonly http: HttpOptions | null;
  readonly keepsCookies: boolean;
  readonly steps: readonly (CompiledRequest | CompiledThink)[];
  readonly captureCount: number;
}

/** Flows of all scenarios of a plan, in order. Throws PLAN_INVALID for a template that cannot work. */
export function compileFlows(plan: Plan): Flow[] {
  let step = 0;
  let firstCheck = 0;
  return plan.scenarios.map((scenario) => {
    const scope = new Scope(plan, scenario);
    const http = httpOptionsOf(scenario.http, plan.targets);
    const steps = scenario.flow.map((each) => {
      if (each.kind === "think") return each;
      const compiled = compileRequest(plan, each, scope, step++, firstCheck, http);
      firstCheck += each.checks.length;
      return compiled;
    });
    const keepsCookies = scenario.http?.cookies === true;
    return { steps, captureCount: scope.captureCount, http, keepsCookies };
  });
}

function httpOptionsOf(settings: HttpSettings | undefined, targets: readonly string[]): HttpOptions | null {
  if (settings === undefined) return null;
  const { cookies: _, redirects: most = 0, ...options } = settings;
  return most === 0 ? options : { ...options, redirects: { most, origins: originsOf(targets) } };
}

function originsOf(targets: readonly string[]): ReadonlySet<string> {
  return new Set(targets.map((target) => new URL(target).origin));
}

function compileRequest(
  plan: Plan,
  source: HttpStep,
  scope: Scope,
  step: number,
  firstCheck: number,
  http: HttpOptions | null,
): CompiledRequest {
  const { method, timeoutMs } = source;
  const evaluation = compileEvaluation(source, scope);
  const destination = compileDestination(source.url, scope, plan.targets);
  const headers = compileHeaders(source.headers, scope);
  const body = source.body === null ? null : compileTemplate(source.body, scope, inBody(source.bodyFormat ?? "text"));
  const request = { kind: "http" as const, step, firstCheck, method, timeoutMs, evaluation, destination, headers, body };
  const isConstant = destination.constant !== null && headers.constant !== null && (body === null || body.constant !== null);
  return { ...request, constant: isConstant ? constantOf(request, destination.constant, headers.constant, http) : null };
}

function constantOf(
  request: Omit<CompiledRequest, "constant">,
  destination: Destination,
  headers: RenderedHeaders,
  http: HttpOptions | null,
): PreparedRequest | null {
  if (destination === "blocked" || headers === "unsendable") return null;
  const { method, timeoutMs, evaluation } = request;
  const { needsBody: keepBody, needsHead: keepHead } = evaluation;
  const body = request.body?.constant ?? null;
  const prepared = { method, ...destination, headers, body, timeoutMs, keepBody, keepHead, step: request };
  return http === null ? prepared : { ...prepared, http };
}

/** A path that goes on the wire as it is: no fragment, space or backslash for URL to interpret. */
const PLAIN_PATH = /^\/[!-"$-[\]-~]*$/;

/** A function of the variables; what it gives, if they do not matter. */
type Rendering<T> = ((variables: Variables) => T | null) & { readonly constant: T | null };

function always<T>(constant: T): Rendering<T> {
  return Object.assign(() => constant, { constant });
}

function depending<T>(render: (variables: Variables) => T | null): Rendering<T> {
  return Object.assign(render, { constant: null });
}

function compileDestination(source: string, scope: Scope, targets: readonly string[]): Rendering<Destination> {
  const origins = originsOf(targets);
  const [base] = origins;
  if (base === undefined) throw new LoadswarmError("PLAN_INVALID", "plan has no target", "Add `target`.");
  const url = compileTemplate(source, scope, inUrl);
  // Written as a path, it stays one: a value that makes `//host` of it leads nowhere else, since it is never resolved.
  const isPath = /^\/(?![/\\])/.test(source);
  const locate = (text: string): Destination => {
    if (isPath && PLAIN_PATH.test(text)) return { origin: base, path: text };
    const parsed = isPath ? URL.parse(base + text) : URL.parse(text, base);
    // A template may not lead a request away from what the plan says it touches.
    if (parsed === null || !origins.has(parsed.origin)) return "blocked";
    return { origin: parsed.origin, path: parsed.pathname + parsed.search };
  };
  if (url.constant !== null) return always(locate(url.constant));
  return depending((variables) => {
    const text = url.render(variables);
    return text === null ? null : locate(text);
  });
}

/** What no field value may hold (RFC 9110, 5.5): a line break would begin another header, or another request. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;

function compileHeaders(headers: HttpStep["headers"], scope: Scope): Rendering<RenderedHeaders> {
  const templates = Object.entries(headers).map(
    ([name, value]) => [name, compileTemplate(value, scope, inHeader)] as const,
  );
  if (templates.every(([, value]) => value.constant !== null)) {
    const constant = templates.flatMap(([name, value]) => [name, value.constant!]);
    return always(templates.some(([, value]) => UNSENDABLE.test(value.constant!)) ? "unsendable" : constant);
  }
  return depending((variables) => {
    let sendable = true;
    const rendered: string[] = [];
    for (const [name, template] of templates) {
      const value = template.render(variables);
      if (value === null) return null;
      if (UNSENDABLE.test(value)) sendable = false;
      rendered.push(name, value);
    }
    return sendable ? rendered : "unsendable";
  });
}
