// Our own HTTP/1.1 client: origins with their connections, one timer for all timeouts, one memory for all reads.

import { OpenCount } from "../open-count.ts";
import type { Call, Driver, PreparedRequest, Sink } from "../driver.ts";
import type { TargetGuard } from "../guard.ts";
import { Unsent } from "../unsent.ts";
import { Http1Call } from "./call.ts";
import { Deadlines } from "../http/deadlines.ts";
import { READ_BYTES } from "../http/limits.ts";
import { Sweep } from "../http/sweep.ts";
import { Origin } from "./origin.ts";

export class Http1Client implements Driver {
  readonly #guard: TargetGuard;
  readonly #count: OpenCount;
  readonly #origins = new Map<string, Origin>();
  readonly #deadlines = new Deadlines();
  readonly #sweep = new Sweep(() => this.#origins.values());
  /** Reads are dealt with before the next one: no two connections need it at the same time. */
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

  constructor(guard: TargetGuard, count = new OpenCount()) {
    this.#guard = guard;
    this.#count = count;
  }

  send(request: PreparedRequest, sink: Sink, nowMs?: number): Call {
    const depth = request.http?.pipelining ?? 1;
    const key = depth === 1 ? request.origin : `${request.origin} ${depth}`;
    const origin = this.#origins.get(key) ?? this.#addOrigin(key, request.origin, depth);
    if (origin.refusal !== null) return new Unsent(origin.refusal.kind, sink);
    const message = origin.encoder.encode(request);
    if (message === null) return new Unsent("other", sink);
    const call = new Http1Call(request, message, sink, this.#deadlines, nowMs);
    origin.send(call);
    return call;
  }

  close(): void {
    for (const origin of this.#origins.values()) origin.close();
    this.#origins.clear();
    this.#sweep.stop();
  }

  #addOrigin(key: string, url: string, depth: number): Origin {
    const options = { guard: this.#guard, count: this.#count, sweep: this.#sweep, readBuffer: this.#readBuffer, depth };
    const origin = new Origin(url, options);
    this.#origins.set(key, origin);
    return origin;
  }
}
