// Requests to an origin that found no connection: each has one opened for it, or takes one that gets free before.

import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { monotonicMs } from "../clock.ts";
import type { HttpCall } from "./call.ts";
import { HANDSHAKE_IDLE_MS, HANDSHAKE_MS, HANDSHAKES } from "./limits.ts";

/** What time it is, and how long this thread has had nothing to do since it began. */
export interface Idleness {
  nowMs(): number;
  idleMs(): number;
}

const OWN: Idleness = { nowMs: monotonicMs, idleMs: () => performance.eventLoopUtilization().idle };

const anywhere = (): boolean => true;

/** It counts until it has ended, or it shows that it is the target's answer that is waited for. */
interface Handshake {
  readonly beganMs: number;
  /** How long the thread had been idle by then. */
  readonly idleMs: number;
  isOver: boolean;
}

/**
 * Handshakes cost a core a millisecond each. Without a bound, every request that falls due while the first of them are
 * made would begin another, and the stall would feed itself. Those during which the thread was idle are no longer
 * counted: a target that is slow to answer, or does not answer at all, keeps no requests from it.
 */
export class Line<C extends HttpCall> {
  readonly #isTls: boolean;
  readonly #open: (call: C) => void;
  readonly #clock: Idleness;
  /** In the order in which they began; some are over. */
  readonly #handshakes: Handshake[] = [];
  #counting = 0;
  readonly #waiting: C[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** `open` begins to connect for a request. Without TLS nobody waits. */
  constructor(isTls: boolean, open: (call: C) => void, clock = OWN) {
    this.#isTls = isTls;
    this.#open = open;
    this.#clock = clock;
  }

  /** Nobody waits. Those whose requests have ended count until it is their turn. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Has a connection opened for a request, now or when its turn comes. */
  join(call: C): void {
    if (this.#mayOpen()) return this.#open(call);
    this.#waiting.push(call);
    this.#arm();
  }

  /** A connection was begun. */
  opened(socket: Socket): void {
    if (!this.#isTls) return;
    const handshake: Handshake = { beganMs: this.#clock.nowMs(), idleMs: this.#clock.idleMs(), isOver: false };
    this.#handshakes.push(handshake);
    this.#counting++;
    const over = (): void => {
      this.#leave(handshake);
      this.#serve();
    };
    socket.once("secureConnect", over);
    socket.once("close", over);
  }

  /** Whose turn it is, if there is a connection for it; null if nobody waits, or it does not fit there. */
  next(fits: (call: C) => boolean = anywhere): C | null {
    for (let call = this.#waiting[0]; call !== undefined; call = this.#waiting[0]) {
      if (!call.isSettled && !fits(call)) return null;
      this.#waiting.shift();
      if (!call.isSettled) return call;
    }
    return null;
  }

  /** Whoever waits has failed. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const call of this.#waiting.splice(0)) call.fail("reset");
  }

  #mayOpen(): boolean {
    if (!this.#isTls) return true;
    const beganMs = this.#clock.nowMs() - HANDSHAKE_MS;
    const idleMs = this.#clock.idleMs() - HANDSHAKE_IDLE_MS;
    for (let first = this.#handshakes[0]; first !== undefined; first = this.#handshakes[0]) {
      if (!first.isOver && first.beganMs > beganMs && first.idleMs > idleMs) break;
      this.#handshakes.shift();
      this.#leave(first);
    }
    return this.#counting < HANDSHAKES;
  }

  #leave(handshake: Handshake): void {
    if (handshake.isOver) return;
    handshake.isOver = true;
    this.#counting--;
  }

  #serve(): void {
    while (this.#waiting.length > 0 && this.#mayOpen()) {
      const call = this.next();
      if (call !== null) this.#open(call);
    }
  }

  /** It holds no process: the connections do. */
  #arm(): void {
    this.#timer ??= setTimeout(() => this.#look(), HANDSHAKE_IDLE_MS).unref();
  }

  #look(): void {
    this.#timer = null;
    this.#serve();
    if (this.#waiting.length > 0) this.#arm();
  }
}
