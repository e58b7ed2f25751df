// Reads the head of an answer, or its trailer, octet by octet and wherever it is cut: framing is kept, the rest is checked.

import { COLON, CR, LF, listOf, SPACE, TAB, TOKEN, trimmed, VALUE } from "../http/grammar.ts";
import type { HeadFacts, HeadMemo } from "./head-memo.ts";
import { HEAD_BYTES } from "../http/limits.ts";

/** What can be wrong with an answer. All of it is an error of kind "protocol". */
export type Fault =
  | "status line"
  | "version"
  | "field name"
  | "field value"
  | "line end"
  | "head too long"
  | "content-length"
  | "transfer-encoding"
  | "framing in trailer"
  | "framing twice"
  | "chunk size"
  | "chunk extension"
  | "chunk end"
  | "switching protocols";

const STATUS_LINE = 0;
const REASON = 1;
const LINE_LF = 2;
const FIELD = 3;
const NAME = 4;
const VALUE_START = 5;
const IN_VALUE = 6;
const LENGTH_START = 7;
const LENGTH = 8;
const LENGTH_END = 9;
const END_LF = 10;
const DONE = 11;

/** Fields that say where an answer ends and what becomes of the connection. */
const OTHER = 0;
const CONTENT_LENGTH = 1;
const TRANSFER_ENCODING = 2;
const CONNECTION = 3;
const KEEP_ALIVE = 4;

const NAMES: readonly (readonly [Buffer, number])[] = [
  [Buffer.from("content-length"), CONTENT_LENGTH],
  [Buffer.from("transfer-encoding"), TRANSFER_ENCODING],
  [Buffer.from("connection"), CONNECTION],
  [Buffer.from("keep-alive"), KEEP_ALIVE],
];
const PERSISTENT = Buffer.from("keep-alive");
const VERSION = Buffer.from("HTTP/1.");
const LENGTH_MOST = Number.MAX_SAFE_INTEGER;

/** Whether these octets are the lower-case ones, in whatever case. Only for octets of a token: CR and `-` differ in one bit. */
function same(bytes: Buffer, from: number, to: number, lower: Buffer): boolean {
  if (to - from !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) if ((bytes[from + i]! | 0x20) !== lower[i]) return false;
  return true;
}

function fieldOf(bytes: Buffer, from: number, to: number): number {
  const length = to - from;
  // Most names have another length than those that matter.
  if (length !== 14 && length !== 17 && length !== 10) return OTHER;
  for (const [name, field] of NAMES) if (same(bytes, from, to, name)) return field;
  return OTHER;
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}

export class HeadParser implements HeadFacts {
  status = 0;
  minor = 1;
  contentLength = -1;
  isChunked = false;
  closes = false;
  persists = false;
  keepAliveSeconds = -1;
  fault: Fault | null = null;
  #state = STATUS_LINE;
  #isTrailer = false;
  /** Octets of the status line that have come. */
  #index = 0;
  #field = OTHER;
  /** What came of a name, or of a value that matters, before the bytes at hand. */
  #before = "";
  #octets = 0;
  readonly #memo: HeadMemo;

  constructor(memo: HeadMemo) {
    this.#memo = memo;
  }

  get isDone(): boolean {
    return this.#state === DONE;
  }

  /** For the next answer, or for the one after an interim answer, whose octets count. */
  begin(isAfterInterim = false): void {
    this.#state = STATUS_LINE;
    this.#isTrailer = false;
    this.#index = 0;
    this.status = 0;
    this.contentLength = -1;
    this.isChunked = false;
    this.closes = false;
    this.persists = false;
    this.keepAliveSeconds = -1;
    this.fault = null;
    this.#before = "";
    if (!isAfterInterim) this.#octets = 0;
  }

  /** For the fields after the last chunk. */
  beginTrailer(): void {
    this.#state = FIELD;
    this.#isTrailer = true;
    this.#octets = 0;
  }

  /** Where it ends, or `to`; `isDone` tells. Less after a fault. */
  parse(bytes: Buffer, from: number, to: number): number {
    if (this.#octets > 0 || this.#isTrailer) return this.#read(bytes, from, to);
    const known = this.#memo.recall(bytes, from, to, this);
    if (known > 0) {
      this.#state = DONE;
      this.#octets = known;
      return from + known;
    }
    const end = this.#read(bytes, from, to);
    if (this.isDone) this.#memo.keep(bytes, from, end, this);
    return end;
  }

  #read(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.#state !== DONE && this.fault === null) at = this.#step(bytes, at, to);
    this.#octets += at - from;
    if (this.#octets > HEAD_BYTES && this.fault === null) this.fault = "head too long";
    return at;
  }

  #step(bytes: Buffer, at: number, to: number): number {
    switch (this.#state) {
      case STATUS_LINE:
        return this.#statusLine(bytes, at, to);
      case REASON:
        return this.#reason(bytes, at, to);
      case FIELD:
        if (bytes[at] === CR) {
          this.#state = END_LF;
          return at + 1;
        }
        this.#state = NAME;
        return at;
      case NAME:
        return this.#name(bytes, at, to);
      case VALUE_START:
        return this.#skip(bytes, at, to, IN_VALUE);
      case IN_VALUE:
        return this.#value(bytes, at, to);
      case LENGTH_START:
        return this.#skip(bytes, at, to, LENGTH);
      case LENGTH:
        return this.#length(bytes, at, to);
      case LENGTH_END:
        return this.#lineEnd(bytes, at, to);
      default:
        if (bytes[at] !== LF) return this.#fail("line end", at);
        this.#state = this.#state === END_LF ? DONE : FIELD;
        return at + 1;
    }
  }

  /** Up to the status code; the space after it may be missing if the reason is. */
  #statusLine(bytes: Buffer, from: number, to: number): number {
    let at = from;
    let index = this.#index;
    for (; at < to; at++, index++) {
      const octet = bytes[at]!;
      if (index < 7) {
        if (octet !== VERSION[index]) return this.#fail(index < 5 ? "status line" : "version", at);
      } else if (index === 7) {
        if (octet !== 0x30 && octet !== 0x31) return this.#fail("version", at);
        this.minor = octet - 0x30;
      } else if (index === 8) {
        if (octet !== SPACE) return this.#fail("version", at);
      } else if (index < 12) {
        if (!isDigit(octet)) return this.#fail("status line", at);
        this.status = this.status * 10 + octet - 0x30;
      } else {
        if ((octet !== SPACE && octet !== CR) || this.status < 100) return this.#fail("status line", at);
        this.#state = octet === CR ? LINE_LF : REASON;
        return at + 1;
      }
    }
    this.#index = index;
    return at;
  }

  #reason(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && VALUE[bytes[at]!] === 1) at++;
    if (at === to) return at;
    if (bytes[at] !== CR) return this.#fail("status line", at);
    this.#state = LINE_LF;
    return at + 1;
  }

  #name(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && TOKEN[bytes[at]!] === 1) at++;
    if (at === to) {
      this.#before += bytes.toString("latin1", from, at);
      return at;
    }
    if (bytes[at] !== COLON || (at === from && this.#before === "")) return this.#fail("field name", at);
    if (this.#before === "") {
      this.#field = fieldOf(bytes, from, at);
    } else {
      const name = Buffer.from(this.#before + bytes.toString("latin1", from, at), "latin1");
      this.#field = fieldOf(name, 0, name.length);
      this.#before = "";
    }
    return this.#begins(at + 1);
  }

  /** The value of the field. */
  #begins(at: number): number {
    this.#state = VALUE_START;
    if (this.#field !== CONTENT_LENGTH && this.#field !== TRANSFER_ENCODING) return at;
    if (this.#isTrailer) return this.#fail("framing in trailer", at);
    if (this.contentLength >= 0 || this.isChunked) return this.#fail("framing twice", at);
    if (this.#field === CONTENT_LENGTH) this.#state = LENGTH_START;
    return at;
  }

  #skip(bytes: Buffer, from: number, to: number, next: number): number {
    let at = from;
    while (at < to && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
    if (at < to) this.#state = next;
    return at;
  }

  #length(bytes: Buffer, from: number, to: number): number {
    let at = from;
    let length = this.contentLength;
    for (; at < to && isDigit(bytes[at]!); at++) {
      length = (length < 0 ? 0 : length * 10) + bytes[at]! - 0x30;
      if (length > LENGTH_MOST) return this.#fail("content-length", at);
    }
    this.contentLength = length;
    if (at === to) return at;
    if (length < 0) return this.#fail("content-length", at);
    this.#state = LENGTH_END;
    return at;
  }

  /** Optional whitespace and CR after a length. */
  #lineEnd(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
    if (at === to) return at;
    if (bytes[at] !== CR) return this.#fail("content-length", at);
    this.#state = LINE_LF;
    return at + 1;
  }

  #value(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && VALUE[bytes[at]!] === 1) at++;
    if (this.#field !== OTHER && !this.#isTrailer) {
      // What nginx and many others say in every answer.
      const isUsual = this.#field === CONNECTION && this.#before === "" && at < to && same(bytes, from, at, PERSISTENT);
      if (isUsual) this.persists = true;
      else this.#before += bytes.toString("latin1", from, at);
    }
    if (at === to) return at;
    if (bytes[at] !== CR) return this.#fail("field value", at);
    if (this.#before !== "") this.#take(this.#before);
    else if (this.#field === TRANSFER_ENCODING) this.#take("");
    this.#before = "";
    this.#state = LINE_LF;
    return this.fault === null ? at + 1 : at;
  }

  /** The whole value of a field that matters. */
  #take(value: string): void {
    if (this.#field === TRANSFER_ENCODING) {
      // We offer no coding (TE), so a target may use no other.
      if (trimmed(value).toLowerCase() === "chunked") this.isChunked = true;
      else this.fault = "transfer-encoding";
    } else if (this.#field === CONNECTION) {
      for (const option of listOf(value)) {
        if (option === "close") this.closes = true;
        else if (option === "keep-alive") this.persists = true;
      }
    } else {
      const match = /(?:^|[,;\s])timeout=(\d{1,6})(?:$|[,;\s])/i.exec(value);
      if (match !== null) this.keepAliveSeconds = Number(match[1]);
    }
  }

  #fail(fault: Fault, at: number): number {
    this.fault = fault;
    return at;
  }
}
