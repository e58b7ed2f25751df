// HTTP/2 by our own client: demanded, or offered to targets that may prefer HTTP/1.1.

import type { OpenCount } from "../open-count.ts";
import type { Call, Driver, PreparedRequest, Sink } from "../driver.ts";
import type { TargetGuard } from "../guard.ts";
import { Http2Client } from "../http2/client.ts";
import { Offer } from "../http2/offer.ts";

export class Http2Driver implements Driver {
  readonly #client: Http2Client;
  /** For targets that decline; not ours to close. */
  readonly #older: Driver;
  /** Origins that have. */
  readonly #declined = new Set<string>();

  constructor(guard: TargetGuard, count: OpenCount, older: Driver) {
    this.#client = new Http2Client(guard, count);
    this.#older = older;
  }

  send(request: PreparedRequest, sink: Sink, nowMs?: number): Call {
    if (request.http?.version !== "auto") return this.#client.send(request, sink, nowMs);
    const { origin } = request;
    // Without TLS there is nothing to negotiate with.
    if (!origin.startsWith("https:") || this.#declined.has(origin)) return this.#older.send(request, sink, nowMs);
    return new Offer(this.#client, this.#older, () => this.#declined.add(origin), request, sink);
  }

  close(): void {
    this.#declined.clear();
    this.#client.close();
  }
}
