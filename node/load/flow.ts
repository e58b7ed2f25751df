// What one iteration of a scenario does, compiled once per run: its steps with their templates, checks and captures.

import { LoadswarmError } from "../plan/errors.ts";
import type { HttpSettings, HttpStep, Plan } from "../plan/types.ts";
import { compileEvaluation, type Evaluation } from "./checks.ts";
import type { HttpOptions } from "./driver.ts";
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
    const steps = scenario.flow.map((each) => {
      if (each.kind === "think") return each;
      const compiled = compileRequest(plan, each, scope, step++, firstCheck);
      firstCheck += each.checks.length;
      return compiled;
    });
    const keepsCookies = scenario.http?.cookies === true;
    return { steps, captureCount: scope.captureCount, http: httpOptionsOf(scenario.http, plan.targets), keepsCookies };
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

function compileRequest(plan: Plan, source: HttpStep, scope: Scope, step: number, firstCheck: number): CompiledRequest {
  return {
    kind: "http",
    step,
    firstCheck,
    method: source.method,
    timeoutMs: source.timeoutMs,
    evaluation: compileEvaluation(source, scope),
    destination: compileDestination(source.url, scope, plan.targets),
    headers: compileHeaders(source.headers, scope),
    body: source.body === null ? null : compileTemplate(source.body, scope, inBody(source.bodyFormat ?? "text")),
  };
}

/** A path that goes on the wire as it is: no fragment, space or backslash for URL to interpret. */
const PLAIN_PATH = /^\/[!-"$-[\]-~]*$/;

function compileDestination(source: string, scope: Scope, targets: readonly string[]): CompiledRequest["destination"] {
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
  if (url.constant !== null) {
    const constant = locate(url.constant);
    return () => constant;
  }
  return (variables) => {
    const text = url.render(variables);
    return text === null ? null : locate(text);
  };
}

/** What no field value may hold (RFC 9110, 5.5): a line break would begin another header, or another request. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;

function compileHeaders(headers: HttpStep["headers"], scope: Scope): CompiledRequest["headers"] {
  const templates = Object.entries(headers).map(
    ([name, value]) => [name, compileTemplate(value, scope, inHeader)] as const,
  );
  if (templates.every(([, value]) => value.constant !== null)) {
    const constant = templates.flatMap(([name, value]) => [name, value.constant!]);
    const rendered = templates.some(([, value]) => UNSENDABLE.test(value.constant!)) ? "unsendable" : constant;
    return () => rendered;
  }
  return (variables) => {
    let sendable = true;
    const rendered: string[] = [];
    for (const [name, template] of templates) {
      const value = template.render(variables);
      if (value === null) return null;
      if (UNSENDABLE.test(value)) sendable = false;
      rendered.push(name, value);
    }
    return sendable ? rendered : "unsendable";
  };
}
