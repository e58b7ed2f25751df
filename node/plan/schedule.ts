// One owner's arrivals in time: the plan's rate curve crossed with the stripes the owner holds over time.

import type { RateCurve } from "./curve.ts";
import { type Stripe, StripeWalk } from "./stripe.ts";
import type { Plan } from "./types.ts";

/** From swarm time `fromMs` until the next segment begins, the owner holds `stripe`. */
export interface Segment {
  readonly fromMs: number;
  readonly stripe: Stripe;
}

/** What one agent's load engine has to do for a run, now and at every change already known. */
export interface Assignment {
  readonly run: string;
  readonly plan: Plan;
  /** Swarm time of the run's second 0. */
  readonly startAtMs: number;
  /** Nothing starts at or after this instant: end of the plan, a stop, or the run's `notAfter`. */
  readonly endAtMs: number;
  /** Ascending; the first one holds from the beginning of time. */
  readonly segments: readonly Segment[];
  /** The plan's share is offered also while the agent's lease has lapsed; absent: it is not. */
  readonly ignoresLease?: boolean;
}

/** The stripe in force at `nowMs`; the first one holds from the beginning of time. */
export function stripeAt(segments: readonly Segment[], nowMs: number): Stripe {
  let stripe = segments[0]?.stripe ?? { low: 0, width: 0 };
  for (const segment of segments) if (segment.fromMs <= nowMs) stripe = segment.stripe;
  return stripe;
}

/** News of shares say nothing of those long past; what was known of them stays true. */
export function remembered(known: readonly Segment[], news: readonly Segment[]): Segment[] {
  const firstMs = news[0]?.fromMs ?? Number.POSITIVE_INFINITY;
  return [...known.filter(({ fromMs }) => fromMs < firstMs), ...news];
}

/** An arrival that is mine: its number in the whole swarm's sequence and the swarm time at which it is due. */
export interface Arrival {
  readonly k: number;
  readonly atMs: number;
}

/**
 * Hands out an owner's arrivals in order. Ownership is decided by the segment in force at the arrival's own time, so
 * two owners whose segments agree never both, and never neither, own an arrival, wherever the boundary falls.
 */
export class OwnArrivals {
  readonly #curve: RateCurve;
  readonly #startAtMs: number;
  #segments: readonly Segment[];
  #segment = -1;
  #walk: StripeWalk | null = null;
  /** First arrival of the next segment: where the walk of this one ends. */
  #endK = 0;
  #k = Number.POSITIVE_INFINITY;
  /** All arrivals below this one were handed out or passed over for good. */
  #passedK = 0;
  #next: Arrival | null = null;

  /** Arrivals due before swarm time `nowMs` are passed over: whoever owned them then has dealt with them. */
  constructor(curve: RateCurve, startAtMs: number, segments: readonly Segment[], nowMs: number) {
    this.#curve = curve;
    this.#startAtMs = startAtMs;
    this.#segments = segments;
    this.retarget(segments, nowMs);
  }

  /** The next own arrival, or null when none is left under the segments known. Does not consume it. */
  peek(): Arrival | null {
    const k = this.#k;
    if (k === Number.POSITIVE_INFINITY) return null;
    // Asked for several times before it is taken.
    if (this.#next === null || this.#next.k !== k) this.#next = { k, atMs: this.#atMs(k) };
    return this.#next;
  }

  /** Consumes the arrival last peeked at. */
  advance(): void {
    if (this.#k === Number.POSITIVE_INFINITY) return;
    this.#passedK = this.#k + 1;
    this.#k = this.#walk!.next();
    if (this.#k >= this.#endK) this.#enter(this.#segment + 1);
  }

  /**
   * New segments, for arrivals due at or after swarm time `nowMs`. Take everything due before that first: it is passed
   * over, so that news which comes late never makes two owners of one arrival.
   */
  retarget(segments: readonly Segment[], nowMs: number): void {
    this.#segments = segments;
    this.#passedK = Math.max(this.#passedK, this.#firstAtOrAfter(nowMs));
    this.#enter(0);
  }

  /** Arrivals due before swarm time `swarmMs` that have not been consumed are not this owner's business any more. */
  passOver(swarmMs: number): void {
    const firstK = this.#firstAtOrAfter(swarmMs);
    if (firstK <= this.#passedK) return;
    this.#passedK = firstK;
    if (this.#k < firstK) this.#enter(this.#segment);
  }

  #atMs(k: number): number {
    return this.#startAtMs + this.#curve.timeOfMs(k);
  }

  /**
   * Smallest arrival whose `atMs` is at or after swarm time `swarmMs`. The sum of a wall-clock time and a time of the
   * curve is rounded (to 0.2 us), so the curve's own answer can be off by what falls into that: it would pass over an
   * arrival that `peek` says is still to come.
   */
  #firstAtOrAfter(swarmMs: number): number {
    let k = this.#curve.firstAtOrAfter(swarmMs - this.#startAtMs);
    while (k > 0 && this.#atMs(k - 1) >= swarmMs) k--;
    while (k < this.#curve.total && this.#atMs(k) < swarmMs) k++;
    return k;
  }

  /** Enters the first segment at or after `index` that holds an arrival not yet passed. */
  #enter(index: number): void {
    const total = this.#curve.total;
    for (let i = index; i < this.#segments.length; i++) {
      const segment = this.#segments[i]!;
      const next = this.#segments[i + 1];
      const beginK = i === 0 ? 0 : this.#firstAtOrAfter(segment.fromMs);
      const endK = next === undefined ? total : Math.min(total, this.#firstAtOrAfter(next.fromMs));
      if (endK <= this.#passedK || segment.stripe.width === 0) continue;
      const walk = new StripeWalk(segment.stripe);
      const k = walk.seek(Math.max(beginK, this.#passedK));
      if (k >= endK) continue;
      this.#segment = i;
      this.#walk = walk;
      this.#endK = endK;
      this.#k = k;
      return;
    }
    this.#k = Number.POSITIVE_INFINITY;
  }
}
