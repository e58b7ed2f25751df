// A request in flight on a connection that carries one behind the other.

import type { Exchange, PreparedRequest, Sink } from "../driver.ts";
import { HttpCall } from "../http/call.ts";
import type { Deadlines } from "../http/deadlines.ts";
import { trimmed } from "../http/grammar.ts";
import type { AnswerParser, AnswerSink } from "./parser.ts";
import type { Message } from "./request.ts";

/** Methods that may be sent twice without more effect than once (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** What carries a request: it hears if nobody waits for the answer any more. */
export interface Carrier {
  abandon(call: Http1Call): void;
}

export class Http1Call extends HttpCall implements AnswerSink {
  readonly message: Message;
  carrier: Carrier | null = null;
  /** The last of it is handed over to the system. */
  isWritten = false;
  #head = "";

  constructor(request: PreparedRequest, message: Message, sink: Sink, deadlines: Deadlines, startMs?: number) {
    super(request, sink, deadlines, startMs);
    this.message = message;
  }

  get isIdempotent(): boolean {
    return IDEMPOTENT.has(this.request.method);
  }

  get keepsHead(): boolean {
    return this.request.keepHead !== false;
  }

  override values(name: string): string[] {
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

  /** To be sent once more, behind an answer that ended the connection: what came of it before counts only as traffic. */
  repeat(): void {
    this.isRepeated = true;
    this.isWritten = false;
    this.writtenMs = 0;
    this.carrier = null;
  }

  onHead(parser: AnswerParser): boolean {
    if (this.isSettled) return true;
    this.status = parser.status;
    if (this.keepsHead) this.#head = parser.head;
    return parser.length <= this.mostBytes;
  }

  onData(bytes: Buffer, from: number, to: number): boolean {
    // Nobody waits for it any more; those behind it wait for its end.
    return this.isSettled || this.take(bytes, from, to);
  }

  /** The connection goes first, so that a request made by the sink finds the pool as it is. */
  override expire(): void {
    if (this.isSettled) return;
    this.error = "timeout";
    this.carrier?.abandon(this);
    this.fail("timeout");
  }

  override abort(): Exchange {
    const { carrier } = this;
    if (this.settle(null)) carrier?.abandon(this);
    return this;
  }
}
