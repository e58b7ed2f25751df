// From the flow of a scenario to its steps: names made unique, URLs, and every variable known where it is used.

import { type CaptureOptions, type ExpectOptions, capturesOf, checksOf } from "./checks.ts";
import { DEFAULTS } from "./defaults.ts";
import type { Path, Problem } from "./faults.ts";
import { ms } from "./normalise-executor.ts";
import { type RequestOptions, bodyFormatOf, bodyOf, headersOf, methodOf, urlOf } from "./request.ts";
import { isMap } from "./schema-kit.ts";
import { didYouMean } from "./suggest.ts";
import { BUILTINS, parseTemplate } from "./template.ts";
import type { HttpStep, Step, ThinkStep } from "./types.ts";

interface StepOptions extends RequestOptions {
  readonly name?: string;
  readonly think?: unknown;
  readonly expect?: ExpectOptions;
  readonly capture?: CaptureOptions;
  readonly timeout?: unknown;
}

/** What steps are judged against, over the whole plan. */
export interface FlowContext {
  readonly targets: readonly string[] | null;
  /** Columns of the data tables; null where they are not all known, and any variable may be one. */
  readonly fields: readonly string[] | null;
  /** Names of all steps so far, the explicit ones of the whole plan from the start. */
  readonly stepNames: Set<string>;
  readonly problems: Problem[];
  /** False if the schema has found something wrong at or below the path. */
  sound(path: Path): boolean;
}

/** The steps of a flow; those that the schema refused are left out, but what they capture counts as known. */
export function normaliseFlow(flow: readonly unknown[], path: Path, context: FlowContext): Step[] {
  const steps: Step[] = [];
  const captured = new Set<string>();
  for (const [i, written] of flow.entries()) {
    if (!isMap(written)) continue;
    const at = [...path, i];
    if (context.sound(at)) {
      const step = written as StepOptions & Record<string, unknown>;
      checkVariables(step, at, captured, context);
      steps.push(methodOf(step) === null ? think(step.think, at, context.problems) : request(step, at, context));
    }
    const capture = isMap(written["capture"]) ? written["capture"] : {};
    for (const variable of Object.keys(capture)) {
      checkCapture(variable, [...at, "capture", variable], context);
      captured.add(variable);
    }
  }
  if (context.sound(path) && !steps.some((step) => step.kind === "http")) {
    context.problems.push({ path, message: "must have at least one request: pauses alone offer no load" });
  }
  return steps;
}

function request(step: StepOptions & Record<string, unknown>, path: Path, context: FlowContext): HttpStep {
  const method = methodOf(step)!;
  const text = step[method] as string;
  const name = step.name ?? unusedName(`${method.toUpperCase()} ${shortened(text)}`, context.stepNames);
  const headers = headersOf(step, path, context.problems);
  const bodyFormat = bodyFormatOf(step, headers);
  return {
    kind: "http",
    name,
    method: method.toUpperCase(),
    url: urlOf(text, context.targets, [...path, method], context.problems),
    headers,
    body: bodyOf(step),
    ...(bodyFormat === "text" ? {} : { bodyFormat }),
    timeoutMs: ms(step.timeout, DEFAULTS.timeoutMs),
    checks: checksOf(name, step.expect ?? {}),
    captures: capturesOf(step.capture ?? {}),
  };
}

/** A name is a label of metrics: long query strings do not belong into it. */
function shortened(url: string): string {
  return url.length > 150 ? `${url.slice(0, 147)}...` : url;
}

/** The name itself or, if it is taken, with ` #2`, ` #3` … behind it; taken from then on. */
export function unusedName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${wanted} #${n}`;
  taken.add(name);
  return name;
}

function think(written: unknown, path: Path, problems: Problem[]): ThinkStep {
  if (!isMap(written)) {
    const pauseMs = ms(written, 0);
    return { kind: "think", minMs: pauseMs, maxMs: pauseMs };
  }
  const minMs = ms(written["min"], 0);
  const maxMs = ms(written["max"], 0);
  if (minMs > maxMs)
    problems.push({ path: [...path, "think", "min"], message: `must be at most max (${String(written["max"])})` });
  return { kind: "think", minMs, maxMs };
}

/** Every text of the step in which `{{ }}` is filled in, with its path. */
function* templates(step: StepOptions & Record<string, unknown>, path: Path): Generator<[Path, string]> {
  const method = methodOf(step);
  if (method !== null) yield [[...path, method], step[method] as string];
  if (step.body !== undefined) yield [[...path, "body"], step.body];
  if (step.json !== undefined) yield [[...path, "json"], JSON.stringify(step.json)];
  for (const key of ["headers", "form"] as const) {
    for (const [name, value] of Object.entries(step[key] ?? {})) yield [[...path, key, name], String(value)];
  }
}

function checkVariables(
  step: StepOptions & Record<string, unknown>,
  path: Path,
  captured: Set<string>,
  context: FlowContext,
): void {
  if (context.fields === null) return;
  const known = new Set([...Object.keys(BUILTINS), ...context.fields, ...captured]);
  for (const [at, text] of templates(step, path)) {
    const parts = parseTemplate(text);
    if (!parts.ok) continue;
    const names = new Set(parts.value.flatMap((part) => (typeof part === "string" ? [] : [part.variable])));
    for (const name of names) {
      if (known.has(name)) continue;
      const hint = didYouMean(name, known);
      const list = [...known].slice(0, 20).join(", ");
      context.problems.push({
        path: at,
        message: `uses {{ ${name} }}, which no earlier step captures and no data table has${hint}; known are ${list}`,
      });
    }
  }
}

function checkCapture(variable: string, path: Path, context: FlowContext): void {
  if (Object.hasOwn(BUILTINS, variable)) {
    context.problems.push({ path, atKey: true, message: `is the name of a built-in variable; choose another` });
  } else if (context.fields?.includes(variable)) {
    context.problems.push({ path, atKey: true, message: `is the name of a data field; choose another` });
  }
}
