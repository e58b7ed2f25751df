// Our own HTTP/2 client: origins with their connections, one timer for all timeouts, one memory for all reads.

import type { OpenCount } from "../open-count.ts";
import type { Call, Driver, HttpOptions, PreparedRequest, Sink } from "../driver.ts";
import type { TargetGuard } from "../guard.ts";
import { Deadlines } from "../http/deadlines.ts";
import { READ_BYTES } from "../http/limits.ts";
import { Sweep } from "../http/sweep.ts";
import { Unsent } from "../unsent.ts";
import { Http2Call } from "./call.ts";
import { Origin } from "./origin.ts";

export class Http2Client implements Driver {
  readonly #guard: TargetGuard;
  readonly #count: OpenCount;
  readonly #origins = new Map<string, Origin>();
  readonly #deadlines = new Deadlines();
  readonly #sweep = new Sweep(() => this.#origins.values());
  /** What was asked for last: scenarios ask for the same over and over. */
  #latest: Origin | null = null;
  #latestUrl = "";
  #latestHttp: HttpOptions | undefined;
  /** Reads are dealt with before the next one: no two connections need it at the same time. */
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

  constructor(guard: TargetGuard, count: OpenCount) {
    this.#guard = guard;
    this.#count = count;
  }

  send(request: PreparedRequest, sink: Sink, nowMs?: number): Call {
    const origin = this.#originOf(request);
    if (origin.refusal !== null) return new Unsent(origin.refusal.kind, sink);
    const message = origin.encoder.encode(request);
    if (message === null) return new Unsent("other", sink);
    const call = new Http2Call(request, message, sink, this.#deadlines, nowMs);
    origin.send(call);
    return call;
  }

  close(): void {
    for (const origin of this.#origins.values()) origin.close();
    this.#origins.clear();
    this.#sweep.stop();
    this.#latest = null;
  }

  #originOf({ origin: url, http }: PreparedRequest): Origin {
    if (this.#latest !== null && http === this.#latestHttp && url === this.#latestUrl) return this.#latest;
    this.#latestUrl = url;
    this.#latestHttp = http;
    return (this.#latest = this.#lookUp(url, http));
  }

  #lookUp(url: string, http: HttpOptions | undefined): Origin {
    const streams = http?.streams ?? 1;
    const isAsked = http?.version === "auto";
    const key = streams === 1 && !isAsked ? url : `${url} ${streams} ${isAsked}`;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const protocols = isAsked ? ["h2", "http/1.1"] : ["h2"];
    const origin = new Origin(url, {
      guard: this.#guard,
      count: this.#count,
      sweep: this.#sweep,
      readBuffer: this.#readBuffer,
      streams,
      protocols,
    });
    this.#origins.set(key, origin);
    return origin;
  }
}
