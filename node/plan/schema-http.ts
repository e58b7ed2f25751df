// Schema of how a scenario speaks HTTP.

import { bad, good, shown } from "./read.ts";
import { type Schema, leaf, optional, readInteger, readMatch, struct } from "./schema-kit.ts";

/** Deeper pipelines measure the queue of the target, not the target. */
const PIPELINING_MOST = 100;
/** Every frame looks for its stream among those that are open. Targets allow 100 to 250, unless told otherwise. */
const STREAMS_MOST = 1_000;
/** As browsers follow at most. */
const REDIRECTS_MOST = 20;

function word(words: readonly string[], description: string): Schema {
  return leaf(readMatch(new RegExp(`^(${words.join("|")})$`), words.join(" or ")), { enum: words }, description);
}

function integer(least: number, most: number, description: string): Schema {
  return leaf(readInteger(least, most), { type: "integer", minimum: least, maximum: most }, description);
}

const VERSIONS = [1.1, 2, "auto"];

/** What does not go together. */
function contradictions(input: Readonly<Record<string, unknown>>): string[] {
  const has = (key: string): boolean => Object.hasOwn(input, key);
  const { client, version, close } = input;
  const faults = ["version", "streams", "pipelining", "close"]
    .filter((key) => client === "undici" && has(key))
    .map((key) => `has ${key}, which the client undici does not do here; leave one of them out`);
  if (faults.length > 0) return faults;
  if (has("streams") && version !== 2 && version !== "auto") {
    faults.push("has streams, which HTTP/1.1 does not have; add version: 2 or version: auto");
  }
  if (has("streams") && has("close") && close !== "keep") {
    faults.push("has streams and closes the connection after each answer; leave one of them out");
  }
  if (has("pipelining") && version === 2) faults.push("has pipelining, which HTTP/2 does not have; say streams");
  return faults;
}

const ENTRIES = {
  version: optional(
    leaf(
      (input) => (VERSIONS.includes(input as never) ? good(input) : bad(`must be 1.1 or 2 or auto, is ${shown(input)}`)),
      { enum: VERSIONS },
      "1.1 (default); 2, by ALPN where there is TLS and without asking elsewhere; auto, what the target prefers where there is TLS",
    ),
  ),
  streams: optional(
    integer(1, STREAMS_MOST, "HTTP/2: requests at a time on a connection, as far as the target allows; default 1"),
  ),
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

export const HTTP = struct("how the scenario speaks HTTP", ENTRIES, contradictions);
