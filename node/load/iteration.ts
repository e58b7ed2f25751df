// One iteration: the steps of a flow in order. It is its own set of variables and the sink of its own requests.

import type { ErrorKind } from "../metrics/results.ts";
import type { Arena } from "./arena.ts";
import type { Bagged } from "./bag.ts";
import type { Findings } from "./checks.ts";
import { monotonicMs } from "./clock.ts";
import type { OpenCount } from "./open-count.ts";
import type { Call, Driver, Exchange, PreparedRequest, Sink } from "./driver.ts";
import type { CompiledRequest, Flow } from "./flow.ts";
import type { Gate } from "./gate.ts";
import { CookieJar } from "./http/cookies.ts";
import { errorIndex } from "./outcome.ts";
import type { Variables } from "./variables.ts";

const NO_CAPTURES: (string | null)[] = [];

/** What the iterations of one scenario in one worker share. */
export interface IterationContext {
  /** Index in the plan. */
  readonly scenario: number;
  readonly run: string;
  readonly flow: Flow;
  readonly arena: Arena;
  readonly driver: Driver;
  /** Of the thread's requests, among others. */
  readonly counts: OpenCount;
  /** Whoever starts an iteration has found it open; each further request is held back here while it is shut. */
  readonly gate: Gate;
  /** Series interval of an instant on the monotonic clock. */
  intervalOf(monotonicMs: number): number;
}

/**
 * A failed request does not end an iteration. A template that needs a capture which failed does: the iteration ends
 * there, completed, and one error of kind "other" is counted, because a request that the flow asks for is missing. A
 * request that must not be sent counts as a failed one, and the flow goes on: its error is of kind "blocked" if its
 * URL leads to no target of the plan, and "other" if a header value holds what a header cannot carry.
 */
export class Iteration implements Sink, Variables, Bagged, Findings {
  place = -1;
  /** For whoever started it, when it has ended and is counted out; at that instant on the monotonic clock. */
  onOver: ((iteration: Iteration, endMs: number) => void) | null = null;
  readonly k: number;
  readonly vu: number;
  readonly captures: (string | null)[];
  readonly #context: IterationContext;
  /** When it should have started, monotonic milliseconds; null in a closed model, where nothing is due. */
  readonly #intendedMs: number | null;
  readonly #onEnd: (iteration: Iteration, endMs: number) => void;
  readonly #startMs: number;
  /** What the scenario asks for beyond the usual. */
  readonly #http: Pick<PreparedRequest, "http" | "cookies"> | null;
  #next = 0;
  /** Of the request whose answer is looked at. */
  #firstCheck = 0;
  #request: CompiledRequest | null = null;
  #call: Call | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(
    context: IterationContext,
    k: number,
    vu: number,
    intendedMs: number | null,
    onEnd: (iteration: Iteration, endMs: number) => void,
    startMs = monotonicMs(),
  ) {
    this.#startMs = startMs;
    this.k = k;
    this.vu = vu;
    this.#context = context;
    this.#intendedMs = intendedMs;
    this.#onEnd = onEnd;
    const { captureCount } = context.flow;
    this.captures = captureCount === 0 ? NO_CAPTURES : new Array<string | null>(captureCount).fill(null);
    const { http, keepsCookies } = context.flow;
    this.#http = http === null ? null : keepsCookies ? { http, cookies: new CookieJar() } : { http };
  }

  get run(): string {
    return this.#context.run;
  }

  /** Counts the start and begins with the first step. */
  begin(): void {
    const { arena, scenario, intervalOf } = this.#context;
    const pacingMs = this.#intendedMs === null ? null : this.#startMs - this.#intendedMs;
    arena.started(scenario, intervalOf(this.#startMs), pacingMs);
    this.#proceed(this.#startMs);
  }

  /** Ends it where it is. A request that was on its way counts as sent, but neither as failed nor with a duration. */
  interrupt(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { arena, scenario, gate, intervalOf } = this.#context;
    if (this.#timer !== null) clearTimeout(this.#timer);
    gate.leave(this);
    if (this.#request !== null) this.#context.counts.settle();
    const exchange = this.#call?.abort();
    if (exchange !== undefined && exchange.writtenMs > 0) {
      const { endMs, bytesSent, bytesReceived } = exchange;
      arena.request(this.#request!.step, intervalOf(endMs), false, bytesSent, bytesReceived, 0);
    }
    arena.interrupted(scenario);
    this.#onEnd(this, exchange?.endMs ?? monotonicMs());
  }

  onSettled(exchange: Exchange): void {
    if (this.#ended) return;
    const request = this.#request!;
    this.#request = null;
    this.#call = null;
    this.#context.counts.settle();
    this.#record(request, exchange);
    this.#firstCheck = request.firstCheck;
    request.evaluation.evaluate(exchange, this);
    this.#proceed(null, exchange.endMs);
  }

  onCheck(check: number, passed: boolean): void {
    this.#context.arena.check(this.#firstCheck + check, passed);
  }

  onCapture(index: number, value: string | null): void {
    this.captures[index] = value;
  }

  mayBegin(): boolean {
    return this.#context.gate.isOpen();
  }

  onHeld(): void {
    if (this.#ended) return;
    this.#request = null;
    this.#call = null;
    this.#context.counts.settle();
    this.#wait();
  }

  /** `nowMs` is null if nobody has just looked at the clock; `answeredMs` is when the answer came that it goes on from. */
  #proceed(nowMs: number | null, answeredMs = nowMs): void {
    const step = this.#context.flow.steps[this.#next++];
    if (step === undefined) this.#complete(answeredMs ?? monotonicMs());
    else if (step.kind === "http") this.#send(step, nowMs ?? monotonicMs());
    else this.#timer = setTimeout(resume, step.minMs + Math.random() * (step.maxMs - step.minMs), this);
  }

  /** The pause of a think step is over, or the gate has opened. */
  resume(): void {
    this.#timer = null;
    this.#proceed(monotonicMs());
  }

  /** For the gate, with the step that has just been taken. */
  #wait(): void {
    this.#next--;
    this.#context.gate.wait(this);
  }

  #send(request: CompiledRequest, nowMs: number): void {
    const { driver, gate, counts } = this.#context;
    if (this.#next > 1 && !gate.isOpen(nowMs)) return this.#wait();
    const prepared = request.constant !== null && !this.#context.flow.keepsCookies ? request.constant : this.#prepare(request, nowMs);
    if (prepared === null) return;
    this.#request = request;
    counts.send();
    const call = driver.send(prepared, this, nowMs);
    // Unless it has ended already, and perhaps the next one is on its way.
    if (this.#request === request && this.#call === null) this.#call = call;
  }

  /** With every template filled in; null if there is nothing to send, and the iteration has gone on. */
  #prepare(request: CompiledRequest, nowMs: number): PreparedRequest | null {
    const destination = request.destination(this);
    const headers = request.headers(this);
    const body = request.body === null ? null : request.body.render(this);
    if (destination === null || headers === null || (body === null && request.body !== null)) {
      this.#context.arena.error(errorIndex("other"), request.step);
      this.#complete(nowMs);
      return null;
    }
    if (destination === "blocked" || headers === "unsendable") {
      this.#refuse(request, destination === "blocked" ? "blocked" : "other", nowMs);
      return null;
    }
    const { method, timeoutMs } = request;
    const { origin, path } = destination;
    const { needsBody: keepBody, needsHead: keepHead } = request.evaluation;
    const prepared = { method, origin, path, headers, body, timeoutMs, keepBody, keepHead, step: request };
    return this.#http === null ? prepared : { ...prepared, ...this.#http };
  }

  /** As rendered, the request must not be sent. */
  #refuse(request: CompiledRequest, kind: ErrorKind, nowMs: number): void {
    const { arena, intervalOf } = this.#context;
    arena.request(request.step, intervalOf(nowMs), true, 0, 0);
    arena.error(errorIndex(kind), request.step);
    for (let i = 0; i < request.evaluation.checkCount; i++) arena.check(request.firstCheck + i, false);
    this.#proceed(nowMs);
  }

  #record(request: CompiledRequest, exchange: Exchange): void {
    const { arena, scenario, intervalOf } = this.#context;
    const { status, error, startMs, writtenMs, firstByteMs, endMs, setup } = exchange;
    const { expected } = request.evaluation;
    const failed = error !== null || (expected === null ? status >= 400 : !expected.includes(status));
    arena.request(request.step, intervalOf(endMs), failed, exchange.bytesSent, exchange.bytesReceived, status);
    if (status > 0) arena.status(status);
    if (error !== null) arena.error(errorIndex(error), request.step);
    // A connection that failed at once says nothing about how long answers take; a timeout says a lot.
    if (error !== null && error !== "timeout") return;
    // Only the first step was due at a certain time: the others are due when the answer before them has come.
    const intendedMs = this.#next === 1 && this.#intendedMs !== null ? this.#intendedMs : startMs;
    const waitingMs = firstByteMs > 0 && writtenMs > 0 ? firstByteMs - writtenMs : -1;
    // A driver that does not know how it got its connection does not know how long it sent, either.
    if (writtenMs > 0 && setup !== undefined) {
      const setupMs = setup === null ? 0 : setup.blockedMs + setup.connectingMs + setup.tlsMs;
      arena.phases(scenario, setup, writtenMs - startMs - setupMs, firstByteMs > 0 ? endMs - firstByteMs : -1);
    }
    arena.timings(request.step, endMs - startMs, endMs - intendedMs, waitingMs, failed);
  }

  #complete(endMs: number): void {
    this.#ended = true;
    this.#context.arena.completed(this.#context.scenario, endMs - this.#startMs);
    this.#onEnd(this, endMs);
  }
}

function resume(iteration: Iteration): void {
  iteration.resume();
}
