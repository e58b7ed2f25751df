// A request with what browsers add to it: cookies, and the requests that redirects make of it.

import type { ErrorKind } from "../../metrics/results.ts";
import { monotonicMs } from "../clock.ts";
import type { Call, Driver, Exchange, PreparedRequest, Setup, Sink } from "../driver.ts";
import { redirected } from "./redirect.ts";

/** One exchange of many: of the last answer, with the time from the first request on and the traffic of all. */
export class Visit implements Call, Exchange, Sink {
  readonly startMs = monotonicMs();
  readonly #driver: Driver;
  readonly #sink: Sink;
  #request: PreparedRequest;
  #call: Call | null = null;
  /** The answer before the one that is waited for. */
  #last: Exchange | null = null;
  #error: ErrorKind | null = null;
  #sentBefore = 0;
  #receivedBefore = 0;
  #followed = 0;
  #isOver = false;

  constructor(driver: Driver, request: PreparedRequest, sink: Sink) {
    this.#driver = driver;
    this.#sink = sink;
    this.#request = { ...request, keepHead: true };
    this.#send();
  }

  get status(): number {
    return this.#last?.status ?? 0;
  }

  get error(): ErrorKind | null {
    return this.#error ?? this.#last?.error ?? null;
  }

  /** Of the last request; it was blocked while those before it were on their way. */
  get setup(): Setup | null | undefined {
    const last = this.#last;
    if (last === null || this.#followed === 0 || last.setup === undefined) return last?.setup;
    const { blockedMs = 0, connectingMs = 0, tlsMs = 0 } = last.setup ?? {};
    return { blockedMs: blockedMs + last.startMs - this.startMs, connectingMs, tlsMs };
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
    return this.#sentBefore + (this.#last?.bytesSent ?? 0);
  }

  get bytesReceived(): number {
    return this.#receivedBefore + (this.#last?.bytesReceived ?? 0);
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
    if (this.#isOver) return;
    this.#take(exchange);
    const next = exchange.error === null ? this.#next(exchange) : null;
    if (next === null) return this.#finish();
    if (next === "blocked") {
      this.#error = "blocked";
      return this.#finish();
    }
    const remainingMs = Math.ceil(this.startMs + this.#request.timeoutMs - monotonicMs());
    // A request that may not be sent now is not sent later: the redirect itself is the answer.
    if (remainingMs <= 0 || !this.#sink.mayBegin()) return this.#finish();
    this.#followed++;
    this.#request = next;
    this.#send(remainingMs);
  }

  mayBegin(): boolean {
    return this.#sink.mayBegin();
  }

  onHeld(): void {
    if (this.#isOver) return;
    if (this.#last !== null) return this.#finish();
    this.#isOver = true;
    this.#sink.onHeld();
  }

  abort(): Exchange {
    if (!this.#isOver) {
      this.#isOver = true;
      if (this.#call !== null) this.#take(this.#call.abort());
    }
    return this;
  }

  #send(timeoutMs = this.#request.timeoutMs): void {
    const request = this.#request;
    const cookie = request.cookies?.headerFor(new URL(request.origin + request.path)) ?? null;
    const headers = cookie === null ? request.headers : withCookie(request.headers, cookie);
    const before = this.#last;
    this.#call = null;
    const call = this.#driver.send({ ...request, headers, timeoutMs }, this);
    // Unless it has ended already.
    if (this.#last === before) this.#call = call;
  }

  #take(exchange: Exchange): void {
    if (this.#last !== null) {
      this.#sentBefore += this.#last.bytesSent;
      this.#receivedBefore += this.#last.bytesReceived;
    }
    this.#last = exchange;
    this.#call = null;
    const { cookies, origin, path } = this.#request;
    if (cookies === undefined || exchange.status === 0) return;
    const values = exchange.values?.("set-cookie") ?? [];
    if (values.length > 0) cookies.store(new URL(origin + path), values);
  }

  #next(exchange: Exchange): PreparedRequest | "blocked" | null {
    const redirects = this.#request.http?.redirects;
    if (redirects === undefined || this.#followed >= redirects.most) return null;
    return redirected(this.#request, exchange, redirects.origins);
  }

  #finish(): void {
    this.#isOver = true;
    this.#sink.onSettled(this);
  }
}

/** One field holds them all (RFC 6265, 5.4); those that the step itself sends come first. */
function withCookie(headers: readonly string[], cookie: string): string[] {
  const all = [...headers];
  for (let i = 0; i + 1 < all.length; i += 2) {
    if (all[i]!.toLowerCase() !== "cookie") continue;
    all[i + 1] += `; ${cookie}`;
    return all;
  }
  all.push("cookie", cookie);
  return all;
}
