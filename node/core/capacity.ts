// Capacity: an agent that cannot send its share in time lowers its weight, and regains it slowly.
//
// Only arrivals that its own threads came to too late count. A slow target keeps virtual users and connections waiting,
// never the threads: that is what the test is about, and moving the share away would hide it.

import { DROP_REASONS, type Snapshot } from "../metrics/results.ts";
import type { RunId } from "./events.ts";
import { CAPACITY } from "./limits.ts";

const LATE = DROP_REASONS.indexOf("late");

interface Counted {
  readonly scheduled: number;
  readonly late: number;
}

/** Totals up to which all has been looked at. */
interface Seen extends Counted {
  readonly atMs: number;
}

export class Capacity {
  /** What the agent began with. */
  readonly #full: number;
  #weight: number;
  readonly #seen = new Map<RunId, Seen>();
  /** Reports in a row in which too much was late, and in which nothing was. */
  #bad = 0;
  #goodSinceMs = Number.POSITIVE_INFINITY;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** The weight that was too much, and until when nobody tries it again. */
  #ceiling = Number.POSITIVE_INFINITY;
  #ceilingUntilMs = Number.NEGATIVE_INFINITY;
  /** The share at the time of the last step down. */
  #shareThen = 1;

  constructor(weight: number) {
    this.#full = weight;
    this.#weight = weight;
  }

  /** A report of the own engine; `share` is what this agent carries now. Returns the new weight if it changes, else null. */
  report(snapshot: Snapshot, share: number, nowMs: number): number | null {
    const news = this.#news(snapshot, nowMs);
    if (news.scheduled < CAPACITY.leastArrivals) return null;
    const lateRate = news.late / news.scheduled;
    if (lateRate > CAPACITY.badRate) this.#goodSinceMs = Number.POSITIVE_INFINITY;
    else if (this.#goodSinceMs === Number.POSITIVE_INFINITY) this.#goodSinceMs = nowMs;
    this.#bad = lateRate > CAPACITY.badRate ? this.#bad + 1 : 0;
    if (nowMs < this.#notBeforeMs) return null;
    if (this.#bad >= CAPACITY.badReports) return this.#lower(lateRate, share, nowMs);
    return nowMs >= this.#goodSinceMs + CAPACITY.goodMs ? this.#raise(nowMs) : null;
  }

  forget(run: RunId): void {
    this.#seen.delete(run);
  }

  /** What has not been looked at yet. */
  #news({ run, totals }: Snapshot, nowMs: number): Counted {
    const before = this.#seen.get(run) ?? { scheduled: 0, late: 0, atMs: nowMs };
    let scheduled = 0;
    let late = 0;
    for (const scenario of totals.scenarios) {
      scheduled += scenario.scheduled;
      late += scenario.dropped[LATE] ?? 0;
    }
    const news = { scheduled: scheduled - before.scheduled, late: late - before.late };
    const isOver = news.scheduled >= CAPACITY.leastArrivals || nowMs >= before.atMs + CAPACITY.addUpMs;
    this.#seen.set(run, isOver ? { scheduled, late, atMs: nowMs } : before);
    return news;
  }

  #lower(lateRate: number, share: number, nowMs: number): number | null {
    this.#bad = 0;
    // The last step moved nothing away: the others are no better off, and views would change for nothing.
    const wasFutile = this.#weight < this.#full && share > this.#shareThen * CAPACITY.futile;
    this.#notBeforeMs = nowMs + (wasFutile ? CAPACITY.retryMs : CAPACITY.pauseMs);
    if (wasFutile) return null;
    this.#shareThen = share;
    this.#ceiling = this.#weight;
    this.#ceilingUntilMs = nowMs + CAPACITY.retryMs;
    const kept = Math.min(1 - CAPACITY.step, (1 - lateRate) * CAPACITY.margin);
    return this.#become(Math.max(this.#full * CAPACITY.least, this.#weight * kept));
  }

  #raise(nowMs: number): number | null {
    if (this.#weight >= this.#full) return null;
    const next = Math.min(this.#full, this.#weight * (1 + CAPACITY.step));
    if (next >= this.#ceiling && nowMs < this.#ceilingUntilMs) return null;
    this.#notBeforeMs = nowMs + CAPACITY.pauseMs;
    return this.#become(next);
  }

  #become(weight: number): number | null {
    if (weight === this.#weight) return null;
    this.#weight = weight;
    return weight;
  }
}
