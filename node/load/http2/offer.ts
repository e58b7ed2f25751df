// A request that goes by HTTP/2 if the target offers it, and by HTTP/1.1 if it does not.

import type { ErrorKind } from "../../metrics/results.ts";
import { monotonicMs } from "../clock.ts";
import type { Call, Driver, Exchange, PreparedRequest, Setup, Sink } from "../driver.ts";

/** One exchange of at most two: the time of the offer that was declined is part of it, as time of being blocked. */
export class Offer implements Call, Exchange, Sink {
  readonly startMs = monotonicMs();
  readonly #older: Driver;
  readonly #onDeclined: () => void;
  readonly #request: PreparedRequest;
  readonly #sink: Sink;
  #call: Call | null = null;
  #last: Exchange | null = null;
  #isDeclined = false;

  constructor(newer: Driver, older: Driver, onDeclined: () => void, request: PreparedRequest, sink: Sink) {
    this.#older = older;
    this.#onDeclined = onDeclined;
    this.#request = request;
    this.#sink = sink;
    this.#send(newer, request);
  }

  get status(): number {
    return this.#last?.status ?? 0;
  }

  get error(): ErrorKind | null {
    return this.#last?.error ?? null;
  }

  get setup(): Setup | null {
    const setup = this.#last?.setup ?? null;
    if (setup === null) return null;
    return { ...setup, blockedMs: setup.blockedMs + this.#last!.startMs - this.startMs };
  }

  get writtenMs(): number {
    return this.#last?.writtenMs ?? 0;
  }

  get firstByteMs(): number {
    return this.#last?.firstByteMs ?? 0;
  }

  get endMs(): number {
    return this.#last?.endMs ?? this.startMs;
  }

  get bytesSent(): number {
    return this.#last?.bytesSent ?? 0;
  }

  get bytesReceived(): number {
    return this.#last?.bytesReceived ?? 0;
  }

  get body(): Buffer {
    return this.#last?.body ?? Buffer.alloc(0);
  }

  header(name: string): string | null {
    return this.#last?.header(name) ?? null;
  }

  values(name: string): readonly string[] {
    return this.#last?.values?.(name) ?? [];
  }

  onSettled(exchange: Exchange): void {
    this.#call = null;
    this.#last = exchange;
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
    if (this.#call !== null) this.#last = this.#call.abort();
    this.#call = null;
    return this;
  }

  #send(driver: Driver, request: PreparedRequest): void {
    const before = this.#last;
    const call = driver.send(request, this);
    // Unless it has ended already.
    if (this.#last === before) this.#call = call;
  }
}
