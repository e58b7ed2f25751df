// The bytes of a request: what all requests of a step have in common is put together once.

import type { PreparedRequest } from "../driver.ts";
import { IS_PATH, IS_TOKEN, IS_VALUE, listOf, WITH_BODY } from "../http/grammar.ts";
import { closesAfterAnswer, type StepFacts, StepMemo } from "../http/step-memo.ts";

/** A request as it goes on the wire. */
export interface Message {
  /** All of it, or all but the body: bytes, or text of one octet a character. */
  readonly head: Buffer | string;
  readonly body: Buffer | null;
  readonly sizeBytes: number;
  /** It says that the connection is closed after the answer. */
  readonly closes: boolean;
}

/** What the requests of a step have in common, and the last of them. */
interface Common extends StepFacts {
  readonly before: string;
  /** From the version to the last field that does not depend on the body. */
  readonly after: string;
  readonly closes: boolean;
  /** A field says how long the body is; -1 if none does. */
  readonly contentLength: number;
  path: string | null;
  body: string | null;
  message: Message | null;
}

/** Fields that are ours to say, because they say how the connection is used. */
const REFUSED: ReadonlySet<string> = new Set(["transfer-encoding", "upgrade", "expect", "keep-alive"]);

/** Requests to one origin. */
export class RequestEncoder {
  readonly #host: string;
  readonly #steps = new StepMemo<Common>((request) => this.#compose(request));
  /** A request that was asked for again, perhaps as the same object every time. */
  #constant: PreparedRequest | null = null;
  #message: Message | null = null;

  /** Of the URL, with its port unless that goes without saying. */
  constructor(host: string) {
    this.#host = host;
  }

  /** Null if HTTP does not allow it, or if a field of it is not the user's to set. */
  encode(request: PreparedRequest): Message | null {
    if (request === this.#constant) return this.#message;
    const { path, body } = request;
    const common = this.#steps.of(request);
    if (common === null) return null;
    if (common.path === path && common.body === body) {
      // Asked for twice, and so perhaps for ever.
      if (common.message !== null && typeof common.message.head !== "string") return common.message;
      common.message = inBytes(messageOf(common, path, body));
      this.#constant = request;
      this.#message = common.message;
      return common.message;
    }
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
    let host = this.#host;
    let closes = closesAfter;
    let contentLength = -1;
    let fields = "";
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i]!;
      const value = headers[i + 1]!;
      if (!IS_TOKEN.test(name) || !IS_VALUE.test(value)) return null;
      const key = name.toLowerCase();
      if (REFUSED.has(key)) return null;
      if (key === "host") host = value;
      else if (key === "connection") {
        const options = listOf(value);
        if (options.some((option) => option !== "close" && option !== "keep-alive")) return null;
        closes ||= options.includes("close");
      } else if (key === "content-length") {
        if (!/^\d{1,15}$/.test(value)) return null;
        contentLength = Number(value);
      } else {
        fields += `${name}: ${value}\r\n`;
      }
    }
    const after = ` HTTP/1.1\r\nhost: ${host}\r\nconnection: ${closes ? "close" : "keep-alive"}\r\n${fields}`;
    return { method, headers, closesAfter, before: `${method} `, after, closes, contentLength, path: null, body: null, message: null };
  }
}

/** Null if a field says another length than the body has. */
function messageOf(common: Common, path: string, body: string | null): Message | null {
  const { before, after, closes, contentLength, method } = common;
  const length = body === null ? 0 : Buffer.byteLength(body);
  if (contentLength >= 0 && contentLength !== length) return null;
  const isSaid = length > 0 || contentLength >= 0 || WITH_BODY.has(method);
  const head = `${before}${path}${after}${isSaid ? `content-length: ${length}\r\n` : ""}\r\n`;
  const sizeBytes = head.length + length;
  // Octets and characters are as many: every character is ASCII, and one write carries all.
  if (body === null || length === body.length) return { head: body === null ? head : head + body, body: null, sizeBytes, closes };
  return { head, body: Buffer.from(body), sizeBytes, closes };
}

function inBytes(message: Message | null): Message | null {
  if (message === null || typeof message.head !== "string") return message;
  return { ...message, head: Buffer.from(message.head, "latin1") };
}
