// A request that goes by HTTP/2 if the target offers it, and by HTTP/1.1 if it does not.

import { monotonicMs } from "../clock.ts";
import type { Call, Driver, Exchange, PreparedRequest, Setup, Sink } from "../driver.ts";
import { LastExchange } from "../http/last-exchange.ts";

/** One exchange of at most two: the time of the offer that was declined is part of it, as time of being blocked. */
export class Offer extends LastExchange implements Call, Sink {
  readonly #older: Driver;
  readonly #onDeclined: () => void;
  readonly #request: PreparedRequest;
  readonly #sink: Sink;
  #call: Call | null = null;
  #isDeclined = false;

  constructor(newer: Driver, older: Driver, onDeclined: () => void, request: PreparedRequest, sink: Sink) {
    super();
    this.#older = older;
    this.#onDeclined = onDeclined;
    this.#request = request;
    this.#sink = sink;
    this.#send(newer, request);
  }

  override get setup(): Setup | null {
    const setup = this.last?.setup ?? null;
    if (setup === null) return null;
    return { ...setup, blockedMs: setup.blockedMs + this.last!.startMs - this.startMs };
  }

  onSettled(exchange: Exchange): void {
    this.#call = null;
    this.last = exchange;
    if (this.#isDeclined || exchange.error !== "version") return this.#sink.onSettled(this);
    this.#isDeclined = true;
    this.#onDeclined();
    if (!this.#sink.mayBegin()) return this.#sink.onHeld();
    const timeoutMs = Math.max(1, Math.ceil(this.startMs + this.#request.timeoutMs - monotonicMs()));
    this.#send(this.#older, { ...this.#request, timeoutMs });
  }

  mayBegin(): boolean {
    return this.#sink.mayBegin();
  }

  onHeld(): void {
    this.#sink.onHeld();
  }

  abort(): Exchange {
    if (this.#call !== null) this.last = this.#call.abort();
    this.#call = null;
    return this;
  }

  #send(driver: Driver, request: PreparedRequest): void {
    const before = this.last;
    const call = driver.send(request, this);
    // Unless it has ended already.
    if (this.last === before) this.#call = call;
  }
}
