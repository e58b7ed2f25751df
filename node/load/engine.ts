// The load engine as the agent sees it: tell it what to do for a run, and it reports once a second.

import type { Snapshot } from "../metrics/results.ts";
import { isDealt } from "../plan/deal.ts";
import { type Assignment, remembered, type Segment, stripeAt } from "../plan/schedule.ts";
import { CIRCLE, cut, position, type Stripe } from "../plan/stripe.ts";
import type { Plan } from "../plan/types.ts";
import type { Arena } from "./arena.ts";
import { SharedClock } from "./clock.ts";
import type { OpenCounts } from "./open-count.ts";
import { compileFlows } from "./flow.ts";
import type { GuardPolicy } from "./guard.ts";
import { allocateProgress } from "./iterations.ts";
import { Precision } from "./precision.ts";
import { rehearsalLeadMs } from "./rehearsal-plan.ts";
import { type Measured, RunReport } from "./report.ts";
import { LoadThreads, type SpawnWorker, spawnThread } from "./threads.ts";

export type { SpawnWorker } from "./threads.ts";

export interface EngineOptions {
  /** Id of this agent, for its snapshots. */
  member: string;
  /** Number of load threads. */
  workers: number;
  /** Local time = monotonic milliseconds + this (clock.ts). */
  clockBaseMs: number;
  guard: GuardPolicy;
  onSnapshot(s: Snapshot): void;
  /** The last measure of a run, whose numbers do not change any more. */
  onFinished?(measured: Measured): void;
  /** A thread crashed or a plan cannot be executed in full; the engine itself goes on. */
  onFault(error: Error): void;
}

const REPORT_INTERVAL_MS = 1000;
/** Samples are taken this long after their second has ended, when the workers have counted what happened in it. */
const SAMPLE_DELAY_MS = 5;
/**
 * Reports are spread over this much of a second by agent. All at once they cost every agent of a machine its cores for
 * a moment (measured: five agents on two cores, arrivals 100 ms late at every whole second).
 */
const REPORT_SPREAD_MS = 900;
/** The last part of a run is judged if it lasted so long; a shorter one says nothing. */
const LEAST_DIAGNOSED_MS = 500;
/** Runs that are remembered after their end, so that late news of one does not begin it anew. */
const FINISHED_RUNS = 1000;

/** Where a run stands in one worker. */
interface Part {
  readonly arena: Arena;
  readonly memory: SharedArrayBuffer;
  readonly fromMs: readonly number[];
  /** By scenario; outlives the thread. */
  readonly progress: readonly (SharedArrayBuffer | null)[];
  finished: boolean;
}

interface Run {
  assignment: Assignment;
  /** All shares it ever had, also those that assignments do not tell any more. */
  shares: readonly Segment[];
  readonly report: RunReport;
  /** By thread. */
  readonly parts: Part[];
  timer: NodeJS.Timeout | null;
  /** Swarm time at which the threads were looked at last. */
  diagnosedAtMs: number;
}

export class LoadEngine {
  readonly #options: EngineOptions;
  readonly #clock: SharedClock;
  readonly #threads: LoadThreads;
  readonly #precision: Precision;
  readonly #runs = new Map<string, Run>();
  readonly #finished = new Set<string>();
  readonly #reportOffsetMs: number;
  #closed = false;

  /** No thread runs until something is assigned, and nothing is offered until there is a lease. */
  constructor(options: EngineOptions, spawn: SpawnWorker = spawnThread) {
    this.#options = options;
    this.#clock = new SharedClock(options.clockBaseMs);
    const { workers, clockBaseMs, guard } = options;
    this.#precision = new Precision(workers, (error) => options.onFault(error));
    this.#threads = new LoadThreads({
      workers,
      settings: { clockBaseMs, clock: this.#clock.memory, guard, alarms: this.#precision.alarms },
      spawn,
      onMessage: (index, message) => {
        if (message.kind === "finished") this.#partFinished(index, message.run);
      },
      onCrash: (index) => this.#crashed(index),
      onReplaced: (index) => {
        for (const run of this.#runs.values()) if (!run.parts[index]!.finished) this.#startIn(index, run);
      },
      onFault: (error) => options.onFault(error),
    });
    this.#reportOffsetMs = REPORT_SPREAD_MS * fractionOf(options.member);
  }

  /** Starts the threads ahead of the first run; resolves when all are up and warm. Rejects if one cannot be started. */
  prepare(): Promise<void> {
    return this.#threads.prepare();
  }

  /** How long before its start the engine has to hear of a run that it is to carry alone, milliseconds; most need no time. */
  leadMs(plan: Plan): number {
    return rehearsalLeadMs(plan, this.#threads.count);
  }

  /** Begins a run, or replaces the shares and the end of one that has begun. */
  assign(a: Assignment): void {
    if (this.#closed || this.#finished.has(a.run)) return;
    const run = this.#runs.get(a.run);
    if (run === undefined) {
      this.#begin(a);
      return;
    }
    if (a.startAtMs !== run.assignment.startAtMs) {
      this.#beginAnew(run, a);
      return;
    }
    run.assignment = { ...run.assignment, endAtMs: a.endAtMs, segments: a.segments };
    run.shares = remembered(run.shares, a.segments);
    run.parts.forEach(({ finished }, index) => {
      if (finished) return;
      this.#threads.post(index, { kind: "retarget", run: a.run, endAtMs: a.endAtMs, ...this.#sharesOf(index, run) });
    });
  }

  /**
   * Nothing is offered after this local time, but for runs that ignore leases; Infinity: no bound. Each thread looks before
   * every batch and before every later request of an iteration. What fell due until then and was not sent is dropped as
   * late; what falls due before a lapsed lease is renewed is passed over, others own it. Iterations under way wait.
   */
  setLease(untilMs: number): void {
    this.#clock.setLease(untilMs);
  }

  /** Swarm time is local time plus this from now on, in every thread; 0 until then. */
  setClockOffset(offsetMs: number): void {
    this.#clock.setOffset(offsetMs);
  }

  /** Of every run that is on or about to begin, as of now. */
  measure(): Measured[] {
    return [...this.#runs.values()].map(({ assignment, report }) => report.measure(assignment));
  }

  openCounts(): OpenCounts {
    return this.#threads.openCounts();
  }

  /** Ends everything at once. Each run that was not over is reported once more, what was in flight as interrupted. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const run of this.#runs.values()) if (run.timer !== null) clearTimeout(run.timer);
    await Promise.all([this.#threads.close(), this.#precision.close()]);
    for (const run of Array.from(this.#runs.values())) {
      for (const { arena, finished } of run.parts) if (!finished) arena.abandon();
      this.#finish(run);
    }
  }

  #now(): number {
    return this.#clock.nowMs();
  }

  #begin(assignment: Assignment): void {
    const { run: id, plan, startAtMs } = assignment;
    const report = new RunReport(id, this.#options.member, plan, startAtMs);
    const run: Run = { assignment, shares: assignment.segments, report, parts: [], timer: null, diagnosedAtMs: startAtMs };
    this.#runs.set(id, run);
    if (!this.#isExecutable(plan)) {
      this.#finish(run);
      return;
    }
    this.#threads.start();
    if (plan.precision === "high") this.#precision.want(id);
    const fromMs = plan.scenarios.map(() => this.#now());
    for (let index = 0; index < this.#threads.count; index++) {
      const progress = plan.scenarios.map(({ executor }) => (isDealt(executor) ? allocateProgress(executor) : null));
      run.parts.push({ ...report.addArena(), fromMs, progress, finished: false });
      this.#startIn(index, run);
    }
    this.#scheduleReport(run);
  }

  /**
   * Another start won: two agents were given the plan at the same moment. Both starts are ahead, so nothing has been
   * sent; once a run is on, its start is settled and news of another is too late.
   */
  #beginAnew(run: Run, assignment: Assignment): void {
    if (this.#now() >= Math.min(run.assignment.startAtMs, assignment.startAtMs)) return;
    if (run.timer !== null) clearTimeout(run.timer);
    this.#begin(assignment);
  }

  /** Faults here would crash every thread that is told of the plan. */
  #isExecutable(plan: Plan): boolean {
    try {
      compileFlows(plan);
      return true;
    } catch (error) {
      this.#options.onFault(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  #startIn(index: number, run: Run): void {
    const { run: id, plan, startAtMs, endAtMs, ignoresLease = false } = run.assignment;
    const { memory, fromMs, progress } = run.parts[index]!;
    const { shape } = run.report;
    const known = { run: id, plan, startAtMs, endAtMs, ...this.#sharesOf(index, run), ignoresLease };
    this.#threads.post(index, { kind: "start", ...known, fromMs, progress, shape, memory });
  }

  /** A thread's part of the agent's shares, from now on and at the start of each scenario. */
  #sharesOf(index: number, run: Run): { readonly segments: Segment[]; readonly dealt: Stripe[] } {
    const { plan, startAtMs, segments } = run.assignment;
    const weights = new Array<number>(this.#threads.count).fill(1);
    const part = (stripe: Stripe): Stripe => cut(weights, stripe)[index]!;
    return {
      segments: segments.map(({ fromMs, stripe }) => ({ fromMs, stripe: part(stripe) })),
      dealt: plan.scenarios.map(({ startTimeMs }) => part(stripeAt(run.shares, startAtMs + startTimeMs))),
    };
  }

  #partFinished(index: number, id: string): void {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    run.parts[index]!.finished = true;
    if (!run.parts.every((part) => part.finished)) return;
    const atMs = Math.min(this.#now(), run.assignment.endAtMs) - 1;
    if (atMs >= run.diagnosedAtMs + LEAST_DIAGNOSED_MS) this.#diagnose(run, atMs);
    this.#finish(run);
  }

  /** What the thread counted stays; another one goes on from the first arrival that it had not dealt with. */
  #crashed(index: number): void {
    for (const run of this.#runs.values()) {
      const part = run.parts[index]!;
      if (part.finished) continue;
      part.arena.abandon();
      // A hair earlier, because this instant is the arrival's own, rounded; a worker's arrivals are further apart.
      const fromMs = part.fromMs.map((before, i) => Math.max(before, part.arena.resumeAtMs(i) - 0.0005));
      run.parts[index] = { ...part, ...run.report.addArena(), fromMs };
    }
  }

  /** At the end of every second a sample, and some time into the next one, another for each agent, a report. */
  #scheduleReport(run: Run): void {
    const { startAtMs } = run.assignment;
    const second = Math.max(1, Math.floor((this.#now() - SAMPLE_DELAY_MS - startAtMs) / REPORT_INTERVAL_MS) + 1);
    const dueMs = startAtMs + second * REPORT_INTERVAL_MS;
    // A timer may hold at most 2^31 ms; a run further ahead than a day is looked at again then.
    const waitMs = Math.min(86_400_000, dueMs + SAMPLE_DELAY_MS - this.#now());
    run.timer = setTimeout(() => {
      if (this.#now() < dueMs) return this.#scheduleReport(run);
      // As of the end of the second, so that durations count in the interval that has just ended.
      const endedMs = dueMs + Math.floor((this.#now() - dueMs) / REPORT_INTERVAL_MS) * REPORT_INTERVAL_MS;
      run.report.sample(endedMs - 1);
      this.#diagnose(run, endedMs - 1);
      run.timer = setTimeout(() => {
        this.#options.onSnapshot(run.report.snapshot(this.#now(), false));
        this.#scheduleReport(run);
      }, this.#reportOffsetMs);
    }, waitMs);
  }

  #diagnose(run: Run, atMs: number): void {
    run.diagnosedAtMs = this.#now();
    const threads = run.parts.map(({ arena }, index) => ({ arena, thread: this.#threads.at(index) }));
    run.report.diagnose(threads, atMs);
  }

  #finish(run: Run): void {
    if (run.timer !== null) clearTimeout(run.timer);
    const { run: id } = run.assignment;
    this.#precision.release(id);
    this.#runs.delete(id);
    this.#finished.add(id);
    if (this.#finished.size > FINISHED_RUNS) this.#finished.delete(this.#finished.values().next().value!);
    this.#options.onSnapshot(run.report.snapshot(this.#now(), true));
    this.#options.onFinished?.(run.report.measure(run.assignment));
  }
}

/** A number in [0, 1) that is always the same for a text: golden-ratio hashing of its characters. */
function fractionOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return position(hash >>> 0) / CIRCLE;
}
