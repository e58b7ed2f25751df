// How the value of a variable is escaped: by the place in the request where it stands, decided once per run.

import type { BodyFormat } from "../plan/types.ts";

export type Escape = (value: string) => string;

/**
 * The escape of a slot, by the text of the template before it, in which every earlier slot is a SLOT. Null: inserted
 * as it is.
 */
export type Place = (before: string) => Escape | null;

/** Stands for a variable in the text before a slot; never literal text, because no template may hold it. */
export const SLOT = "{{}}";

/** What encodeURIComponent leaves alone although it is reserved, and the slash that it does not. */
const RESERVED_OR_SLASH = /%2F|[!'()*]/g;
const PLAIN_PATH_VALUE = /^[A-Za-z0-9\-._~/]*$/;

function inPathAs(encoded: string): string {
  return encoded === "%2F" ? "/" : `%${encoded.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Everything but the unreserved characters of RFC 3986 and `/`; lone surrogates become U+FFFD. */
export function escapePath(value: string): string {
  if (PLAIN_PATH_VALUE.test(value)) return value;
  return encodeURIComponent(value.toWellFormed()).replace(RESERVED_OR_SLASH, inPathAs);
}

/** For a query and for a form field; a space becomes %20. Lone surrogates become U+FFFD. */
export function escapeComponent(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

/** The inside of a JSON string; numbers, true and false stay as they are. Lone surrogates become `\udXXX`. */
export function escapeJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** The text before a slot that is the first thing of a URL, or stands in its origin. */
const BEFORE_ORIGIN = /^(?:(?:[A-Za-z0-9+.-]|\{\{\}\})+:\/\/[^/?]*)?$/;

/**
 * In a URL. What can hold an origin is inserted as it is: it may be an absolute URL, and whoever sends the request
 * must compare the origin that comes out with the plan's targets.
 */
export const inUrl: Place = (before) => {
  if (BEFORE_ORIGIN.test(before)) return null;
  return before.includes("?") ? escapeComponent : escapePath;
};

const BODY_ESCAPES: Readonly<Record<BodyFormat, Escape | null>> = {
  json: escapeJson,
  form: escapeComponent,
  text: null,
};

export function inBody(format: BodyFormat): Place {
  return () => BODY_ESCAPES[format];
}

/** As it is: what a header cannot carry, no escape makes it carry. */
export const inHeader: Place = () => null;
