// Closes connections that nobody needs any more: one timer for all those of a client, and few of them at a time.

import type { Bagged } from "../bag.ts";
import { CLOSES_PER_TURN, CLOSING_TICK_MS, SWEEP_MS } from "./limits.ts";

/** A connection, as far as it may have nothing to do. */
export interface Idling extends Bagged {
  /** Requests that it carries. */
  readonly load: number;
  /** It carried nothing when it was looked at last, and has not been given anything since. Taken back by whoever gives it something. */
  wasIdle: boolean;
  /** Nothing happens if it is closed already. */
  close(): void;
}

/** Where connections wait for requests. The last one used is used first, so that those that are not needed rest. */
export interface Pool {
  /** All that are open, whether or not they rest. */
  connections(): readonly Idling[];
  /** Holds on to nothing that is closed. */
  tidy(): void;
}

/**
 * A moment in which many requests waited leaves as many connections, and the next one may be long in coming. Requests pay
 * nothing for their being closed but a mark that is taken back: what still has its mark at the next look is closed.
 */
export class Sweep {
  readonly #pools: () => Iterable<Pool>;
  #spare: Idling[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(pools: () => Iterable<Pool>) {
    this.#pools = pools;
  }

  /** A connection is being opened. */
  watch(): void {
    this.#timer ??= this.#in(SWEEP_MS);
  }

  /** There is nothing to look at any more. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#spare = [];
  }

  /** It holds no process: the connections do. */
  #in(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#turn(), ms).unref();
  }

  #turn(): void {
    this.#timer = null;
    if (this.#spare.length === 0) this.#look();
    for (const connection of this.#spare.splice(-CLOSES_PER_TURN)) if (connection.wasIdle) connection.close();
    if (this.#spare.length > 0) {
      this.#timer = this.#in(CLOSING_TICK_MS);
      return;
    }
    let areOpen = false;
    for (const pool of this.#pools()) {
      pool.tidy();
      areOpen ||= pool.connections().length > 0;
    }
    if (areOpen) this.watch();
  }

  #look(): void {
    for (const pool of this.#pools()) {
      for (const connection of pool.connections()) {
        if (connection.load > 0) continue;
        if (connection.wasIdle) this.#spare.push(connection);
        else connection.wasIdle = true;
      }
    }
  }
}
