// The header block of a request: what all requests of a step have in common is put together once.
//
// Fields go without Huffman and without the dynamic table, so that the same octets serve every connection and the table of
// the target stays empty; browsers send fewer of them.

import type { PreparedRequest } from "../driver.ts";
import { IS_PATH, IS_TOKEN, IS_VALUE, listOf, trimmed } from "../http1/grammar.ts";
import { STATIC } from "./static-table.ts";

export interface Message {
  readonly block: Buffer;
  readonly body: Buffer | null;
  /** The connection is closed after the answer. */
  readonly closes: boolean;
}

interface Common {
  readonly method: string;
  readonly headers: readonly string[];
  readonly closesAfter: boolean;
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
/** Methods that usually carry a body say so even if it is empty (RFC 9110, 8.6). */
const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);
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
  readonly #steps = new WeakMap<object, Common>();

  constructor(url: URL) {
    this.#scheme = url.protocol.slice(0, -1);
    this.#authority = url.host;
  }

  /** Null if HTTP does not allow it, or if a field of it is not the user's to set. */
  encode(request: PreparedRequest): Message | null {
    const { step, path, body } = request;
    const common = step === undefined ? this.#compose(request) : this.#commonOf(request, step);
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

  #commonOf(request: PreparedRequest, step: object): Common | null {
    const known = this.#steps.get(step);
    const { method, headers } = request;
    const closesAfter = closesAfterAnswer(request);
    if (known !== undefined && known.headers === headers && known.method === method && known.closesAfter === closesAfter) {
      return known;
    }
    const common = this.#compose(request);
    if (common !== null) this.#steps.set(step, common);
    return common;
  }

  #compose(request: PreparedRequest): Common | null {
    const { method, headers } = request;
    if (!IS_TOKEN.test(method)) return null;
    const closesAfter = closesAfterAnswer(request);
    let authority = this.#authority;
    let closes = closesAfter;
    let contentLength = -1;
    const after: Buffer[] = [];
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
        after.push(field(name, trimmed(value)));
      }
    }
    const before = Buffer.concat([field(":method", method), field(":scheme", this.#scheme), field(":authority", authority)]);
    const common = { method, headers, closesAfter, before, after: Buffer.concat(after), closes, contentLength };
    return { ...common, path: null, body: null, message: null };
  }
}

function closesAfterAnswer({ http }: PreparedRequest): boolean {
  return http !== undefined && (http.close ?? "keep") !== "keep";
}

/** Null if a field says another length than the body has. */
function messageOf(common: Common, path: string, text: string | null): Message | null {
  const { before, after, closes, contentLength, method } = common;
  const body = text === null || text === "" ? null : Buffer.from(text);
  const length = body?.length ?? 0;
  if (contentLength >= 0 && contentLength !== length) return null;
  const isSaid = length > 0 || contentLength >= 0 || WITH_BODY.has(method);
  const parts = [before, field(":path", path), after];
  if (isSaid) parts.push(field("content-length", String(length)));
  return { block: Buffer.concat(parts), body, closes };
}

/** A field in octets: of the static table if it is there, else as it is, and never to be put into a table. */
export function field(name: string, value: string): Buffer {
  const whole = FIELD_INDEX.get(`${name} ${value}`);
  if (whole !== undefined) return Buffer.of(0x80 | whole);
  const index = NAME_INDEX.get(name);
  const start = index === undefined ? [0, ...text(name)] : number(index, 0x0f);
  return Buffer.from([...start, ...text(value)]);
}

function text(value: string): number[] {
  return [...number(value.length, 0x7f), ...Buffer.from(value, "latin1")];
}

/** A number in the low bits of an octet and those after it (RFC 7541, 5.1). */
function number(value: number, mask: number): number[] {
  if (value < mask) return [value];
  const octets = [mask];
  let rest = value - mask;
  for (; rest >= 128; rest >>>= 7) octets.push((rest & 0x7f) | 0x80);
  octets.push(rest);
  return octets;
}
