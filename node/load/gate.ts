// A run's gate to its target: shut while the lease has lapsed. Whoever finds it shut on the way waits here.

import { monotonicMs } from "./clock.ts";

/** Somebody with a request to send. */
export interface Waiting {
  resume(): void;
}

export class Gate {
  readonly #isOpen: (monotonic: number) => boolean;
  readonly #wake: () => void;
  readonly #waiting = new Set<Waiting>();

  /** `wake` asks for a turn of the run soon, in which `release` is called if the gate has opened. */
  constructor(isOpen: (monotonic: number) => boolean, wake: () => void) {
    this.#isOpen = isOpen;
    this.#wake = wake;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether a request may be sent this very moment; whoever has just read the monotonic clock says so. */
  isOpen(monotonic = monotonicMs()): boolean {
    return this.#isOpen(monotonic);
  }

  wait(who: Waiting): void {
    this.#waiting.add(who);
    this.#wake();
  }

  leave(who: Waiting): void {
    this.#waiting.delete(who);
  }

  /** Something else has to wait until the gate opens. */
  wake(): void {
    this.#wake();
  }

  /** Lets at most so many go on, in the order in which they came. True if more wait. */
  release(limit: number): boolean {
    let released = 0;
    // A copy: one that comes to its next request before this returns may wait again.
    for (const who of Array.from(this.#waiting)) {
      if (released++ >= limit || !this.isOpen()) break;
      this.#waiting.delete(who);
      who.resume();
    }
    return this.#waiting.size > 0;
  }
}
