// From a request step as written to what is sent: URL, headers and body.

import type { Path, Problem } from "./faults.ts";
import { valid } from "./read.ts";
import { METHODS } from "./schema-flow.ts";
import { mapLiterals, parseTemplate } from "./template.ts";
import type { BodyFormat } from "./types.ts";
import { readStepUrl } from "./url.ts";

/** Media types whose text is JSON (WHATWG MIME Sniffing, and lines of JSON). */
const JSON_TYPE = /^(?:(?:application|text)\/json|application\/x-ndjson|[^/]+\/[^/]+\+json)$/;
const FORM_TYPE = "application/x-www-form-urlencoded";

type Scalar = string | number | boolean;

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, Scalar>>;
  readonly json?: unknown;
  readonly body?: string;
  readonly form?: Readonly<Record<string, Scalar>>;
}

/** The method's key, `get`, of a step that the schema has accepted; null for a pause. */
export function methodOf(step: Readonly<Record<string, unknown>>): (typeof METHODS)[number] | null {
  return METHODS.find((method) => Object.hasOwn(step, method)) ?? null;
}

/** The URL template, encoded; `targets` is null where they are faulty themselves and nothing can be compared. */
export function urlOf(text: string, targets: readonly string[] | null, path: Path, problems: Problem[]): string {
  const url = readStepUrl(valid(parseTemplate(text)), targets);
  if (url.ok) return url.value;
  problems.push({ path, message: url.message });
  return text;
}

/** Headers as written, and the content type that the body implies where none is. */
export function headersOf(step: RequestOptions, path: Path, problems: Problem[]): Record<string, string> {
  const headers: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(step.headers ?? {})) {
    const key = name.toLowerCase();
    if (seen.has(key))
      problems.push({
        path: [...path, "headers", name],
        message: `stands twice: header names ignore case`,
        atKey: true,
      });
    seen.add(key);
    headers[name] = String(value);
  }
  if (seen.has("content-type")) return headers;
  if (step.json !== undefined) headers["content-type"] = "application/json";
  if (step.form !== undefined) headers["content-type"] = FORM_TYPE;
  return headers;
}

/**
 * How values must be escaped in the body: by the step's own word for it, else by the content type among `headers`. A
 * content type that is itself a variable is not known here, and the body counts as text.
 */
export function bodyFormatOf(step: RequestOptions, headers: Readonly<Record<string, string>>): BodyFormat {
  if (step.json !== undefined) return "json";
  if (step.form !== undefined) return "form";
  if (step.body === undefined) return "text";
  const [, contentType = ""] = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type") ?? [];
  const mediaType = contentType.split(";", 1)[0]!.trim().toLowerCase();
  return JSON_TYPE.test(mediaType) ? "json" : mediaType === FORM_TYPE ? "form" : "text";
}

/** Template of the body; null = none. */
export function bodyOf(step: RequestOptions): string | null {
  if (step.json !== undefined) return JSON.stringify(step.json);
  if (step.form === undefined) return step.body ?? null;
  const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
  return Object.entries(step.form)
    .map(([name, value]) => `${encode(name)}=${mapLiterals(valid(parseTemplate(String(value))), encode)}`)
    .join("&");
}
