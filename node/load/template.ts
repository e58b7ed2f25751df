// Templates compiled once per run, rendered once per request.

import { parseTemplate } from "../plan/template.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { type Escape, type Place, SLOT } from "./escape.ts";
import type { Reader, Scope, Variables } from "./variables.ts";

export interface Template {
  /** The whole text, if it names no variable. */
  readonly constant: string | null;
  /** Null if a variable is missing because its capture failed. */
  render(variables: Variables): string | null;
}

/**
 * `place` says how the values of variables are escaped. Throws PLAN_INVALID for what the parser of plans refuses too.
 */
export function compileTemplate(text: string, scope: Scope, place: Place): Template {
  const parsed = parseTemplate(text);
  if (!parsed.ok) throw new LoadswarmError("PLAN_INVALID", `template ${parsed.message}`, "Correct the template.");
  let before = "";
  const parts = parsed.value.map((part) => {
    const compiled = typeof part === "string" ? part : escaped(readerOf(part.variable, scope), place(before));
    before += typeof part === "string" ? part : SLOT;
    return compiled;
  });
  if (parts.every((part) => typeof part === "string")) {
    const constant = parts.join("");
    return { constant, render: () => constant };
  }
  return { constant: null, render: (variables) => render(parts, variables) };
}

function render(parts: readonly (string | Reader)[], variables: Variables): string | null {
  let text = "";
  for (const part of parts) {
    const value = typeof part === "string" ? part : part(variables);
    if (value === null) return null;
    text += value;
  }
  return text;
}

function escaped(read: Reader, escape: Escape | null): Reader {
  if (escape === null) return read;
  return (variables) => {
    const value = read(variables);
    return value === null ? null : escape(value);
  };
}

function readerOf(variable: string, scope: Scope): Reader {
  const reader = scope.reader(variable);
  if (reader !== null) return reader;
  const hint = "Capture it in an earlier step, or give it a column of a data table.";
  throw new LoadswarmError("PLAN_INVALID", `template names {{ ${variable} }}, which nothing defines`, hint);
}
