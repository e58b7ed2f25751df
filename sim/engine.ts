// The load engine of a simulated agent: what a real one would send, or in large swarms only what part of the rate.

import type { Snapshot } from "../node/metrics/results.ts";
import { RateCurve } from "../node/plan/curve.ts";
import { isDealt } from "../node/plan/deal.ts";
import { type Assignment, OwnArrivals } from "../node/plan/schedule.ts";
import { CIRCLE } from "../node/plan/stripe.ts";
import { EPOCH_MS, type LocalClock } from "./clock.ts";
import { DealtWork } from "./dealt.ts";
import { snapshotOf } from "./snapshot.ts";
import type { Target } from "./target.ts";

/** What is due for longer is dropped: no burst makes good what a stall has kept back (node/load/pacer.ts). */
const LATE_MS = 50;

interface Work {
  assignment: Assignment;
  readonly curve: RateCurve;
  /** null where only shares are simulated. */
  readonly arrivals: OwnArrivals | null;
  started: number;
  late: number;
  /** Swarm time up to which these are counted, where only shares are simulated. */
  countedMs: number;
  sequence: number;
  done: boolean;
  /** Its end has passed: nothing more is offered, whatever time it will be. */
  isOver: boolean;
  /** Part of the circle that is held, until this local time. */
  width: number;
  changesAtMs: number;
}

export interface EngineOptions {
  readonly member: string;
  readonly clock: LocalClock;
  /** Where arrivals go; null simulates shares only. */
  readonly target: Target | null;
  /** Until the first lease nothing is offered; if there is never one, nothing bounds. */
  readonly needsLease: boolean;
}

/** Plans in the simulator have one scenario of one step: an arrival rate, or a number of iterations. */
export class SimulatedEngine {
  readonly #options: EngineOptions;
  readonly #work = new Map<string, Work>();
  readonly #dealt = new Map<string, DealtWork>();
  /** Swarm time minus local time, as the machine said last. */
  #offsetMs = 0;
  #leaseMs: number;
  /** Width of the widest stripe that it manages. */
  #ceiling = Number.POSITIVE_INFINITY;
  #owed = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#leaseMs = options.needsLease ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  assign(assignment: Assignment, localMs: number): void {
    const nowMs = localMs + this.#offsetMs;
    if (this.#assignDealt(assignment, localMs)) return;
    const work = this.#work.get(assignment.run);
    const isAhead = nowMs < Math.min(assignment.startAtMs, work?.assignment.startAtMs ?? Number.POSITIVE_INFINITY);
    if (work === undefined || (isAhead && work.assignment.startAtMs !== assignment.startAtMs)) {
      this.#work.set(assignment.run, this.#workOf(assignment, nowMs));
      return;
    }
    this.#take(work, localMs);
    work.assignment = assignment;
    work.changesAtMs = Number.NEGATIVE_INFINITY;
    work.arrivals?.retarget(assignment.segments, nowMs);
  }

  /** Nothing is offered after `untilMs`, which is local time. */
  lease(untilMs: number, localMs: number): void {
    // Whatever is due by now is allowed by the old lease and by the new one: it can be sent later as well.
    const isRenewal = localMs <= Math.min(this.#leaseMs, untilMs) && this.#ceiling === Number.POSITIVE_INFINITY;
    if (!isRenewal) this.run(localMs);
    this.#leaseMs = untilMs;
  }

  /** Swarm time is local time plus this from now on. */
  clock(offsetMs: number, localMs: number): void {
    this.run(localMs);
    const isStep = Math.abs(offsetMs - this.#offsetMs) > LATE_MS;
    for (const work of this.#work.values()) work.isOver ||= localMs + this.#offsetMs >= work.assignment.endAtMs;
    this.#offsetMs = offsetMs;
    for (const work of this.#work.values()) {
      work.changesAtMs = Number.NEGATIVE_INFINITY;
      // What lies between the two times was never due here.
      if (isStep) work.arrivals?.retarget(work.assignment.segments, localMs + offsetMs);
    }
  }

  /** It can send only this part of what it carries now, whatever it will carry; 1: as much as it likes. */
  saturate(capacity: number, localMs: number): void {
    this.run(localMs);
    const width = Math.max(0, ...[...this.#work.values()].map((work) => work.width));
    this.#ceiling = capacity < 1 ? width * capacity : Number.POSITIVE_INFINITY;
  }

  /** Sends everything due by now. */
  run(localMs: number): void {
    if (this.#options.target === null) return;
    for (const work of this.#work.values()) this.#take(work, localMs);
    for (const work of this.#dealt.values()) this.#takeDealt(work, localMs);
  }

  /** The load threads stood still until now: they look at their lease before anything else. */
  thaw(localMs: number): void {
    if (this.#options.target === null) return;
    for (const work of this.#work.values()) this.#take(work, localMs, localMs);
    for (const work of this.#dealt.values()) this.#takeDealt(work, localMs, localMs);
  }

  /** The process is gone. */
  end(localMs: number): void {
    this.run(localMs);
    this.#work.clear();
    this.#dealt.clear();
  }

  /** Calls back with each plan under way, the share of it that is held, and the share that is offered. */
  shares(localMs: number, each: (plan: string, held: number, offered: number) => void): void {
    if (this.#work.size === 0) return;
    for (const work of this.#work.values()) {
      if (localMs >= work.changesAtMs) this.#measure(work, localMs);
      if (work.width === 0) continue;
      each(work.assignment.plan.name, work.width, this.#offered(work, localMs));
    }
  }

  /** Cumulative reports of what is under way; the last of a run says that it is done. */
  reports(localMs: number): Snapshot[] {
    const nowMs = localMs + this.#offsetMs;
    const reports: Snapshot[] = [];
    for (const work of this.#work.values()) {
      const { assignment } = work;
      if (work.done || (nowMs < assignment.startAtMs && !work.isOver)) continue;
      if (work.arrivals === null) this.#estimate(work, localMs);
      work.done = work.isOver || nowMs >= assignment.endAtMs;
      work.sequence++;
      const { sequence, done } = work;
      const [started, late] = [Math.round(work.started), Math.round(work.late)];
      reports.push(snapshotOf({ run: assignment.run, member: this.#options.member, sequence, atMs: nowMs, done, started, late }));
    }
    for (const [run, work] of this.#dealt) {
      const { started, left } = work;
      const done = work.isOver;
      if (nowMs < work.assignment.startAtMs || work.isTold) continue;
      work.isTold = done;
      const sequence = ++work.sequence;
      reports.push(snapshotOf({ run, member: this.#options.member, sequence, atMs: nowMs, done, started, late: 0, stopped: left }));
    }
    return reports;
  }

  /** Whether it is an assignment of that kind. */
  #assignDealt(assignment: Assignment, localMs: number): boolean {
    const { executor } = assignment.plan.scenarios[0]!;
    if (!isDealt(executor)) return false;
    const known = this.#dealt.get(assignment.run);
    if (known === undefined) {
      this.#dealt.set(assignment.run, new DealtWork(assignment, executor));
      return true;
    }
    this.#takeDealt(known, localMs);
    known.assign(assignment);
    return true;
  }

  #takeDealt(work: DealtWork, localMs: number, thawedMs = Number.NEGATIVE_INFINITY): void {
    const { clock, target } = this.#options;
    const [nowMs, leaseMs] = [localMs + this.#offsetMs, this.#leaseMs + this.#offsetMs];
    work.take({ nowMs, leaseMs, thawedMs: thawedMs + this.#offsetMs }, (k, atMs) => {
      target?.hit(work.assignment.run, k, EPOCH_MS + clock.virtual(atMs - this.#offsetMs));
    });
  }

  #workOf(assignment: Assignment, nowMs: number): Work {
    const { startAtMs, segments } = assignment;
    const { executor } = assignment.plan.scenarios[0]!;
    if (!("curve" in executor)) throw new Error("the simulator runs arrival rates only");
    const curve = new RateCurve(executor.curve);
    const arrivals = this.#options.target === null ? null : new OwnArrivals(curve, startAtMs, segments, nowMs);
    const counts = { started: 0, late: 0, countedMs: Math.max(nowMs, startAtMs), sequence: 0, done: false, isOver: false };
    return { assignment, curve, arrivals, ...counts, width: 0, changesAtMs: Number.NEGATIVE_INFINITY };
  }

  /** Counts as if share and lease had been since the last report what they are now. */
  #estimate(work: Work, localMs: number): void {
    const { curve, assignment, countedMs } = work;
    if (localMs >= work.changesAtMs) this.#measure(work, localMs);
    const untilMs = Math.max(countedMs, Math.min(localMs + this.#offsetMs, assignment.endAtMs));
    const due = curve.firstAtOrAfter(untilMs - assignment.startAtMs) - curve.firstAtOrAfter(countedMs - assignment.startAtMs);
    const offered = this.#offered(work, localMs);
    work.countedMs = untilMs;
    work.started += due * offered;
    // What is due after a lease has ended is somebody else's.
    if (offered > 0) work.late += due * (work.width - offered);
  }

  /** Part of the circle. */
  #offered({ width, assignment }: Work, localMs: number): number {
    const isAllowed = localMs <= this.#leaseMs || assignment.ignoresLease === true;
    return isAllowed ? Math.min(width, this.#ceiling) : 0;
  }

  /** `thawedMs`: the load threads come to it only now; else they were there when each arrival was due. */
  #take(work: Work, localMs: number, thawedMs = Number.NEGATIVE_INFINITY): void {
    const { arrivals, assignment } = work;
    const { clock, target } = this.#options;
    const { startAtMs, endAtMs, run } = assignment;
    const nowMs = localMs + this.#offsetMs;
    if (arrivals === null || target === null || nowMs < startAtMs || work.isOver) return;
    const leaseMs = assignment.ignoresLease === true ? Number.POSITIVE_INFINITY : this.#leaseMs;
    for (;;) {
      const arrival = arrivals.peek();
      if (arrival === null || arrival.atMs >= endAtMs || arrival.atMs > nowMs) return;
      arrivals.advance();
      const dueMs = arrival.atMs - this.#offsetMs;
      // Due after the lease ended: somebody else's.
      if (dueMs > leaseMs) continue;
      const sentMs = Math.max(dueMs, thawedMs);
      if (sentMs > leaseMs || sentMs - dueMs > LATE_MS || !this.#hasRoom(work)) {
        work.late++;
        continue;
      }
      work.started++;
      target.hit(run, arrival.k, EPOCH_MS + clock.virtual(sentMs));
    }
  }

  #hasRoom({ width }: Work): boolean {
    this.#owed += width <= this.#ceiling ? 1 : this.#ceiling / width;
    if (this.#owed < 1) return false;
    this.#owed -= 1;
    return true;
  }

  #measure(work: Work, localMs: number): void {
    const { startAtMs, endAtMs, segments } = work.assignment;
    const nowMs = localMs + this.#offsetMs;
    work.width = 0;
    let changesMs = Number.POSITIVE_INFINITY;
    if (work.isOver) changesMs = Number.POSITIVE_INFINITY;
    else if (nowMs < startAtMs) changesMs = startAtMs;
    else if (nowMs < endAtMs) {
      changesMs = endAtMs;
      for (const [index, { fromMs, stripe }] of segments.entries()) {
        if (index > 0 && fromMs > nowMs) {
          changesMs = Math.min(changesMs, fromMs);
          break;
        }
        work.width = stripe.width / CIRCLE;
      }
    }
    work.changesAtMs = changesMs - this.#offsetMs;
  }
}
