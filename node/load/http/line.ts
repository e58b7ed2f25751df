// Requests to an origin that found no connection: each has one opened for it, or takes one that gets free before.

import type { Socket } from "node:net";
import { monotonicMs } from "../clock.ts";
import type { HttpCall } from "./call.ts";
import { HANDSHAKE_MS, HANDSHAKES } from "./limits.ts";

/** It counts until it has ended, or has taken so long that it is the target's answer that is waited for. */
interface Handshake {
  readonly beganMs: number;
  isOver: boolean;
}

/**
 * Handshakes cost a core a millisecond each. Without a bound, every request that falls due while the first of them are made
 * would begin another, and the stall would feed itself. Those that take long are no longer counted: a target that is slow to
 * answer, or does not answer at all, never keeps requests from it for longer than HANDSHAKE_MS a batch.
 */
export class Line<C extends HttpCall> {
  readonly #isTls: boolean;
  readonly #open: (call: C) => void;
  readonly #now: () => number;
  /** In the order in which they began; some are over. */
  readonly #handshakes: Handshake[] = [];
  #counting = 0;
  readonly #waiting: C[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** `open` begins to connect for a request. Without TLS nobody waits. */
  constructor(isTls: boolean, open: (call: C) => void, now = monotonicMs) {
    this.#isTls = isTls;
    this.#open = open;
    this.#now = now;
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
    const handshake: Handshake = { beganMs: this.#now(), isOver: false };
    this.#handshakes.push(handshake);
    this.#counting++;
    const over = (): void => {
      this.#leave(handshake);
      this.#serve();
    };
    socket.once("secureConnect", over);
    socket.once("close", over);
  }

  /** Whose turn it is, if there is a connection for it; null if nobody waits. */
  next(): C | null {
    for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift()) if (!call.isSettled) return call;
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
    const since = this.#now() - HANDSHAKE_MS;
    for (let first = this.#handshakes[0]; first !== undefined; first = this.#handshakes[0]) {
      if (!first.isOver && first.beganMs > since) break;
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

  /** Until the first of those that count does so no more. It holds no process: the connections do. */
  #arm(): void {
    if (this.#timer !== null) return;
    const dueMs = (this.#handshakes[0]?.beganMs ?? 0) + HANDSHAKE_MS - this.#now();
    this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.ceil(dueMs))).unref();
  }

  #look(): void {
    this.#timer = null;
    this.#serve();
    if (this.#waiting.length > 0) this.#arm();
  }
}
