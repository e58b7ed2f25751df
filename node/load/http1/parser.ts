// Reads answers from the bytes of a connection, wherever they are cut: head, body by whatever framing, trailer.

import { ChunkParser } from "./chunks.ts";
import type { HeadMemo } from "./head-memo.ts";
import { type Fault, HeadParser } from "./head.ts";

/** Whom a parser tells what it reads. Both say whether to go on; after false the connection is of no more use. */
export interface AnswerSink {
  /** The head is complete: `status` and `length` of the parser are those of the final answer. */
  onHead(parser: AnswerParser): boolean;
  /** A piece of the body, in memory that is used again afterwards. */
  onData(bytes: Buffer, from: number, to: number): boolean;
}

const HEAD = 0;
const LENGTH = 1;
const CHUNKS = 2;
const TRAILER = 3;
const UNTIL_CLOSE = 4;
const END = 5;
const STOPPED = 6;

const SWITCHING_PROTOCOLS = 101;

export class AnswerParser {
  /** What is wrong; the connection is of no more use. */
  fault: Fault | null = null;
  /** Octets of the body that the head promises; -1 if it does not say. */
  length = -1;
  /** The connection may be used again when the answer has ended. */
  persists = false;
  /** The target says, or its version of HTTP does, that it reads no further request on this connection. */
  saysClose = false;
  /** The head as it came, if it is kept; there while `onHead` is called. */
  head = "";
  readonly #head: HeadParser;
  readonly #chunks = new ChunkParser();
  readonly #onData = (bytes: Buffer, from: number, to: number): boolean => this.#tell(bytes, from, to);
  #sink: AnswerSink | null = null;
  #phase = END;
  #keepsHead = false;
  #answersHead = false;
  #remaining = 0;

  constructor(memo: HeadMemo) {
    this.#head = new HeadParser(memo);
  }

  get status(): number {
    return this.#head.status;
  }

  /** How long the target keeps the connection, as it says; -1 if it does not. */
  get keepAliveSeconds(): number {
    return this.#head.keepAliveSeconds;
  }

  /** The sink wants no more of the answer. */
  get isRefused(): boolean {
    return this.#phase === STOPPED && this.fault === null;
  }

  get isEnd(): boolean {
    return this.#phase === END;
  }

  /** The next answer, to a request of this method. */
  begin(sink: AnswerSink, method: string, keepsHead: boolean): void {
    this.#sink = sink;
    this.#answersHead = method === "HEAD";
    this.#keepsHead = keepsHead;
    this.#phase = HEAD;
    this.fault = null;
    this.persists = false;
    this.saysClose = false;
    this.length = -1;
    this.head = "";
    this.#head.begin();
  }

  /** Where the answer ends, or `to`. Anything may have happened: look at `fault` and `isEnd`. */
  parse(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.#phase < END) at = this.#step(bytes, at, to);
    return at;
  }

  /** The target has closed the connection. True if that ends the answer, false if it cuts it short. */
  close(): boolean {
    if (this.#phase !== UNTIL_CLOSE) return false;
    this.#phase = END;
    return true;
  }

  #step(bytes: Buffer, at: number, to: number): number {
    switch (this.#phase) {
      case HEAD:
        return this.#readHead(bytes, at, to);
      case LENGTH: {
        const end = Math.min(to, at + this.#remaining);
        this.#remaining -= end - at;
        if (this.#tell(bytes, at, end) && this.#remaining === 0) this.#phase = END;
        return end;
      }
      case CHUNKS: {
        const end = this.#chunks.parse(bytes, at, to, this.#onData);
        if (this.#chunks.fault !== null) this.#fail(this.#chunks.fault);
        else if (this.#chunks.isLast) {
          this.#head.beginTrailer();
          this.#phase = TRAILER;
        }
        return end;
      }
      case TRAILER: {
        const end = this.#head.parse(bytes, at, to);
        if (this.#head.fault !== null) this.#fail(this.#head.fault);
        else if (this.#head.isDone) this.#phase = END;
        return end;
      }
      default:
        this.#tell(bytes, at, to);
        return to;
    }
  }

  #readHead(bytes: Buffer, from: number, to: number): number {
    const end = this.#head.parse(bytes, from, to);
    if (this.#keepsHead) this.head += bytes.toString("latin1", from, end);
    if (this.#head.fault !== null) this.#fail(this.#head.fault);
    else if (this.#head.isDone) this.#frame();
    return end;
  }

  /** The head is complete: where does the answer end? RFC 9112, 6.3. */
  #frame(): void {
    const { status, contentLength, isChunked, minor, closes, persists } = this.#head;
    if (status === SWITCHING_PROTOCOLS) return this.#fail("switching protocols");
    if (status < 200) {
      this.#head.begin(true);
      this.head = "";
      return;
    }
    if (isChunked && minor === 0) return this.#fail("transfer-encoding");
    this.saysClose = closes || (minor === 0 && !persists);
    this.persists = !this.saysClose;
    if (this.#answersHead || status === 204 || status === 304) {
      // A body that is announced where none may be might come all the same, and be taken for the next answer.
      if (!this.#answersHead && (contentLength > 0 || isChunked)) this.persists = false;
      this.length = 0;
      this.#phase = END;
    } else if (isChunked) {
      this.#chunks.begin();
      this.#phase = CHUNKS;
    } else if (contentLength >= 0) {
      this.length = this.#remaining = contentLength;
      this.#phase = contentLength === 0 ? END : LENGTH;
    } else {
      this.persists = false;
      this.#phase = UNTIL_CLOSE;
    }
    if (!this.#sink!.onHead(this)) this.#phase = STOPPED;
    // An idle connection keeps nothing of what went before.
    this.head = "";
  }

  #tell(bytes: Buffer, from: number, to: number): boolean {
    if (this.#sink!.onData(bytes, from, to)) return true;
    this.#phase = STOPPED;
    return false;
  }

  #fail(fault: Fault): void {
    this.fault = fault;
    this.#phase = STOPPED;
  }
}
