// Schema of how a scenario speaks HTTP/1.1.

import { bad, good, shown } from "./read.ts";
import { type Schema, leaf, optional, readInteger, readMatch, struct } from "./schema-kit.ts";

/** Deeper pipelines measure the queue of the target, not the target. */
const PIPELINING_MOST = 100;
/** As browsers follow at most. */
const REDIRECTS_MOST = 20;

function word(words: readonly string[], description: string): Schema {
  return leaf(readMatch(new RegExp(`^(${words.join("|")})$`), words.join(" or ")), { enum: words }, description);
}

function integer(least: number, most: number, description: string): Schema {
  return leaf(readInteger(least, most), { type: "integer", minimum: least, maximum: most }, description);
}

/** What undici has no say in, here. */
function oursOnly(input: Readonly<Record<string, unknown>>): string[] {
  if (input["client"] !== "undici") return [];
  return ["pipelining", "close"]
    .filter((key) => Object.hasOwn(input, key))
    .map((key) => `has ${key}, which the client undici does not do here; leave one of them out`);
}

const ENTRIES = {
  client: optional(word(["own", "undici"], "own (default), or undici, which costs twice as much")),
  pipelining: optional(
    integer(1, PIPELINING_MOST, "requests on a connection before their answers have come; default 1"),
  ),
  close: optional(
    word(
      ["keep", "close", "rst"],
      "keep (default) uses a connection again; close ends it after each answer; rst resets it, so that no port waits",
    ),
  ),
  redirects: optional(
    integer(0, REDIRECTS_MOST, "most redirects followed by a request, to targets of the plan only; default 0"),
  ),
  cookies: optional(
    leaf(
      (input) => (typeof input === "boolean" ? good(input) : bad(`must be true or false, is ${shown(input)}`)),
      { type: "boolean" },
      "true: each iteration keeps the cookies it is given; default false",
    ),
  ),
};

export const HTTP = struct("how the scenario speaks HTTP/1.1", ENTRIES, oursOnly);
