// A request in flight: what has happened to it, its limits, and whom to tell of its end.

import type { ErrorKind } from "../../metrics/results.ts";
import { monotonicMs } from "../clock.ts";
import type { Call, Exchange, PreparedRequest, Setup, Sink } from "../driver.ts";
import { KEPT_BODY_BYTES, RESPONSE_BYTES } from "../limits.ts";
import { KeptBody } from "./body.ts";
import type { Deadlines, Expiring, Queue } from "./deadlines.ts";
import { trimmed } from "./grammar.ts";
import type { AnswerParser, AnswerSink } from "./parser.ts";
import type { Message } from "./request.ts";

const NO_BODY = Buffer.alloc(0);

/** Methods that may be sent twice without more effect than once (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** What carries a request: it hears if nobody waits for the answer any more. */
export interface Carrier {
  abandon(call: Http1Call): void;
}

export class Http1Call implements Call, Exchange, AnswerSink, Expiring {
  status = 0;
  error: ErrorKind | null = null;
  readonly startMs: number;
  setup: Setup | null = null;
  writtenMs = 0;
  firstByteMs = 0;
  endMs = 0;
  bytesSent = 0;
  bytesReceived = 0;
  before: Expiring | null = null;
  after: Expiring | null = null;
  readonly request: PreparedRequest;
  readonly message: Message;
  carrier: Carrier | null = null;
  /** It was sent before, behind an answer that ended the connection. */
  isRepeated = false;
  /** The last of it is handed over to the system. */
  isWritten = false;
  #isSettled = false;
  #head = "";
  #body: KeptBody | null = null;
  readonly #sink: Sink;
  readonly #deadline: Queue;

  constructor(request: PreparedRequest, message: Message, sink: Sink, deadlines: Deadlines, startMs = monotonicMs()) {
    this.startMs = startMs;
    this.request = request;
    this.message = message;
    this.#sink = sink;
    this.#deadline = deadlines.add(this, request.timeoutMs);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  get isIdempotent(): boolean {
    return IDEMPOTENT.has(this.request.method);
  }

  get keepsHead(): boolean {
    return this.request.keepHead !== false;
  }

  get body(): Buffer {
    return this.#body === null ? NO_BODY : this.#body.bytes();
  }

  header(name: string): string | null {
    const values = this.values(name);
    return values.length === 0 ? null : values.join(", ");
  }

  values(name: string): string[] {
    return this.fields().flatMap(([field, value]) => (field.toLowerCase() === name ? [value] : []));
  }

  /** Names and values as they came. */
  fields(): (readonly [string, string])[] {
    // The status line, and the two line ends that close the head, are no fields.
    const lines = this.#head.split("\r\n").slice(1, -2);
    return lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), trimmed(line.slice(colon + 1))] as const;
    });
  }

  /** May it be written now? If not, it is over. */
  mayBegin(): boolean {
    if (this.#sink.mayBegin()) return true;
    // What was written once cannot be held back any more.
    if (this.isRepeated) this.fail("reset");
    else if (this.#settle(null)) this.#sink.onHeld();
    return false;
  }

  /** To be sent once more: what came of it before counts only as traffic. */
  repeat(): void {
    this.isRepeated = true;
    this.isWritten = false;
    this.writtenMs = 0;
    this.carrier = null;
  }

  onHead(parser: AnswerParser): boolean {
    if (this.#isSettled) return true;
    this.status = parser.status;
    if (this.keepsHead) this.#head = parser.head;
    return parser.length <= this.#mostBytes();
  }

  onData(bytes: Buffer, from: number, to: number): boolean {
    // Nobody waits for it any more; those behind it wait for its end.
    if (this.#isSettled) return true;
    if (this.request.keepBody) {
      this.#body ??= new KeptBody();
      if (this.#body.length + to - from > KEPT_BODY_BYTES) return false;
      this.#body.append(bytes, from, to);
    }
    return this.bytesReceived <= RESPONSE_BYTES;
  }

  /** The whole answer has come. */
  succeed(endMs: number): void {
    if (this.#settle(null, endMs)) this.#sink.onSettled(this);
  }

  fail(kind: ErrorKind): void {
    if (this.#settle(kind)) this.#sink.onSettled(this);
  }

  /** The connection goes first, so that a request made by the sink finds the pool as it is. */
  expire(): void {
    if (this.#isSettled) return;
    this.error = "timeout";
    this.carrier?.abandon(this);
    this.fail("timeout");
  }

  abort(): Exchange {
    const carrier = this.carrier;
    if (this.#settle(null)) carrier?.abandon(this);
    return this;
  }

  #mostBytes(): number {
    return this.request.keepBody ? KEPT_BODY_BYTES : RESPONSE_BYTES;
  }

  #settle(kind: ErrorKind | null, endMs = monotonicMs()): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.error = kind;
    this.endMs = endMs;
    this.carrier = null;
    this.#deadline.remove(this);
    return true;
  }
}
