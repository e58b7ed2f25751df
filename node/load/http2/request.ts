// The header block of a request: what all requests of a step have in common is put together once.
//
// Fields go without Huffman and without the dynamic table, so that the same octets serve every connection and the table of
// the target stays empty; browsers send fewer of them.

import type { PreparedRequest } from "../driver.ts";
import { IS_PATH, IS_TOKEN, IS_VALUE, listOf, trimmed, WITH_BODY } from "../http/grammar.ts";
import { closesAfterAnswer, type StepFacts, StepMemo } from "../http/step-memo.ts";
import { STATIC } from "./static-table.ts";

export interface Message {
  readonly block: Buffer;
  readonly body: Buffer | null;
  /** The connection is closed after the answer. */
  readonly closes: boolean;
}

interface Common extends StepFacts {
  /** Method, scheme and authority. */
  readonly before: Buffer;
  /** What comes after the path and does not depend on the body. */
  readonly after: Buffer;
  readonly closes: boolean;
  /** A field says how long the body is; -1 if none does. */
  readonly contentLength: number;
  path: string | null;
  body: string | null;
  message: Message | null;
}

/** Fields that say how a connection is used: they are not the user's to set, or have no meaning in HTTP/2. */
const REFUSED: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "upgrade",
  "expect",
  "keep-alive",
  "proxy-connection",
  "http2-settings",
]);
/** Of a number up to 2^28. */
const MOST_OCTETS_OF_A_LENGTH = 5;
/** More than "content-length" and its value take. */
const CONTENT_LENGTH_BYTES = 32;
/** No value in the static table is longer. */
const LONGEST_KNOWN = 13;
const NAME_INDEX = new Map<string, number>();
const FIELD_INDEX = new Map<string, number>();
for (let i = STATIC.length - 2; i >= 0; i -= 2) {
  NAME_INDEX.set(STATIC[i]!, i / 2 + 1);
  FIELD_INDEX.set(`${STATIC[i]} ${STATIC[i + 1]}`, i / 2 + 1);
}

/** Requests to one origin. */
export class RequestEncoder {
  readonly #scheme: string;
  readonly #authority: string;
  readonly #steps = new StepMemo<Common>((request) => this.#compose(request));

  constructor(url: URL) {
    this.#scheme = url.protocol.slice(0, -1);
    this.#authority = url.host;
  }

  /** Null if HTTP does not allow it, or if a field of it is not the user's to set. */
  encode(request: PreparedRequest): Message | null {
    const { path, body } = request;
    const common = this.#steps.of(request);
    if (common === null) return null;
    if (common.message !== null && common.path === path && common.body === body) return common.message;
    if (!IS_PATH.test(path)) return null;
    const message = messageOf(common, path, body);
    if (message === null) return null;
    common.path = path;
    common.body = body;
    common.message = message;
    return message;
  }

  #compose(request: PreparedRequest): Common | null {
    const { method, headers } = request;
    if (!IS_TOKEN.test(method)) return null;
    const closesAfter = closesAfterAnswer(request);
    let authority = this.#authority;
    let closes = closesAfter;
    let contentLength = -1;
    const after: string[] = [];
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i]!.toLowerCase();
      const value = headers[i + 1]!;
      if (!IS_TOKEN.test(name) || !IS_VALUE.test(value) || REFUSED.has(name)) return null;
      if (name === "te" && value.toLowerCase() !== "trailers") return null;
      if (name === "host") authority = value;
      else if (name === "connection") {
        const options = listOf(value);
        if (options.some((option) => option !== "close" && option !== "keep-alive")) return null;
        closes ||= options.includes("close");
      } else if (name === "content-length") {
        if (!/^\d{1,15}$/.test(value)) return null;
        contentLength = Number(value);
      } else {
        after.push(name, trimmed(value));
      }
    }
    const before = blockOf([":method", method, ":scheme", this.#scheme, ":authority", authority]);
    const common = { method, headers, closesAfter, before, after: blockOf(after), closes, contentLength };
    return { ...common, path: null, body: null, message: null };
  }
}

/** Null if a field says another length than the body has. */
function messageOf(common: Common, path: string, text: string | null): Message | null {
  const { before, after, closes, contentLength, method } = common;
  const body = text === null || text === "" ? null : Buffer.from(text);
  const length = body?.length ?? 0;
  if (contentLength >= 0 && contentLength !== length) return null;
  const isSaid = length > 0 || contentLength >= 0 || WITH_BODY.has(method);
  const block = Buffer.allocUnsafe(before.length + mostBytesOf(":path", path) + after.length + CONTENT_LENGTH_BYTES);
  let at = before.copy(block);
  at = writeField(block, at, ":path", path);
  at += after.copy(block, at);
  if (isSaid) at = writeField(block, at, "content-length", String(length));
  return { block: block.subarray(0, at), body, closes };
}

/** Fields in octets; names and values in turn. */
export function blockOf(fields: readonly string[]): Buffer {
  let most = 0;
  for (let i = 0; i < fields.length; i += 2) most += mostBytesOf(fields[i]!, fields[i + 1]!);
  const block = Buffer.allocUnsafe(most);
  let at = 0;
  for (let i = 0; i < fields.length; i += 2) at = writeField(block, at, fields[i]!, fields[i + 1]!);
  return block.subarray(0, at);
}

/** With an octet that says what it is, and two lengths. */
function mostBytesOf(name: string, value: string): number {
  return 1 + name.length + value.length + 2 * MOST_OCTETS_OF_A_LENGTH;
}

/** By its number if it is in the static table, else as it is, and never to be put into a table. */
function writeField(to: Buffer, from: number, name: string, value: string): number {
  const whole = value.length <= LONGEST_KNOWN ? FIELD_INDEX.get(`${name} ${value}`) : undefined;
  if (whole !== undefined) {
    to[from] = 0x80 | whole;
    return from + 1;
  }
  const index = NAME_INDEX.get(name);
  let at = from;
  if (index !== undefined) at = writeNumber(to, at, index, 0x0f);
  else {
    to[at] = 0;
    at = writeText(to, at + 1, name);
  }
  return writeText(to, at, value);
}

function writeText(to: Buffer, from: number, text: string): number {
  const at = writeNumber(to, from, text.length, 0x7f);
  return at + to.write(text, at, "latin1");
}

/** A number in the low bits of an octet and those after it (RFC 7541, 5.1). */
function writeNumber(to: Buffer, from: number, value: number, mask: number): number {
  if (value < mask) {
    to[from] = value;
    return from + 1;
  }
  to[from] = mask;
  let at = from + 1;
  let rest = value - mask;
  for (; rest >= 128; rest >>>= 7) to[at++] = (rest & 0x7f) | 0x80;
  to[at] = rest;
  return at + 1;
}
