// The lease: until when this agent may offer load, given the newest window in which it saw a majority.

import {
  LEASE_RENEWAL_MS, LEASE_WINDOWS, RESTING_MAJORITY_WINDOWS, SHORT_LEASE_WINDOWS, startOf, TROUBLE_WINDOWS,
} from "../limits.ts";

export class Lease {
  #majorityWindow = Number.NEGATIVE_INFINITY;
  #troubleUntilWindow = Number.NEGATIVE_INFINITY;
  /** The newest majority at the time when the lease ran out: only a newer one revives it. */
  #expired = Number.NEGATIVE_INFINITY;

  /** The newest window in which a majority was present that does not exclude this agent. */
  get majorityWindow(): number {
    return this.#majorityWindow;
  }

  /** A majority was present in a window. */
  sawMajority(window: number): void {
    this.#majorityWindow = Math.max(this.#majorityWindow, window);
  }

  /** Whether the newest majority is as new as may be at rest. */
  isFairlyNew(window: number): boolean {
    return window <= this.#majorityWindow + RESTING_MAJORITY_WINDOWS;
  }

  /** Links break, or seem to: others may already count on the shorter lease. */
  trouble(window: number): void {
    this.#troubleUntilWindow = window + TROUBLE_WINDOWS;
  }

  isInTrouble(window: number): boolean {
    return window < this.#troubleUntilWindow;
  }

  /** Swarm time at which it ends, as things are in `window`; -Infinity once it has run out. To be asked in every window. */
  untilMs(window: number): number {
    if (this.#expired >= this.#majorityWindow) return Number.NEGATIVE_INFINITY;
    const windows = this.isInTrouble(window) ? SHORT_LEASE_WINDOWS : LEASE_WINDOWS;
    if (window <= this.#majorityWindow + windows) return this.#endMs(windows);
    this.#expired = this.#majorityWindow;
    return Number.NEGATIVE_INFINITY;
  }

  /**
   * The same for the load threads: a main thread that stands still does not renew it, nor come to see that `uneasyFromMs` has passed,
   * from when on it would be in trouble.
   */
  renewedUntilMs(window: number, nowMs: number, uneasyFromMs: number): number {
    return Math.min(this.untilMs(window), nowMs + LEASE_RENEWAL_MS, Math.max(this.#endMs(SHORT_LEASE_WINDOWS), uneasyFromMs));
  }

  /** Of a lease of so many windows. */
  #endMs(windows: number): number {
    return startOf(this.#majorityWindow + windows + 1);
  }
}
