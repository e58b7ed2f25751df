// Closed model: virtual users, each of which starts its next iteration when the last one has ended.

import { DROP_REASONS } from "../metrics/results.ts";
import { type Segment, stripeAt } from "../plan/schedule.ts";
import { owns, type Stripe, StripeWalk } from "../plan/stripe.ts";
import type { ConstantVusExecutor, RampingVusExecutor } from "../plan/types.ts";
import { IN_FLIGHT_PER_WORKER } from "./limits.ts";
import { nextChangeMs, type Retarget, type ScenarioLoad, type ScenarioOptions, type Span } from "./scenario.ts";

/** How often the number of virtual users follows a ramp. */
const RAMP_TICK_MS = 50;

export interface ClosedLoadOptions extends ScenarioOptions {
  readonly executor: ConstantVusExecutor | RampingVusExecutor;
  readonly segments: readonly Segment[];
  /** Swarm time now. */
  now(): number;
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
  /** Virtual users with an iteration in flight. */
  readonly #busy = new Set<number>();
  /** Virtual users that are to start an iteration in the next turn. */
  readonly #ready = new Set<number>();
  /** Microseconds of each user's last iteration, so that the next one has a higher number. */
  readonly #last = new Map<number, number>();
  /** Users that were ramped away -> when their iteration is interrupted. */
  readonly #leaving = new Map<number, number>();
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
    let starts = 0;
    // A copy: those that end as they begin are ready again, but for the next turn.
    for (const vu of Array.from(this.#ready)) {
      if (starts++ >= limit) return true;
      // Until it opens they are ready, and come back to this.
      if (!this.#options.gate.isOpen()) return false;
      this.#ready.delete(vu);
      if (this.#options.worker.inFlight < IN_FLIGHT_PER_WORKER) this.#start(vu, nowMs);
      else this.#drop(nowMs);
    }
    return false;
  }

  nextAtMs(nowMs: number): number {
    const { startMs, endMs } = this.#span;
    if (nowMs >= endMs) return Number.POSITIVE_INFINITY;
    if (nowMs < startMs) return startMs;
    if (this.#ready.size > 0) return nowMs;
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
      for (let v = walk.seek(moved ? 0 : Math.min(vus, this.#vus)); v < vus; v = walk.next()) {
        this.#leaving.delete(v);
        if (!this.#busy.has(v)) this.#ready.add(v);
      }
      this.#stripe = stripe;
      this.#vus = vus;
      for (const v of this.#ready) if (!this.#isMine(v)) this.#ready.delete(v);
      this.#letGo(nowMs);
    }
    this.#interruptLeaving(nowMs);
  }

  #letGo(nowMs: number): void {
    const { executor } = this.#options;
    if (executor.kind !== "ramping-vus") return;
    for (const v of this.#busy) {
      if (v >= this.#vus && !this.#leaving.has(v)) this.#leaving.set(v, nowMs + executor.gracefulRampDownMs);
    }
  }

  #interruptLeaving(nowMs: number): void {
    if (this.#leaving.size === 0) return;
    const due = new Set<number>();
    for (const [v, atMs] of this.#leaving) if (atMs <= nowMs) due.add(v);
    for (const v of due) this.#leaving.delete(v);
    if (due.size > 0) this.#options.inFlight.interrupt((iteration) => due.has(iteration.vu));
  }

  #isMine(v: number): boolean {
    return v < this.#vus && owns(this.#stripe, v);
  }

  #start(v: number, nowMs: number): void {
    const elapsedUs = Math.floor((nowMs - this.#span.startMs) * 1000);
    const sequence = Math.max(elapsedUs, (this.#last.get(v) ?? -1) + 1);
    this.#last.set(v, sequence);
    this.#busy.add(v);
    this.#starting = true;
    this.#options.inFlight.start(v + this.#mostVus * sequence, v, null, () => this.#ended(v));
    this.#starting = false;
  }

  #ended(v: number): void {
    this.#busy.delete(v);
    this.#leaving.delete(v);
    const nowMs = this.#options.now();
    if (nowMs >= this.#span.endMs) return;
    if (!this.#isMine(v)) return;
    const { gate } = this.#options;
    // One that ended as it began, because its target is blocked, waits for the next turn instead of recursing.
    if (!this.#starting && owns(stripeAt(this.#segments, nowMs), v) && gate.isOpen()) return this.#start(v, nowMs);
    this.#ready.add(v);
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
