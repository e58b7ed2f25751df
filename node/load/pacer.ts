// When the next arrival is due. Pure arithmetic: the caller brings the clock.

import type { Arrival, OwnArrivals, Segment } from "../plan/schedule.ts";
import { DROPS_PER_TURN, LATE_LIMIT_MS } from "./limits.ts";

/** What becomes of the arrivals that are due. */
export interface Due {
  start(k: number, atMs: number): void;
  drop(reason: "late" | "stopped", atMs: number): void;
  /** Called before either of them: it is about one arrival, and the one after it is due at `nextAtMs`. */
  taken(nextAtMs: number): void;
  /** Others were passed over: the first that has not been dealt with is due at `nextAtMs`. */
  advanced(nextAtMs: number): void;
}

/**
 * Releases an owner's arrivals as they fall due, in vegeta's way: it compares the schedule with the clock instead of
 * sleeping between two sends, so that no error adds up. What is more than LATE_LIMIT_MS late is dropped, which bounds
 * the burst after a stall: a second sees at most its own arrivals and those of the 50 ms before, 1.05 times the rate.
 */
export class Pacer {
  readonly #arrivals: OwnArrivals;
  /** Taken over when the share changed, and still to be started. */
  readonly #backlog: Arrival[] = [];
  #endAtMs: number;

  /** Arrivals due at or after `endAtMs` do not exist. */
  constructor(arrivals: OwnArrivals, endAtMs: number) {
    this.#arrivals = arrivals;
    this.#endAtMs = endAtMs;
  }

  /** Deals with what is due at `nowMs`, starting at most `limit`. True if more is due: call again soon. */
  turn(nowMs: number, limit: number, due: Due): boolean {
    let starts = 0;
    for (let drops = 0; drops < DROPS_PER_TURN; ) {
      const arrival = this.#backlog[0] ?? this.#next();
      if (arrival === null || arrival.atMs > nowMs) return false;
      const late = nowMs - arrival.atMs > LATE_LIMIT_MS;
      if (!late && starts >= limit) return true;
      this.#consume();
      due.taken(this.nextAtMs());
      if (late) {
        drops++;
        due.drop("late", arrival.atMs);
      } else {
        starts++;
        due.start(arrival.k, arrival.atMs);
      }
    }
    return true;
  }

  /** Swarm time at which `turn` has something to do; Infinity when nothing is left. */
  nextAtMs(): number {
    return (this.#backlog[0] ?? this.#next())?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Another share from `nowMs` on. What is due by then stays ours, and is dropped if it is too late for it. */
  retarget(segments: readonly Segment[], nowMs: number, due: Due): void {
    for (let arrival = this.#next(); arrival !== null && arrival.atMs <= nowMs; arrival = this.#next()) {
      this.#arrivals.advance();
      if (nowMs - arrival.atMs > LATE_LIMIT_MS) {
        due.taken(this.nextAtMs());
        due.drop("late", arrival.atMs);
      } else this.#backlog.push(arrival);
    }
    this.#arrivals.retarget(segments, nowMs);
    due.advanced(this.nextAtMs());
  }

  /**
   * Nothing was ours that fell due after `fromMs` and before `toMs`: it is passed over. What was due by `fromMs` and has
   * not started comes too late.
   */
  lapse(fromMs: number, toMs: number, due: Due): void {
    for (let atMs = this.nextAtMs(); atMs <= fromMs; atMs = this.nextAtMs()) {
      this.#consume();
      due.taken(this.nextAtMs());
      due.drop("late", atMs);
    }
    while (this.#backlog.length > 0 && this.#backlog[0]!.atMs < toMs) this.#backlog.shift();
    this.#arrivals.passOver(toMs);
    due.advanced(this.nextAtMs());
  }

  /** Another end. One that has passed is a stop: what is due and has not started is dropped and nothing starts. */
  end(endAtMs: number, nowMs: number, due: Due): void {
    const stop = endAtMs < this.#endAtMs && endAtMs <= nowMs;
    this.#endAtMs = endAtMs;
    if (!stop) return;
    for (let atMs = this.nextAtMs(); atMs < endAtMs; atMs = this.nextAtMs()) {
      this.#consume();
      due.taken(this.nextAtMs());
      due.drop("stopped", atMs);
    }
    this.#backlog.length = 0;
    due.advanced(this.nextAtMs());
  }

  #next(): Arrival | null {
    const arrival = this.#arrivals.peek();
    return arrival === null || arrival.atMs >= this.#endAtMs ? null : arrival;
  }

  #consume(): void {
    if (this.#backlog.length > 0) this.#backlog.shift();
    else this.#arrivals.advance();
  }
}
