// HTTP by the client that the scenario asks for, our own or undici; with redirects and cookies where it asks for them.

import { createRequire } from "node:module";
import { OpenCount } from "../open-count.ts";
import type { Call, Driver, HttpOptions, PreparedRequest, Sink } from "../driver.ts";
import type { TargetGuard } from "../guard.ts";
import { Http1Client } from "../http1/client.ts";
import { Visit } from "../http/visit.ts";

const require = createRequire(import.meta.url);

export class HttpDriver implements Driver {
  readonly #guard: TargetGuard;
  readonly #count: OpenCount;
  readonly #first: Http1Client;
  /** These are loaded when a scenario asks for them. */
  #second: Driver | null = null;
  #undici: Driver | null = null;

  /** `count` is of our own clients' connections; undici keeps its own. */
  constructor(guard: TargetGuard, count = new OpenCount()) {
    this.#guard = guard;
    this.#count = count;
    this.#first = new Http1Client(guard, count);
  }

  send(request: PreparedRequest, sink: Sink, nowMs?: number): Call {
    const { http, cookies } = request;
    if (http === undefined && cookies === undefined) return this.#first.send(request, sink, nowMs);
    const client = this.clientOf(http);
    if (http?.redirects === undefined && cookies === undefined) return client.send(request, sink, nowMs);
    return new Visit(client, request, sink);
  }

  /** The one that a scenario with these options uses. Asked for before it is needed, it is loaded before. */
  clientOf(http: Pick<HttpOptions, "client" | "version"> | undefined): Driver {
    if (http?.client === "undici") return (this.#undici ??= this.#loadUndici());
    return (http?.version ?? 1.1) === 1.1 ? this.#first : (this.#second ??= this.#loadSecond());
  }

  close(): void {
    this.#first.close();
    this.#second?.close();
    this.#undici?.close();
  }

  #loadSecond(): Driver {
    const { Http2Driver } = require("./http2.ts") as typeof import("./http2.ts");
    return new Http2Driver(this.#guard, this.#count, this.#first);
  }

  #loadUndici(): Driver {
    const { UndiciDriver } = require("./undici.ts") as typeof import("./undici.ts");
    return new UndiciDriver(this.#guard);
  }
}
