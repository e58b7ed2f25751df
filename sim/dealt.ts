// A fixed number of iterations in a simulated engine: users that each start one every quarter of a second.

import { iterationsDealt, Pool } from "../node/plan/deal.ts";
import { type Assignment, remembered, type Segment, stripeAt } from "../node/plan/schedule.ts";
import { ownedBelow } from "../node/plan/stripe.ts";
import type { IterationsExecutor } from "../node/plan/types.ts";

/** How long an iteration takes. */
const ITERATION_MS = 250;

/** What the engine knows at a moment. All in swarm time. */
export interface Moment {
  readonly nowMs: number;
  readonly leaseMs: number;
  /** The load threads stood still until then. */
  readonly thawedMs: number;
}

/** The rules are those of node/load/iterations.ts. */
export class DealtWork {
  readonly #executor: IterationsExecutor;
  #assignment: Assignment;
  #shares: readonly Segment[];
  /** null until the scenario has started, or where nothing was dealt. */
  #pool: Pool | null = null;
  /** Iterations that were dealt; null until the scenario has started. */
  #total: number | null = null;
  #users = 0;
  #round = 0;
  /** Reports made, and whether one of them said that it is over. */
  sequence = 0;
  isTold = false;
  started = 0;
  /** Dealt, and not started before the end. */
  left = 0;

  constructor(assignment: Assignment, executor: IterationsExecutor) {
    this.#executor = executor;
    this.#assignment = assignment;
    this.#shares = assignment.segments;
  }

  get assignment(): Assignment {
    return this.#assignment;
  }

  assign(assignment: Assignment): void {
    this.#shares = remembered(this.#shares, assignment.segments);
    this.#assignment = assignment;
  }

  /** Nothing more will start. */
  get isOver(): boolean {
    return this.#total !== null && this.started + this.left >= this.#total;
  }

  /** Starts what there was to start by now; `hit` gets its number and its time. */
  take({ nowMs, leaseMs, thawedMs }: Moment, hit: (k: number, atMs: number) => void): void {
    const { startAtMs, endAtMs } = this.#assignment;
    if (nowMs < startAtMs) return;
    if (this.#total === null) this.#begin(startAtMs <= leaseMs);
    for (;;) {
      const atMs = startAtMs + this.#round * ITERATION_MS;
      if (atMs > nowMs || atMs >= endAtMs || this.isOver) break;
      this.#round++;
      // Users wait for the lease, and for their thread; they do not make good what they missed.
      if (atMs > leaseMs || atMs < thawedMs) continue;
      for (let user = 0; user < this.#users && !this.isOver; user++) {
        this.started++;
        hit(this.#pool!.take(), atMs);
      }
    }
    if (nowMs >= endAtMs) this.left = this.#total! - this.started;
  }

  #begin(isLeased: boolean): void {
    const { vus } = this.#executor;
    const stripe = stripeAt(this.#shares, this.#assignment.startAtMs);
    this.#total = isLeased ? iterationsDealt(this.#executor, stripe) : 0;
    if (this.#total === 0) return;
    this.#users = ownedBelow(stripe, vus);
    this.#pool = new Pool(stripe, vus, 0);
  }
}
