// Closed model: virtual users, each of which starts its next iteration when the last one has ended.

import { DROP_REASONS } from "../metrics/results.ts";
import { type Segment, stripeAt } from "../plan/schedule.ts";
import { owns, type Stripe, StripeWalk } from "../plan/stripe.ts";
import type { ConstantVusExecutor, RampingVusExecutor } from "../plan/types.ts";
import { monotonicMs, type SharedClock } from "./clock.ts";
import type { Iteration } from "./iteration.ts";
import { IN_FLIGHT_PER_WORKER } from "./limits.ts";
import { nextChangeMs, type Retarget, type ScenarioLoad, type ScenarioOptions, type Span } from "./scenario.ts";

/** How often the number of virtual users follows a ramp. */
const RAMP_TICK_MS = 50;

export interface ClosedLoadOptions extends ScenarioOptions {
  readonly executor: ConstantVusExecutor | RampingVusExecutor;
  readonly segments: readonly Segment[];
  readonly clock: Pick<SharedClock, "swarmOf">;
}

/** A virtual user that this worker has had, whether it is here now or not. */
interface User {
  readonly v: number;
  /** Microseconds of its last iteration, so that the next one has a higher number. */
  last: number;
  /** It has an iteration in flight. */
  isBusy: boolean;
  /** It is to start an iteration in the next turn. */
  isReady: boolean;
  /** It was ramped away: when its iteration is interrupted; else Infinity. */
  leavesAtMs: number;
}

/**
 * Virtual user v of the swarm lives in the worker whose stripe holds its position. One that moves away finishes its
 * iteration here and starts the next one there. The number of an iteration is v + users * (microseconds since the
 * start of the scenario): unique in the swarm without anybody counting, while users * microseconds stays below 2^53
 * (10,000 users for ten days; a million for two and a half hours; beyond that numbers may repeat).
 */
export class ClosedLoad implements ScenarioLoad {
  readonly #options: ClosedLoadOptions;
  readonly #mostVus: number;
  #span: Span;
  #segments: readonly Segment[];
  #stripe: Stripe = { low: 0, width: 0 };
  #vus = 0;
  /** By number. Nothing is put in or taken out while users come and go by the thousand. */
  readonly #users = new Map<number, User>();
  /** In the order in which they start. */
  #ready: User[] = [];
  /** Users that were ramped away, and perhaps some that have ended since. */
  #leaving: User[] = [];
  readonly #onEnd = (iteration: Iteration): void => this.#ended(this.#users.get(iteration.vu)!);
  #starting = false;

  constructor(options: ClosedLoadOptions) {
    this.#options = options;
    this.#mostVus = mostVus(options.executor);
    this.#span = options.span;
    this.#segments = options.segments;
  }

  turn(nowMs: number, limit: number): boolean {
    const { startMs, endMs } = this.#span;
    if (nowMs < startMs) return false;
    if (nowMs >= endMs) {
      // Those that were ramped away have no more time than they had.
      this.#interruptLeaving(nowMs);
      return false;
    }
    this.#follow(nowMs);
    // Those that end as they begin are ready again, but for the next turn.
    const most = this.#ready.length;
    let taken = 0;
    while (taken < most) {
      if (taken >= limit) break;
      const startMs = monotonicMs();
      // Until it opens they are ready, and come back to this.
      if (!this.#options.gate.isOpen(startMs)) break;
      const user = this.#ready[taken++]!;
      user.isReady = false;
      if (this.#options.worker.inFlight < IN_FLIGHT_PER_WORKER) this.#start(user, nowMs, startMs);
      else this.#drop(nowMs);
    }
    this.#ready.splice(0, taken);
    return taken === limit && taken < most;
  }

  nextAtMs(nowMs: number): number {
    const { startMs, endMs } = this.#span;
    if (nowMs >= endMs) return Number.POSITIVE_INFINITY;
    if (nowMs < startMs) return startMs;
    if (this.#ready.length > 0) return nowMs;
    const rampMs = this.#options.executor.kind === "ramping-vus" ? nowMs + RAMP_TICK_MS : Number.POSITIVE_INFINITY;
    return Math.min(rampMs, nextChangeMs(this.#segments, nowMs));
  }

  isOver(nowMs: number): boolean {
    return nowMs >= this.#span.endMs;
  }

  retarget({ segments, endAtMs }: Retarget): void {
    this.#segments = segments;
    this.#span = { ...this.#span, endMs: endAtMs };
  }

  /** A user beyond what the worker can hold does not run at all. */
  #drop(nowMs: number): void {
    const { arena, scenario, intervalAt } = this.#options;
    arena.dropped(scenario, intervalAt(nowMs), DROP_REASONS.indexOf("max_vus"));
  }

  /** Finds the users that have come, and lets those go that have gone. */
  #follow(nowMs: number): void {
    const stripe = stripeAt(this.#segments, nowMs);
    const vus = vusAt(this.#options.executor, nowMs - this.#span.startMs);
    const moved = stripe.low !== this.#stripe.low || stripe.width !== this.#stripe.width;
    if (moved || vus !== this.#vus) {
      const walk = new StripeWalk(stripe);
      for (let v = walk.seek(moved ? 0 : Math.min(vus, this.#vus)); v < vus; v = walk.next()) this.#come(this.#userOf(v));
      this.#stripe = stripe;
      this.#vus = vus;
      for (const user of this.#ready) user.isReady = this.#isMine(user.v);
      this.#ready = this.#ready.filter(({ isReady }) => isReady);
      this.#letGo(nowMs);
    }
    this.#interruptLeaving(nowMs);
  }

  #userOf(v: number): User {
    let user = this.#users.get(v);
    if (user === undefined) {
      user = { v, last: -1, isBusy: false, isReady: false, leavesAtMs: Number.POSITIVE_INFINITY };
      this.#users.set(v, user);
    }
    return user;
  }

  #come(user: User): void {
    user.leavesAtMs = Number.POSITIVE_INFINITY;
    if (!user.isBusy) this.#makeReady(user);
  }

  #makeReady(user: User): void {
    if (user.isReady) return;
    user.isReady = true;
    this.#ready.push(user);
  }

  #letGo(nowMs: number): void {
    const { executor } = this.#options;
    if (executor.kind !== "ramping-vus") return;
    for (const user of this.#users.values()) {
      if (!user.isBusy || user.v < this.#vus || user.leavesAtMs < Number.POSITIVE_INFINITY) continue;
      user.leavesAtMs = nowMs + executor.gracefulRampDownMs;
      this.#leaving.push(user);
    }
  }

  #interruptLeaving(nowMs: number): void {
    if (this.#leaving.length === 0) return;
    const due = new Set(this.#leaving.filter(({ leavesAtMs }) => leavesAtMs <= nowMs).map(({ v }) => v));
    // Also without those that have ended meanwhile, or are to stay after all.
    this.#leaving = this.#leaving.filter(({ leavesAtMs }) => leavesAtMs > nowMs && leavesAtMs < Number.POSITIVE_INFINITY);
    if (due.size > 0) this.#options.inFlight.interrupt((iteration) => due.has(iteration.vu));
  }

  #isMine(v: number): boolean {
    return v < this.#vus && owns(this.#stripe, v);
  }

  #start(user: User, nowMs: number, startMs: number): void {
    const elapsedUs = Math.floor((nowMs - this.#span.startMs) * 1000);
    user.last = Math.max(elapsedUs, user.last + 1);
    user.isBusy = true;
    this.#starting = true;
    this.#options.inFlight.start(user.v + this.#mostVus * user.last, user.v, null, this.#onEnd, startMs);
    this.#starting = false;
  }

  #ended(user: User): void {
    const { gate, clock } = this.#options;
    user.isBusy = false;
    user.leavesAtMs = Number.POSITIVE_INFINITY;
    const startMs = monotonicMs();
    const nowMs = clock.swarmOf(startMs);
    if (nowMs >= this.#span.endMs) return;
    if (!this.#isMine(user.v)) return;
    // One that ended as it began, because its target is blocked, waits for the next turn instead of recursing.
    if (!this.#starting && owns(stripeAt(this.#segments, nowMs), user.v) && gate.isOpen(startMs)) {
      return this.#start(user, nowMs, startMs);
    }
    this.#makeReady(user);
    if (!this.#starting) gate.wake();
  }
}

function mostVus(executor: ConstantVusExecutor | RampingVusExecutor): number {
  if (executor.kind === "constant-vus") return executor.vus;
  return executor.stages.reduce((most, stage) => Math.max(most, stage.target), Math.max(1, executor.startVUs));
}

/** Number of virtual users at an instant of the scenario; ramps are linear. */
export function vusAt(executor: ConstantVusExecutor | RampingVusExecutor, elapsedMs: number): number {
  if (executor.kind === "constant-vus") return executor.vus;
  let from = executor.startVUs;
  let beginMs = 0;
  for (const { durationMs, target } of executor.stages) {
    if (elapsedMs < beginMs + durationMs) {
      return Math.round(from + ((target - from) * (elapsedMs - beginMs)) / durationMs);
    }
    beginMs += durationMs;
    from = target;
  }
  return from;
}
