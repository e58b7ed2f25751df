// What the head of an answer says, and whether it is one (RFC 9113, 8.1 to 8.3). Trailers as well.

import { IS_VALUE, listOf, trimmed } from "../http/grammar.ts";

export interface Head {
  readonly status: number;
  /** -1 without one. */
  readonly contentLength: number;
  /** Names and values in turn, without those that begin with a colon. */
  readonly fields: readonly string[];
}

/** A name in lower case; HTTP/2 has no other. */
const IS_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const IS_STATUS = /^[1-9]\d\d$/;
const SWITCHING_PROTOCOLS = 101;
/** What HTTP/1.1 says of connections has no meaning here (RFC 9113, 8.2.2). */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** Null if these fields are no head of an answer. */
export function headOf(fields: readonly string[]): Head | null {
  if (fields[0] !== ":status" || !IS_STATUS.test(fields[1]!)) return null;
  const rest = fields.slice(2);
  const status = Number(fields[1]);
  if (!areRegular(rest) || status === SWITCHING_PROTOCOLS) return null;
  const contentLength = contentLengthOf(rest);
  return contentLength === null ? null : { status, contentLength, fields: rest };
}

/** Whether fields may stand where no pseudo-field may, as in trailers. */
export function areRegular(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (!IS_NAME.test(name) || !IS_VALUE.test(value) || trimmed(value) !== value || OF_CONNECTION.has(name)) return false;
  }
  return true;
}

/** -1 without one; null if it is none. Several that are the same are one (RFC 9110, 8.6). */
function contentLengthOf(fields: readonly string[]): number | null {
  let found = -1;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== "content-length") continue;
    for (const value of listOf(fields[i + 1]!)) {
      const length = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      if (!Number.isSafeInteger(length) || (found >= 0 && length !== found)) return null;
      found = length;
    }
    if (found < 0) return null;
  }
  return found;
}
