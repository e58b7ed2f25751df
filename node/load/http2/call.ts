// A request in flight and the stream it goes on.

import type { ErrorKind } from "../../metrics/results.ts";
import type { Exchange, PreparedRequest, Sink } from "../driver.ts";
import { HttpCall } from "../http/call.ts";
import type { Deadlines } from "../http/deadlines.ts";
import { areRegular, type Head } from "./head.ts";
import type { FieldList } from "./head-reader.ts";
import { STREAM_WINDOW_BYTES } from "./limits.ts";
import type { Message } from "./request.ts";

const NO_CONTENT = 204;
const NOT_MODIFIED = 304;

/** What carries a request: it hears if nobody waits for the answer any more. */
export interface Carrier {
  abandon(call: Http2Call, isLate: boolean): void;
}

export class Http2Call extends HttpCall {
  readonly message: Message;
  carrier: Carrier | null = null;
  /** Its stream; 0 before it is open. */
  stream = 0;
  /** Among the streams of its connection. */
  place = -1;
  /** How often it was given to another connection. */
  moves = 0;
  /** Octets of the body that are sent. */
  bodySent = 0;
  /** How much more the target takes on this stream. */
  sendWindow = 0;
  /** How much more it may send. */
  receiveWindow = STREAM_WINDOW_BYTES;
  #head: Head | null = null;
  #isTrailed = false;
  #received = 0;

  constructor(request: PreparedRequest, message: Message, sink: Sink, deadlines: Deadlines, startMs?: number) {
    super(request, sink, deadlines, startMs);
    this.message = message;
  }

  /** All of it is handed over. */
  get isWritten(): boolean {
    return this.stream !== 0 && this.bodySent === (this.message.body?.length ?? 0);
  }

  override values(name: string): string[] {
    const fields = this.#head?.fields ?? [];
    return fields.flatMap((field, i) => (i % 2 === 0 && field === name ? [fields[i + 1]!] : []));
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
    return this.#head !== null && !this.#isBodiless() && this.#head.contentLength > this.mostBytes;
  }

  /** What is wrong with a piece of the body; null if nothing is. */
  onData(bytes: Buffer, from: number, to: number): ErrorKind | null {
    if (this.#head === null || this.#isBodiless()) return "protocol";
    this.#received += to - from;
    const { contentLength } = this.#head;
    if (contentLength >= 0 && this.#received > contentLength) return "protocol";
    return this.take(bytes, from, to) ? null : "too_large";
  }

  /** Whether it may end here. */
  get isWhole(): boolean {
    if (this.#head === null) return false;
    const { contentLength } = this.#head;
    return this.#isBodiless() || contentLength < 0 || contentLength === this.#received;
  }

  /** The connection goes first, so that a request made by the sink finds it as it is. */
  override expire(): void {
    this.carrier?.abandon(this, true);
    this.fail("timeout");
  }

  override abort(): Exchange {
    const { carrier } = this;
    if (this.settle(null)) carrier?.abandon(this, false);
    return this;
  }

  #isBodiless(): boolean {
    return this.request.method === "HEAD" || this.status === NO_CONTENT || this.status === NOT_MODIFIED;
  }
}
