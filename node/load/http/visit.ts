// A request with what browsers add to it: cookies, and the requests that redirects make of it.

import type { ErrorKind } from "../../metrics/results.ts";
import { monotonicMs } from "../clock.ts";
import type { Call, Driver, Exchange, PreparedRequest, Setup, Sink } from "../driver.ts";
import { LastExchange } from "./last-exchange.ts";
import { redirected } from "./redirect.ts";

/** One exchange of many: of the last answer, with the time from the first request on and the traffic of all. */
export class Visit extends LastExchange implements Call, Sink {
  readonly #driver: Driver;
  readonly #sink: Sink;
  #request: PreparedRequest;
  #call: Call | null = null;
  #error: ErrorKind | null = null;
  #sentBefore = 0;
  #receivedBefore = 0;
  #followed = 0;
  #isOver = false;

  constructor(driver: Driver, request: PreparedRequest, sink: Sink) {
    super();
    this.#driver = driver;
    this.#sink = sink;
    this.#request = { ...request, keepHead: true };
    this.#send();
  }

  override get error(): ErrorKind | null {
    return this.#error ?? super.error;
  }

  /** Of the last request; it was blocked while those before it were on their way. */
  override get setup(): Setup | null | undefined {
    const last = this.last;
    if (last === null || this.#followed === 0 || last.setup === undefined) return last?.setup;
    const { blockedMs = 0, connectingMs = 0, tlsMs = 0 } = last.setup ?? {};
    return { blockedMs: blockedMs + last.startMs - this.startMs, connectingMs, tlsMs };
  }

  override get bytesSent(): number {
    return this.#sentBefore + super.bytesSent;
  }

  override get bytesReceived(): number {
    return this.#receivedBefore + super.bytesReceived;
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
    if (this.last !== null) return this.#finish();
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
    const before = this.last;
    this.#call = null;
    const call = this.#driver.send({ ...request, headers, timeoutMs }, this);
    // Unless it has ended already.
    if (this.last === before) this.#call = call;
  }

  #take(exchange: Exchange): void {
    if (this.last !== null) {
      this.#sentBefore += this.last.bytesSent;
      this.#receivedBefore += this.last.bytesReceived;
    }
    this.last = exchange;
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
