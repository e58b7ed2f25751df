// The plan parser: from text to a validated plan, or to everything that is wrong with it.

import * as v from "valibot";

import { canonical } from "./canonical.ts";
import { LIMITS } from "./defaults.ts";
import { type Path, type Problem, pathText, toFaults } from "./faults.ts";
import { normalise } from "./normalise.ts";
import { isMap } from "./schema-kit.ts";
import { PLAN } from "./schema.ts";
import { type Source, readCanonical, readYaml } from "./source.ts";
import { didYouMean } from "./suggest.ts";
import type { Fault, Plan } from "./types.ts";

export interface ParseOptions {
  /** Where the text comes from. Faults do not repeat it: `formatFaults` puts it in front of them. */
  readonly file?: string;
  /** The target of a plan that names none; it becomes part of the document. */
  readonly defaultTarget?: string;
}

export type ParsedPlan =
  /** `document`: the canonical JSON, which parses to the same plan and the same document, on every agent. */
  | { readonly ok: true; readonly plan: Plan; readonly document: string }
  | { readonly ok: false; readonly faults: Fault[] };

/** Parses a plan in YAML 1.2 or JSON, of at most LIMITS.textBytes. Never throws: what is wrong is in `faults`. */
export function parsePlan(text: string, options: ParseOptions = {}): ParsedPlan {
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.textBytes) return refused(`must have at most ${LIMITS.textBytes} bytes of UTF-8, has ${bytes}`);
  try {
    const value = readCanonical(text);
    if (value !== null) {
      const judged = judge(value, options);
      if (judged.problems.length === 0) return accepted(judged);
    }
    return parseYaml(readYaml(text), options);
  } catch (error) {
    // The YAML library recurses: text that is nothing but brackets exhausts the stack.
    if (error instanceof RangeError) return refused("is nested too deeply to be read");
    return refused(`cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function refused(message: string): ParsedPlan {
  return { ok: false, faults: [{ path: "", line: 1, column: 1, message }] };
}

function parseYaml(source: Source, options: ParseOptions): ParsedPlan {
  if (source.problems.length > 0) {
    const positions = new Map<Problem, { line: number; column: number }>(source.problems.map((p) => [p, p.position]));
    return { ok: false, faults: toFaults(source.problems, (problem) => positions.get(problem)!) };
  }
  const judged = judge(source.value, options);
  if (judged.problems.length === 0) return accepted(judged);
  return { ok: false, faults: toFaults(judged.problems, (problem) => source.locate(problem)) };
}

interface Judged {
  readonly plan: Plan | null;
  readonly values: Record<string, unknown>;
  readonly problems: readonly Problem[];
}

function accepted({ plan, values }: Judged): ParsedPlan {
  const document = JSON.stringify(values);
  const bytes = Buffer.byteLength(document);
  if (bytes <= LIMITS.textBytes) return { ok: true, plan: plan!, document };
  return refused(`must have at most ${LIMITS.textBytes} bytes with its aliases written out, has ${bytes}`);
}

function judge(value: unknown, options: ParseOptions): Judged {
  if (!isMap(value)) {
    const message = "must be a map with name, target and scenarios";
    return { plan: null, values: {}, problems: [{ path: [], message }] };
  }
  const target =
    Object.hasOwn(value, "target") || options.defaultTarget === undefined ? {} : { target: options.defaultTarget };
  const values = canonical({ ...value, ...target });
  const found = v.safeParse(PLAN, values).issues?.map(toProblem) ?? [];
  const { plan, problems } = normalise(values, soundness(found));
  return { plan, values, problems: [...found, ...problems] };
}

function toProblem(issue: v.BaseIssue<unknown>): Problem {
  const items = issue.path ?? [];
  const path = items.map((item) => item.key as string | number);
  const last = items.at(-1);
  if (issue.type !== "never" || last === undefined)
    return { path, message: issue.message, atKey: last?.origin === "key" };
  // The schema names the known keys in the message of what is none of them.
  const known = issue.message.split(" ");
  const hint = didYouMean(String(last.key), known);
  return { path, atKey: true, message: `is not known here${hint || `; known are ${known.join(", ")}`}` };
}

/** Which paths have no problem at or below them. */
function soundness(problems: readonly Problem[]): (path: Path) => boolean {
  const unsound = new Set<string>();
  for (const { path } of problems) {
    for (let length = 0; length <= path.length; length++) unsound.add(pathText(path.slice(0, length)));
  }
  return (path) => !unsound.has(pathText(path));
}
