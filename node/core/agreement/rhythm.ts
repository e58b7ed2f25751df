// How often agents speak and answer roll calls: in every window while anything goes on in the swarm, seldom while it rests.
//
// Each tells from which window on it would rest, and the latest of these counts for all: the news that something goes on spreads
// as fast as any other, and wakes everybody. Whoever does not tell is of an older version that never rests, nor may those around it.

import { AWAKE_WINDOWS, REST_WINDOWS, startOf, SURE_MS, WAKING_WINDOWS, WINDOW_MS, windowOf } from "../limits.ts";

/** How much later than usual the next word of a resting agent may come. */
const REST_SLACK_MS = (REST_WINDOWS - 1) * WINDOW_MS;
/** By so much clocks may differ, and a bit: whoever is about to rest may do so sooner than it seems. */
const EARLY_MS = SURE_MS + WINDOW_MS;

/** Times are of the lineage whose rhythm it is. */
export class Rhythm {
  #restsFrom: number;
  #wokenWindow = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.#restsFrom = windowOf(nowMs) + AWAKE_WINDOWS;
  }

  /** First window at rest, if nothing more is heard of. */
  get restsFrom(): number {
    return this.#restsFrom;
  }

  /** The last window in which it woke. */
  get wokenWindow(): number {
    return this.#wokenWindow;
  }

  isResting(nowMs: number): boolean {
    return windowOf(nowMs) >= this.#restsFrom;
  }

  /** Everybody has just been woken, and waits for a majority. */
  isWaking(nowMs: number): boolean {
    return windowOf(nowMs) < this.#wokenWindow + WAKING_WINDOWS;
  }

  /** Something goes on. Returns whether that wakes this agent. */
  disturb(nowMs: number): boolean {
    return this.hear(undefined, nowMs);
  }

  /** What another agent tells; undefined if it does not. Returns whether that wakes this one. */
  hear(restsFrom: number | undefined, nowMs: number): boolean {
    const window = windowOf(nowMs);
    const until = Math.min(restsFrom ?? Number.POSITIVE_INFINITY, window + AWAKE_WINDOWS);
    if (until <= this.#restsFrom) return false;
    const wakes = this.isResting(nowMs) && until > window;
    this.#restsFrom = until;
    if (wakes) this.#wokenWindow = window;
    return wakes;
  }

  /** Roll calls are answered in this window, and everybody is told at its start. */
  isBeat(window: number): boolean {
    return window < this.#restsFrom || window % REST_WINDOWS === 0;
  }

  /** When there was, or will be, the last such window at rest. */
  lastBeatMs(nowMs: number): number {
    const window = windowOf(nowMs);
    return startOf(window - (window % REST_WINDOWS));
  }

  /** The start of the next one. */
  nextBeatMs(nowMs: number): number {
    const next = windowOf(nowMs) + 1;
    return next < this.#restsFrom ? startOf(next) : this.lastBeatMs(nowMs) + REST_WINDOWS * WINDOW_MS;
  }
}

/** How much later than usual the next word of an agent may come that told this in a frame of now. */
export function slackOf(restsFrom: number | undefined, nowMs: number): number {
  return restsFrom !== undefined && windowOf(nowMs + EARLY_MS) + 1 >= restsFrom ? REST_SLACK_MS : 0;
}
