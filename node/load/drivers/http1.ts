// HTTP/1.1: by our own client, or by undici where a scenario asks for it; with redirects and cookies where it asks for them.

import type { ConnectionCount } from "../connection-count.ts";
import type { Call, Driver, PreparedRequest, Sink } from "../driver.ts";
import type { TargetGuard } from "../guard.ts";
import { Http1Client } from "../http1/client.ts";
import { Visit } from "../http1/visit.ts";
import { UndiciDriver } from "./undici.ts";

export class Http1Driver implements Driver {
  readonly #guard: TargetGuard;
  readonly #own: Http1Client;
  #undici: UndiciDriver | null = null;

  /** `count` is of the own client's connections; undici keeps its own. */
  constructor(guard: TargetGuard, count?: ConnectionCount) {
    this.#guard = guard;
    this.#own = new Http1Client(guard, count);
  }

  send(request: PreparedRequest, sink: Sink): Call {
    const { http, cookies } = request;
    if (http === undefined && cookies === undefined) return this.#own.send(request, sink);
    const client = http?.client === "undici" ? (this.#undici ??= new UndiciDriver(this.#guard)) : this.#own;
    if (http?.redirects === undefined && cookies === undefined) return client.send(request, sink);
    return new Visit(client, request, sink);
  }

  close(): void {
    this.#own.close();
    this.#undici?.close();
  }
}
