// A request in flight, whichever version of HTTP it goes by: what has happened to it, its limits, and whom to tell of its end.

import type { ErrorKind } from "../../metrics/results.ts";
import { monotonicMs } from "../clock.ts";
import type { Call, Exchange, PreparedRequest, Setup, Sink } from "../driver.ts";
import { KEPT_BODY_BYTES, RESPONSE_BYTES } from "../limits.ts";
import { KeptBody } from "./body.ts";
import type { Deadlines, Expiring, Queue } from "./deadlines.ts";

const NO_BODY = Buffer.alloc(0);

export abstract class HttpCall implements Call, Exchange, Expiring {
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
  /** It was sent before, where the target says that it has not looked at it. */
  isRepeated = false;
  #isSettled = false;
  #body: KeptBody | null = null;
  readonly #sink: Sink;
  readonly #deadline: Queue;

  constructor(request: PreparedRequest, sink: Sink, deadlines: Deadlines, startMs = monotonicMs()) {
    this.startMs = startMs;
    this.request = request;
    this.#sink = sink;
    this.#deadline = deadlines.add(this, request.timeoutMs);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  get body(): Buffer {
    return this.#body === null ? NO_BODY : this.#body.bytes();
  }

  header(name: string): string | null {
    const values = this.values(name);
    return values.length === 0 ? null : values.join(", ");
  }

  abstract values(name: string): string[];

  /** May it be written now? If not, it is over. */
  mayBegin(): boolean {
    if (this.#sink.mayBegin()) return true;
    // What was written once cannot be held back any more.
    if (this.isRepeated) this.fail("reset");
    else if (this.settle(null)) this.#sink.onHeld();
    return false;
  }

  /** It waited until a connection got free, and may be written now. If not, it is over. */
  waited(): boolean {
    this.setup = { blockedMs: monotonicMs() - this.startMs, connectingMs: 0, tlsMs: 0 };
    return this.mayBegin();
  }

  /** The whole answer has come. */
  succeed(endMs: number): void {
    if (this.settle(null, endMs)) this.#sink.onSettled(this);
  }

  fail(kind: ErrorKind): void {
    if (this.settle(kind)) this.#sink.onSettled(this);
  }

  abstract expire(): void;

  abstract abort(): Exchange;

  /** A piece of the body; false if it is more than is taken. */
  protected take(bytes: Buffer, from: number, to: number): boolean {
    if (this.request.keepBody) {
      this.#body ??= new KeptBody();
      if (this.#body.length + to - from > KEPT_BODY_BYTES) return false;
      this.#body.append(bytes, from, to);
    }
    return this.bytesReceived <= RESPONSE_BYTES;
  }

  /** What is taken of a body. */
  protected get mostBytes(): number {
    return this.request.keepBody ? KEPT_BODY_BYTES : RESPONSE_BYTES;
  }

  /** False if it was over already. */
  protected settle(kind: ErrorKind | null, endMs = monotonicMs()): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.error = kind;
    this.endMs = endMs;
    this.#deadline.remove(this);
    return true;
  }
}
