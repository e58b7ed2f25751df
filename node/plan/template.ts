// Templates: text in which `{{ name }}` stands for a variable, whose value is escaped by where it stands.

import { type Read, bad, good } from "./read.ts";

/** Variables that every template knows, and what they stand for. */
export const BUILTINS = {
  iterationInTest: "number of the iteration in the whole swarm, from 0",
  vu: "number of the virtual user that runs the iteration, from 0",
  run: "id of the run",
  uuid: "a new random UUID at every use",
  randomInt: "a new random whole number from 0 to 2147483647 at every use",
} as const;

export type Builtin = keyof typeof BUILTINS;

/** Literal text, or the name of a variable. */
export type TemplatePart = string | { readonly variable: string };

const REFERENCE = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*$/;

/** Cuts a template into its parts; a lone `}}` is text. Adjacent parts are never both text, and none is empty. */
export function parseTemplate(text: string): Read<TemplatePart[]> {
  const parts: TemplatePart[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{{", at);
    if (open < 0) break;
    if (open > at) parts.push(text.slice(at, open));
    const close = text.indexOf("}}", open + 2);
    if (close < 0) return bad(`has "{{" without "}}" after it`);
    const inside = text.slice(open + 2, close);
    const variable = REFERENCE.exec(inside)?.[1];
    if (variable === undefined) {
      return bad(`has {{${inside.slice(0, 40)}}}, but only one variable name may stand in it, such as {{ id }}`);
    }
    parts.push({ variable });
    at = close + 2;
  }
  if (at < text.length) parts.push(text.slice(at));
  return good(parts);
}

/** The template with its literal text changed and its variables left alone. */
export function mapLiterals(parts: readonly TemplatePart[], change: (text: string) => string): string {
  return parts.map((part) => (typeof part === "string" ? change(part) : `{{ ${part.variable} }}`)).join("");
}
