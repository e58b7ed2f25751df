// Faults: where in a plan something is wrong, in words; collected, ordered, and printed as compilers do.

import { LIMITS } from "./defaults.ts";
import type { Fault } from "./types.ts";

export type Path = readonly (string | number)[];

/** A fault before its position is known. `atKey`: the key is wrong, not its value. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  readonly atKey?: boolean;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** `scenarios.browse.stages[1].target`; keys that are not plain words stand as `["key"]`. */
export function pathText(path: Path): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^[A-Za-z0-9_-]{1,200}$/.test(key)) text += text === "" ? key : `.${key}`;
    else text += `[${JSON.stringify(key.length > 200 ? `${key.slice(0, 197)}...` : key)}]`;
  }
  return text;
}

/** In the order of the text. Problems above the limit are only counted, in a last fault of their own. */
export function toFaults(problems: readonly Problem[], locate: (problem: Problem) => Position): Fault[] {
  const faults = problems.slice(0, LIMITS.faults).map((problem) => {
    const { line, column } = locate(problem);
    return { path: pathText(problem.path), line, column, message: problem.message };
  });
  faults.sort((a, b) => a.line - b.line || a.column - b.column);
  const rest = problems.length - faults.length;
  const last = faults.at(-1);
  if (rest > 0 && last !== undefined)
    faults.push({ ...last, path: "", message: `and ${rest} more faults, not listed` });
  return faults;
}

/** One line a fault: `file:line:column path: message`. */
export function formatFaults(file: string, faults: readonly Fault[]): string {
  return faults
    .map(({ path, line, column, message }) => `${file}:${line}:${column} ${path === "" ? "" : `${path}: `}${message}`)
    .join("\n");
}
