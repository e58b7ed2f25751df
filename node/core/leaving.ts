// Going on purpose: the share moves on first, iterations end, results are handed over; then the agent may stop.

import { DRAIN_MS, LEAVE_POLL_MS, LEAVE_TIMEOUT_MS } from "./limits.ts";
import type { Membership } from "./membership.ts";
import type { Results } from "./results.ts";
import { endAtMs, type Runs } from "./runs.ts";

const NEVER = Number.POSITIVE_INFINITY;

export class Leaving {
  readonly #membership: Membership;
  readonly #runs: Runs;
  readonly #results: Results;
  #begunMs = NEVER;
  /** When this agent's share ends. */
  #atMs = NEVER;
  #isDone = false;

  constructor(membership: Membership, runs: Runs, results: Results) {
    this.#membership = membership;
    this.#runs = runs;
    this.#results = results;
  }

  begin(nowMs: number): void {
    if (this.#begunMs !== NEVER) return;
    this.#begunMs = nowMs;
    this.#membership.leave();
  }

  /** When this agent's share ends; Infinity if that is not known. */
  atMs(): number {
    return this.#atMs;
  }

  /** Time passes. Returns true once, when the agent may go. */
  turn(nowMs: number): boolean {
    if (this.#begunMs === NEVER || this.#isDone) return false;
    if (this.#atMs === NEVER) this.#atMs = this.#endMs(nowMs);
    this.#isDone = this.#mayGo(nowMs);
    return this.#isDone;
  }

  nextMs(nowMs: number): number {
    if (this.#begunMs === NEVER || this.#isDone) return NEVER;
    if (this.#atMs === NEVER) return Math.min(nowMs + LEAVE_POLL_MS, this.#begunMs + LEAVE_TIMEOUT_MS);
    return nowMs < this.#atMs ? this.#atMs : this.#atMs + DRAIN_MS;
  }

  /** The others have agreed when they take over; or there are none, or they do not agree. */
  #endMs(nowMs: number): number {
    const { untilMs, fromMs } = this.#membership.own();
    if (untilMs !== NEVER) return this.#runs.active(nowMs).length === 0 ? Math.min(untilMs, nowMs) : untilMs;
    const isOver = fromMs === NEVER || this.#membership.isLastToGo() || nowMs >= this.#begunMs + LEAVE_TIMEOUT_MS;
    return isOver ? nowMs : NEVER;
  }

  /** My share has moved on and my iterations have ended, or have had their time. */
  #mayGo(nowMs: number): boolean {
    if (nowMs < this.#atMs) return false;
    if (nowMs >= this.#atMs + DRAIN_MS) return true;
    return this.#runs
      .all()
      .filter(({ control }) => control.startAtMs !== null && control.startAtMs < this.#atMs)
      .filter((run) => this.#atMs < endAtMs(run) || this.#results.hasReported(run.spec.id, this.#membership.own().id))
      .every((run) => this.#results.isDone(run.spec.id, this.#membership.own().id));
  }
}
