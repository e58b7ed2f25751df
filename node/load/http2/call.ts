// A request in flight and the stream it goes on: what has happened to it, its limits, and whom to tell of its end.

import type { ErrorKind } from "../../metrics/results.ts";
import { monotonicMs } from "../clock.ts";
import type { Call, Exchange, PreparedRequest, Setup, Sink } from "../driver.ts";
import { KeptBody } from "../http1/body.ts";
import type { Deadlines, Expiring, Queue } from "../http1/deadlines.ts";
import { KEPT_BODY_BYTES, RESPONSE_BYTES } from "../limits.ts";
import { areRegular, type Head } from "./head.ts";
import type { FieldList } from "./head-reader.ts";
import { STREAM_WINDOW_BYTES } from "./limits.ts";
import type { Message } from "./request.ts";

const NO_BODY = Buffer.alloc(0);
const NO_CONTENT = 204;
const NOT_MODIFIED = 304;

/** What carries a request: it hears if nobody waits for the answer any more. */
export interface Carrier {
  abandon(call: Http2Call, isLate: boolean): void;
}

export class Http2Call implements Call, Exchange, Expiring {
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
  /** Its stream; 0 before it is open. */
  stream = 0;
  /** Among the streams of its connection. */
  place = -1;
  /** How often it was given to another connection. */
  moves = 0;
  /** It was sent before, to a target that says it has not looked at it. */
  isRepeated = false;
  /** The target speaks HTTP/1.1 only; nothing was sent. */
  isDeclined = false;
  /** Octets of the body that are sent. */
  bodySent = 0;
  /** How much more the target takes on this stream. */
  sendWindow = 0;
  /** How much more it may send. */
  receiveWindow = STREAM_WINDOW_BYTES;
  #isSettled = false;
  #head: Head | null = null;
  #isTrailed = false;
  #received = 0;
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

  /** All of it is handed over. */
  get isWritten(): boolean {
    return this.stream !== 0 && this.bodySent === (this.message.body?.length ?? 0);
  }

  get body(): Buffer {
    return this.#body === null ? NO_BODY : this.#body.bytes();
  }

  header(name: string): string | null {
    const values = this.values(name);
    return values.length === 0 ? null : values.join(", ");
  }

  values(name: string): string[] {
    const fields = this.#head?.fields ?? [];
    return fields.flatMap((field, i) => (i % 2 === 0 && field === name ? [fields[i + 1]!] : []));
  }

  /** May it be written now? If not, it is over. */
  mayBegin(): boolean {
    if (this.#sink.mayBegin()) return true;
    // What was written once cannot be held back any more.
    if (this.isRepeated) this.fail("reset");
    else if (this.#settle(null)) this.#sink.onHeld();
    return false;
  }

  /** It goes to another connection: what came of it before counts only as traffic. */
  move(): void {
    this.moves++;
    this.isRepeated ||= this.writtenMs > 0;
    this.writtenMs = 0;
    this.firstByteMs = 0;
    this.stream = 0;
    this.bodySent = 0;
    this.receiveWindow = STREAM_WINDOW_BYTES;
    this.carrier = null;
  }

  /** A head or a trailer. False if it can be neither. */
  onFields(list: FieldList, isEnd: boolean): boolean {
    if (list.isTooLong) return false;
    if (this.#head !== null) {
      if (this.#isTrailed || !isEnd || !areRegular(list.fields)) return false;
      this.#isTrailed = true;
      return true;
    }
    const { head } = list;
    if (head === null) return false;
    if (head.status < 200) return !isEnd;
    this.#head = head;
    this.status = head.status;
    return true;
  }

  /** What the head promises is more than is taken. */
  get isTooLong(): boolean {
    return this.#head !== null && !this.#isBodiless() && this.#head.contentLength > this.#mostBytes();
  }

  /** What is wrong with a piece of the body; null if nothing is. */
  onData(bytes: Buffer, from: number, to: number): ErrorKind | null {
    if (this.#head === null || this.#isBodiless()) return "protocol";
    this.#received += to - from;
    const { contentLength } = this.#head;
    if (contentLength >= 0 && this.#received > contentLength) return "protocol";
    if (this.request.keepBody) {
      this.#body ??= new KeptBody();
      if (this.#received > KEPT_BODY_BYTES) return "too_large";
      this.#body.append(bytes, from, to);
    }
    return this.bytesReceived > RESPONSE_BYTES ? "too_large" : null;
  }

  /** Whether it may end here. */
  get isWhole(): boolean {
    if (this.#head === null) return false;
    const { contentLength } = this.#head;
    return this.#isBodiless() || contentLength < 0 || contentLength === this.#received;
  }

  /** The whole answer has come. */
  succeed(endMs: number): void {
    if (this.#settle(null, endMs)) this.#sink.onSettled(this);
  }

  fail(kind: ErrorKind): void {
    if (this.#settle(kind)) this.#sink.onSettled(this);
  }

  /** The connection goes first, so that a request made by the sink finds it as it is. */
  expire(): void {
    this.carrier?.abandon(this, true);
    this.fail("timeout");
  }

  abort(): Exchange {
    const carrier = this.carrier;
    if (this.#settle(null)) carrier?.abandon(this, false);
    return this;
  }

  #isBodiless(): boolean {
    return this.request.method === "HEAD" || this.status === NO_CONTENT || this.status === NOT_MODIFIED;
  }

  #mostBytes(): number {
    return this.request.keepBody ? KEPT_BODY_BYTES : RESPONSE_BYTES;
  }

  #settle(kind: ErrorKind | null, endMs = monotonicMs()): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.error = kind;
    this.endMs = endMs;
    this.#deadline.remove(this);
    return true;
  }
}
