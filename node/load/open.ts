// Open model: iterations start on schedule, whatever the target answers.

import { DROP_REASONS, type DropReason } from "../metrics/results.ts";
import { RateCurve } from "../plan/curve.ts";
import { OwnArrivals, type Segment, stripeAt } from "../plan/schedule.ts";
import { ownedBelow } from "../plan/stripe.ts";
import type { ArrivalRateExecutor } from "../plan/types.ts";
import { type Lease, monotonicMs, type SharedClock } from "./clock.ts";
import type { Iteration } from "./iteration.ts";
import { IN_FLIGHT_PER_WORKER, LATE_LIMIT_MS, OVERDUE_MS } from "./limits.ts";
import { type Due, Pacer } from "./pacer.ts";
import { nextChangeMs, type Retarget, type ScenarioLoad, type ScenarioOptions } from "./scenario.ts";

export interface OpenLoadOptions extends ScenarioOptions {
  readonly executor: ArrivalRateExecutor;
  readonly segments: readonly Segment[];
  /** Arrivals due before it are not this worker's business. */
  readonly fromMs: number;
  readonly clock: Pick<SharedClock, "monotonicOf" | "swarmOf">;
}

export class OpenLoad implements ScenarioLoad, Due {
  readonly #options: OpenLoadOptions;
  readonly #pacer: Pacer;
  #segments: readonly Segment[];
  #endMs: number;
  /** This worker's part of maxVUs, and until when it holds. */
  #slots = 0;
  #slotsUntilMs = Number.NEGATIVE_INFINITY;
  /** Numbers of virtual users that are free again. */
  readonly #freeVus: number[] = [];
  #vus = 0;
  #nowMs = 0;
  /** Of the lease: its latest gap is dealt with. */
  #generation = 0;
  readonly #ended = (iteration: Iteration, endMs: number): void => {
    this.#freeVus.push(iteration.vu);
    const { arena, scenario, clock, gate } = this.#options;
    if (clock.swarmOf(endMs) - arena.resumeAtMs(scenario) > OVERDUE_MS) gate.wake();
  };

  constructor(options: OpenLoadOptions) {
    const { executor, span, segments, fromMs } = options;
    this.#options = options;
    this.#segments = segments;
    this.#endMs = span.endMs;
    const arrivals = new OwnArrivals(new RateCurve(executor.curve), span.startMs, segments, fromMs);
    this.#pacer = new Pacer(arrivals, span.endMs);
    this.advanced(this.#pacer.nextAtMs());
  }

  turn(nowMs: number, limit: number, lease: Lease): boolean {
    this.#nowMs = nowMs;
    this.#follow(lease);
    return nowMs <= lease.untilMs && this.#pacer.turn(nowMs, limit, this);
  }

  nextAtMs(): number {
    return this.#pacer.nextAtMs();
  }

  isOver(nowMs: number): boolean {
    return nowMs >= this.#endMs && this.#pacer.nextAtMs() === Number.POSITIVE_INFINITY;
  }

  retarget({ segments, endAtMs }: Retarget, nowMs: number, lease: Lease): void {
    this.#nowMs = nowMs;
    this.#follow(lease);
    this.#endMs = endAtMs;
    this.#pacer.end(endAtMs, nowMs, this);
    this.#pacer.retarget(segments, nowMs, this);
    this.#segments = segments;
    this.#slotsUntilMs = Number.NEGATIVE_INFINITY;
  }

  taken(nextAtMs: number): void {
    this.#options.arena.take(this.#options.scenario, nextAtMs);
  }

  advanced(nextAtMs: number): void {
    this.#options.arena.setResumeAtMs(this.#options.scenario, nextAtMs);
  }

  start(k: number, atMs: number): void {
    const { inFlight, worker, clock, gate } = this.#options;
    // Between two starts of a batch the process may have been stopped for any time.
    const startMs = monotonicMs();
    if (clock.swarmOf(startMs) - atMs > LATE_LIMIT_MS || !gate.isOpen(startMs)) return this.drop("late", atMs);
    if (inFlight.size >= this.#slotsNow()) return this.drop("max_vus", atMs);
    if (worker.inFlight >= IN_FLIGHT_PER_WORKER) return this.drop("no_connection", atMs);
    const vu = this.#freeVus.pop() ?? this.#vus++;
    inFlight.start(k, vu, clock.monotonicOf(atMs), this.#ended, startMs);
  }

  drop(reason: DropReason, atMs: number): void {
    const { arena, scenario, intervalAt } = this.#options;
    arena.dropped(scenario, intervalAt(atMs), DROP_REASONS.indexOf(reason));
  }

  /** What fell due while the lease had lapsed, as far as it is known by now, is not ours. */
  #follow(lease: Lease): void {
    if (lease.generation !== this.#generation) {
      this.#generation = lease.generation;
      this.#pacer.lapse(lease.lapsedAtMs, lease.renewedAtMs, this);
    }
    if (this.#nowMs > lease.untilMs) this.#pacer.lapse(lease.untilMs, this.#nowMs, this);
  }

  /** Of the swarm's virtual users 0 <= v < maxVUs those are this worker's whose position lies in its stripe. */
  #slotsNow(): number {
    const { maxVUs } = this.#options.executor;
    if (maxVUs === null) return Number.POSITIVE_INFINITY;
    if (this.#nowMs >= this.#slotsUntilMs) {
      this.#slots = ownedBelow(stripeAt(this.#segments, this.#nowMs), maxVUs);
      this.#slotsUntilMs = nextChangeMs(this.#segments, this.#nowMs);
    }
    return this.#slots;
  }
}
