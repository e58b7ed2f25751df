// Closed model with a fixed number of iterations: virtual users start the next one until all are taken or time is over.

import { DROP_REASONS, type DropReason } from "../metrics/results.ts";
import { iterationsDealt, Pool } from "../plan/deal.ts";
import { type Stripe, StripeWalk } from "../plan/stripe.ts";
import type { IterationsExecutor } from "../plan/types.ts";
import { covers, type Lease, monotonicMs, type SharedClock } from "./clock.ts";
import { FULL_TICK_MS, IN_FLIGHT_PER_WORKER } from "./limits.ts";
import type { ScenarioLoad, ScenarioOptions, Span } from "./scenario.ts";

/** Users of one worker that run; it could not hold more iterations in flight. */
const USERS = IN_FLIGHT_PER_WORKER;

const NOTHING: Stripe = { low: 0, width: 0 };

/** Fields of the memory that outlives the thread: whether all is settled, then iterations taken, in all or by user. */
const SETTLED = 0;
const TAKEN = 1;

/** Memory in which a worker notes how far it is, so that another thread can go on in its place. */
export function allocateProgress({ kind, vus }: IterationsExecutor): SharedArrayBuffer {
  return new SharedArrayBuffer(8 * (TAKEN + (kind === "shared-iterations" ? 1 : Math.min(vus, USERS))));
}

export interface IterationsLoadOptions extends ScenarioOptions {
  readonly executor: IterationsExecutor;
  /** What this worker owns at the start of the scenario, as far as it is known. */
  readonly dealt: Stripe;
  readonly progress: SharedArrayBuffer;
  readonly clock: Pick<SharedClock, "swarmOf">;
}

/** A virtual user of this worker. */
interface User {
  readonly vu: number;
  /** Where its own iterations are counted, or those of all. */
  readonly field: number;
}

export class IterationsLoad implements ScenarioLoad {
  readonly #options: IterationsLoadOptions;
  readonly #progress: Float64Array;
  #span: Span;
  #dealt: Stripe;
  #pool: Pool | null = null;
  /** Iterations dealt to this worker; null until the scenario has started. */
  #total: number | null = null;
  /** Users that are to start an iteration in the next turn. */
  readonly #ready = new Set<User>();
  #starting = false;
  #isFull = false;

  constructor(options: IterationsLoadOptions) {
    this.#options = options;
    this.#progress = new Float64Array(options.progress);
    this.#span = options.span;
    this.#dealt = options.dealt;
  }

  turn(nowMs: number, limit: number, lease: Lease): boolean {
    if (this.isOver() || nowMs < this.#span.startMs) return false;
    if (this.#total === null) this.#begin(lease);
    if (nowMs >= this.#span.endMs) {
      this.#settle(this.#endReason());
      return false;
    }
    this.#isFull = false;
    let starts = 0;
    // A copy: those that end as they begin are ready again, but for the next turn.
    for (const user of Array.from(this.#ready)) {
      if (!this.#hasWork(user)) {
        this.#ready.delete(user);
        continue;
      }
      if (starts++ >= limit) return true;
      this.#isFull = this.#options.worker.inFlight >= IN_FLIGHT_PER_WORKER;
      // Until it opens, or there is room, they are ready and come back to this.
      const startMs = monotonicMs();
      if (this.#isFull || !this.#options.gate.isOpen(startMs)) return false;
      this.#ready.delete(user);
      this.#start(user, startMs);
    }
    if (this.#ready.size === 0 && this.#options.inFlight.size === 0) this.#settle("max_vus");
    return false;
  }

  nextAtMs(nowMs: number): number {
    if (this.isOver()) return Number.POSITIVE_INFINITY;
    if (nowMs < this.#span.startMs) return this.#span.startMs;
    if (this.#total === null) return nowMs;
    if (this.#isFull) return nowMs + FULL_TICK_MS;
    return this.#ready.size > 0 ? nowMs : this.#span.endMs;
  }

  /** Shares that change later change nothing: what was dealt stays where it is. */
  retarget({ endAtMs, dealt }: { endAtMs: number; dealt: Stripe }): void {
    this.#span = { ...this.#span, endMs: endAtMs };
    if (this.#total === null) this.#dealt = dealt;
  }

  isOver(): boolean {
    return this.#progress[SETTLED] === 1;
  }

  /** Without a lease at the start nothing was dealt here: what this agent took to be its own, others may have had since. */
  #begin(lease: Lease): void {
    const { executor } = this.#options;
    const { vus, kind } = executor;
    if (!covers(lease, this.#span.startMs)) this.#dealt = NOTHING;
    this.#total = iterationsDealt(executor, this.#dealt);
    const isShared = kind === "shared-iterations";
    if (isShared && this.#total > 0) this.#pool = new Pool(this.#dealt, vus, this.#progress[TAKEN]!);
    const walk = new StripeWalk(this.#dealt);
    for (let vu = walk.seek(0), i = 0; vu < vus && i < USERS; vu = walk.next(), i++) {
      this.#ready.add({ vu, field: isShared ? TAKEN : TAKEN + i });
    }
  }

  #hasWork({ field }: User): boolean {
    const { kind, iterations } = this.#options.executor;
    return this.#progress[field]! < (kind === "shared-iterations" ? this.#total! : iterations);
  }

  #start(user: User, startMs: number): void {
    const { executor, inFlight, arena, scenario } = this.#options;
    // Nothing is called before it is noted here too (Arena.take).
    arena.take(scenario);
    const before = this.#progress[user.field]!++;
    const k = this.#pool === null ? user.vu + executor.vus * before : this.#pool.take();
    this.#starting = true;
    inFlight.start(k, user.vu, null, () => this.#ended(user), startMs);
    this.#starting = false;
  }

  #ended(user: User): void {
    const { gate, clock } = this.#options;
    const startMs = monotonicMs();
    if (clock.swarmOf(startMs) >= this.#span.endMs) return;
    // One that ended as it began, because its target is blocked, waits for the next turn instead of recursing.
    if (!this.#starting && this.#hasWork(user) && gate.isOpen(startMs)) return this.#start(user, startMs);
    // Also without work: the turn finds out whether that was the last one.
    this.#ready.add(user);
    if (!this.#starting) gate.wake();
  }

  /** Before the time was over: somebody has stopped it. */
  #endReason(): DropReason {
    const { startMs, endMs } = this.#span;
    return endMs < startMs + this.#options.executor.maxDurationMs ? "stopped" : "max_duration";
  }

  /** Nothing more starts. What is left, if anything, is dropped; users beyond what a worker can hold leave some. */
  #settle(reason: DropReason): void {
    const { arena, scenario, intervalAt, clock } = this.#options;
    let taken = 0;
    for (let field = TAKEN; field < this.#progress.length; field++) taken += this.#progress[field]!;
    this.#progress[SETTLED] = 1;
    if (taken === this.#total) return;
    const interval = intervalAt(clock.swarmOf(monotonicMs()));
    arena.dropped(scenario, interval, DROP_REASONS.indexOf(reason), this.#total! - taken);
  }
}
