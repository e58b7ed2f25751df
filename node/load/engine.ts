// The load engine as the agent sees it: tell it what to do for a run, and it reports once a second.

import { Worker } from "node:worker_threads";
import type { Snapshot } from "../metrics/results.ts";
import { LoadswarmError } from "../plan/errors.ts";
import type { Assignment, Segment } from "../plan/schedule.ts";
import { CIRCLE, cut, position } from "../plan/stripe.ts";
import type { Plan } from "../plan/types.ts";
import type { Arena } from "./arena.ts";
import { monotonicMs, SharedClock } from "./clock.ts";
import { compileFlows } from "./flow.ts";
import type { GuardPolicy } from "./guard.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { type Measured, RunReport } from "./report.ts";
import { isSupported } from "./run.ts";
import { Watchdog, type Watched } from "./watchdog.ts";

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
/** A worker that crashes again within this time waits for the rest of it, so that crashes cannot follow like sparks. */
const RESPAWN_INTERVAL_MS = 1000;
/** A place whose threads crashed so often before any of them was up will not have one: `prepare` gives up. */
const HOPELESS_CRASHES = 3;
/** Runs that are remembered after their end, so that late news of one does not begin it anew. */
const FINISHED_RUNS = 1000;

/** A worker thread's place; the thread in it may be replaced. */
interface Slot {
  readonly index: number;
  worker: Worker | null;
  spawnedAtMs: number;
  respawn: NodeJS.Timeout | null;
  /** Resolved when the first thread in this place was up. */
  readonly ready: PromiseWithResolvers<void>;
  /** Threads that crashed in this place. */
  crashes: number;
}

/** Where a run stands in one worker. */
interface Part {
  readonly arena: Arena;
  readonly memory: SharedArrayBuffer;
  readonly fromMs: readonly number[];
  finished: boolean;
}

interface Run {
  assignment: Assignment;
  readonly report: RunReport;
  /** By slot. */
  readonly parts: Part[];
  timer: NodeJS.Timeout | null;
}

/** Makes a load thread. */
export type SpawnWorker = (settings: WorkerSettings) => Worker;

function spawnThread(settings: WorkerSettings): Worker {
  return new Worker(new URL("./thread.mjs", import.meta.url), { workerData: settings, name: "load" });
}

export class LoadEngine {
  readonly #options: EngineOptions;
  readonly #clock: SharedClock;
  readonly #spawn: SpawnWorker;
  readonly #runs = new Map<string, Run>();
  readonly #finished = new Set<string>();
  readonly #reportOffsetMs: number;
  readonly #watchdog = new Watchdog();
  #slots: Slot[] = [];
  #closed = false;

  /** No thread runs until something is assigned, and nothing is offered until there is a lease. */
  constructor(options: EngineOptions, spawn: SpawnWorker = spawnThread) {
    this.#options = options;
    this.#clock = new SharedClock(options.clockBaseMs);
    this.#spawn = spawn;
    this.#reportOffsetMs = REPORT_SPREAD_MS * fractionOf(options.member);
  }

  /** Starts the threads ahead of the first run; resolves when all are up and warm. Rejects if one cannot be started. */
  async prepare(): Promise<void> {
    this.#populateAll();
    await Promise.all(this.#slots.map((slot) => slot.ready.promise));
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
    for (const slot of this.#slots) {
      if (run.parts[slot.index]!.finished) continue;
      const segments = segmentsOf(a.segments, slot.index, this.#slots.length);
      post(slot, { kind: "retarget", run: a.run, endAtMs: a.endAtMs, segments });
    }
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

  /** Ends everything at once. Each run that was not over is reported once more, what was in flight as interrupted. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchdog.stop();
    const workers = this.#slots.flatMap(({ worker }) => (worker === null ? [] : [worker]));
    for (const slot of this.#slots) if (slot.respawn !== null) clearTimeout(slot.respawn);
    for (const run of this.#runs.values()) if (run.timer !== null) clearTimeout(run.timer);
    await Promise.all(workers.map((worker) => worker.terminate()));
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
    const run: Run = { assignment, report, parts: [], timer: null };
    this.#runs.set(id, run);
    if (!this.#isExecutable(plan)) {
      this.#finish(run);
      return;
    }
    this.#populateAll();
    const fromMs = plan.scenarios.map(() => this.#now());
    for (const slot of this.#slots) {
      run.parts.push({ ...report.addArena(), fromMs, finished: false });
      this.#startIn(slot, run);
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
    for (const { name, executor } of plan.scenarios) {
      if (isSupported(executor)) continue;
      const hint = "Use an arrival-rate executor, constant-vus or ramping-vus.";
      const message = `scenario ${name}: executor ${executor.kind} is not supported by this agent`;
      this.#options.onFault(new LoadswarmError("PLAN_INVALID", message, hint));
    }
    try {
      compileFlows(plan);
      return true;
    } catch (error) {
      this.#options.onFault(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  #startIn(slot: Slot, run: Run): void {
    const { run: id, plan, startAtMs, endAtMs, ignoresLease = false } = run.assignment;
    const { memory, fromMs } = run.parts[slot.index]!;
    const segments = segmentsOf(run.assignment.segments, slot.index, this.#slots.length);
    const { shape } = run.report;
    post(slot, { kind: "start", run: id, plan, startAtMs, endAtMs, segments, fromMs, ignoresLease, shape, memory });
  }

  #populateAll(): void {
    if (this.#slots.length > 0) return;
    this.#slots = Array.from({ length: this.#options.workers }, (_, index) => this.#slot(index));
  }

  #slot(index: number): Slot {
    const slot: Slot = { index, worker: null, spawnedAtMs: 0, respawn: null, ready: Promise.withResolvers(), crashes: 0 };
    // Whoever does not wait for it hears of the crashes by onFault.
    slot.ready.promise.catch(() => {});
    this.#populate(slot);
    return slot;
  }

  #populate(slot: Slot): void {
    const { clockBaseMs, guard } = this.#options;
    const pulse = new SharedArrayBuffer(4);
    const worker = this.#spawn({ clockBaseMs, clock: this.#clock.memory, guard, pulse });
    slot.worker = worker;
    slot.spawnedAtMs = monotonicMs();
    let fault: Error | null = null;
    const watched: Watched = {
      pulse,
      isUp: false,
      hung: () => {
        fault = new Error("it hung; does a capture's regular expression backtrack without end?");
        void worker.terminate();
      },
    };
    this.#watchdog.watch(watched);
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "finished") return this.#partFinished(slot, message.run);
      watched.isUp = true;
      slot.ready.resolve();
    });
    worker.on("error", (error) => {
      fault = error instanceof Error ? error : new Error(String(error));
    });
    worker.on("exit", (code) => {
      this.#watchdog.unwatch(watched);
      this.#crashed(slot, fault ?? new Error(`load thread exited with code ${code}`));
    });
  }

  #partFinished(slot: Slot, id: string): void {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    run.parts[slot.index]!.finished = true;
    if (run.parts.every((part) => part.finished)) this.#finish(run);
  }

  /** What the thread counted stays; another one goes on from the first arrival that it had not dealt with. */
  #crashed(slot: Slot, error: Error): void {
    if (this.#closed) return;
    slot.worker = null;
    if (++slot.crashes >= HOPELESS_CRASHES) slot.ready.reject(error);
    for (const run of this.#runs.values()) {
      const part = run.parts[slot.index]!;
      if (part.finished) continue;
      part.arena.abandon();
      // A hair earlier, because this instant is the arrival's own, rounded; a worker's arrivals are further apart.
      const fromMs = part.fromMs.map((before, i) => Math.max(before, part.arena.resumeAtMs(i) - 0.0005));
      run.parts[slot.index] = { ...run.report.addArena(), fromMs, finished: false };
    }
    const message = `load thread ${slot.index + 1} crashed and is replaced: ${error.message}`;
    const hint = "If this repeats, run the agent with fewer --workers or a smaller plan.";
    const waitMs = slot.spawnedAtMs + RESPAWN_INTERVAL_MS - monotonicMs();
    slot.respawn = setTimeout(() => this.#respawn(slot), Math.max(0, waitMs));
    this.#options.onFault(new LoadswarmError("INTERNAL", message, hint, error));
  }

  #respawn(slot: Slot): void {
    slot.respawn = null;
    this.#populate(slot);
    for (const run of this.#runs.values()) if (!run.parts[slot.index]!.finished) this.#startIn(slot, run);
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
      run.timer = setTimeout(() => {
        this.#options.onSnapshot(run.report.snapshot(this.#now(), false));
        this.#scheduleReport(run);
      }, this.#reportOffsetMs);
    }, waitMs);
  }

  #finish(run: Run): void {
    if (run.timer !== null) clearTimeout(run.timer);
    const { run: id } = run.assignment;
    this.#runs.delete(id);
    this.#finished.add(id);
    if (this.#finished.size > FINISHED_RUNS) this.#finished.delete(this.#finished.values().next().value!);
    this.#options.onSnapshot(run.report.snapshot(this.#now(), true));
    this.#options.onFinished?.(run.report.measure(run.assignment));
  }
}

/** A worker's part of the agent's share, in every segment. */
function segmentsOf(segments: readonly Segment[], index: number, workers: number): Segment[] {
  const weights = new Array<number>(workers).fill(1);
  return segments.map(({ fromMs, stripe }) => ({ fromMs, stripe: cut(weights, stripe)[index]! }));
}

/** A number in [0, 1) that is always the same for a text: golden-ratio hashing of its characters. */
function fractionOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return position(hash >>> 0) / CIRCLE;
}

/** To the thread in the slot; one that is being replaced learns everything when it begins. */
function post(slot: Slot, message: ToWorker): void {
  slot.worker?.postMessage(message);
}
