// Which URLs a plan may name: origins as targets, and step URLs that lie on one of them.

import { type Read, bad, good, shown } from "./read.ts";
import { didYouMean } from "./suggest.ts";
import { type TemplatePart, mapLiterals } from "./template.ts";

const SCHEMES = ["http:", "https:"];
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;

/** An origin such as `http://127.0.0.1:8080`, normalised as the WHATWG URL standard does. */
export function readOrigin(input: unknown): Read<string> {
  const help = `must be an origin such as http://127.0.0.1:8080, is ${shown(input)}`;
  if (typeof input !== "string" || input.length > 1_000) return bad(help);
  const url = URL.parse(input);
  if (url === null) return bad(help);
  if (!SCHEMES.includes(url.protocol)) return bad(`must begin with http:// or https://, is ${shown(input)}`);
  if (url.username !== "" || url.password !== "") {
    return bad("must not carry credentials: send them as a header of the step instead");
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return bad(`must end after the port (${url.origin}); the path belongs into the steps, is ${shown(input)}`);
  }
  return good(url.origin);
}

/**
 * Checks a step's URL template against the plan's targets and percent-encodes its literal text. Where a variable
 * stands in the origin itself, only the agent can check it, when the variable has a value. `targets` null: not known.
 */
export function readStepUrl(parts: readonly TemplatePart[], targets: readonly string[] | null): Read<string> {
  const encoded = mapLiterals(parts, (text) => text.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent));
  const first = parts[0];
  if (typeof first !== "string") return good(encoded);
  if (first.includes("\\")) return bad("must not contain a backslash; write %5C");
  const literals = parts.filter((part) => typeof part === "string");
  if (literals.some((part) => part.includes("#")))
    return bad("must not have a #fragment: it is never sent; write %23 for the sign");
  const scheme = SCHEME.exec(first)?.[1];
  if (scheme === undefined) {
    if (first.startsWith("/") && !first.startsWith("//")) return good(encoded);
    return bad(`must be an absolute URL or begin with one "/", is ${shown(first)}`);
  }
  if (!SCHEMES.includes(`${scheme.toLowerCase()}:`))
    return bad(`must begin with / or http:// or https://, is ${shown(first)}`);
  return checkOrigin(first, parts.length === 1, targets) ?? good(encoded);
}

/** What is wrong with the origin of an absolute URL; null if nothing, or if it cannot be known yet. */
function checkOrigin(text: string, whole: boolean, targets: readonly string[] | null): Read<never> | null {
  const match = /^[A-Za-z]+:\/\/([^/?]*)([/?]?)/.exec(text);
  if (match === null) return bad(`must have two slashes after the scheme, is ${shown(text)}`);
  if (match[2] === "" && !whole) return null;
  const url = URL.parse(match[0]);
  if (url === null) return bad(`must be a URL, is ${shown(text)}`);
  if (url.username !== "" || url.password !== "") {
    return bad("must not carry credentials: send them as a header of the step instead");
  }
  if (targets === null || targets.includes(url.origin)) return null;
  const hint = didYouMean(url.origin, targets);
  return bad(
    `must lie on a target of the plan (${targets.join(", ")}), is on ${url.origin}${hint}; add it there if it is meant`,
  );
}
