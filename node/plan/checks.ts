// From `expect` and `capture` of a step to its checks and captures.

import type { Capture, Check } from "./types.ts";
import { ms } from "./normalise-executor.ts";
import { formatDuration } from "./units.ts";

type Scalar = string | number | boolean;

/** `expect` as written, after the schema has accepted it. */
export interface ExpectOptions {
  readonly status?: number | readonly number[];
  readonly json?: Readonly<Record<string, Scalar | null>>;
  readonly body?: string | { readonly contains: string };
  readonly headers?: Readonly<Record<string, Scalar>>;
  readonly maxDuration?: unknown;
}

/** `capture` as written, after the schema has accepted it: each has exactly one of the three. */
export type CaptureOptions = Readonly<
  Record<string, { readonly json?: string; readonly header?: string; readonly regex?: string }>
>;

/** The checks of the step, named after it; always in the same order, however they were written. */
export function checksOf(step: string, expect: ExpectOptions): Check[] {
  const checks: Check[] = [];
  if (expect.status !== undefined) {
    const anyOf = typeof expect.status === "number" ? [expect.status] : [...new Set(expect.status)];
    checks.push({ name: `${step}: status is ${anyOf.join(" or ")}`, kind: "status", anyOf });
  }
  for (const [path, equals] of Object.entries(expect.json ?? {})) {
    checks.push({ name: `${step}: json ${path} is ${clipped(equals)}`, kind: "json", path, equals });
  }
  if (expect.body !== undefined) {
    const contains = typeof expect.body === "string" ? expect.body : expect.body.contains;
    checks.push({ name: `${step}: body contains ${clipped(contains)}`, kind: "body", contains });
  }
  for (const [name, value] of Object.entries(expect.headers ?? {})) {
    const equals = String(value);
    const header = name.toLowerCase();
    checks.push({ name: `${step}: header ${header} is ${clipped(equals)}`, kind: "header", header, equals });
  }
  if (expect.maxDuration !== undefined) {
    const maxMs = ms(expect.maxDuration, 0);
    checks.push({ name: `${step}: duration < ${formatDuration(maxMs)}`, kind: "maxDuration", maxMs });
  }
  return checks;
}

function clipped(value: Scalar | null): string {
  const text = JSON.stringify(value);
  return text.length > 64 ? `${text.slice(0, 61)}...` : text;
}

export function capturesOf(capture: CaptureOptions): Capture[] {
  return Object.entries(capture).map(([variable, { json, header, regex }]) => {
    if (json !== undefined) return { variable, source: { kind: "json", path: json } };
    if (header !== undefined) return { variable, source: { kind: "header", header: header.toLowerCase() } };
    return { variable, source: { kind: "regex", pattern: regex! } };
  });
}
