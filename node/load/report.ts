// What one agent reports on one run: its workers' arenas, also those of workers that crashed, as one.

import { emptyTotals, mergeDetails, mergeTotals } from "../metrics/merge.ts";
import { intervalMs, type Point, type SketchData, type Snapshot, type StepDetail, type Totals } from "../metrics/results.ts";
import { GENERATOR_VERDICTS, worstVerdict } from "../metrics/self-diagnosis.ts";
import { differenceOf, EMPTY_SKETCH, mergeSketch } from "../metrics/sketch.ts";
import { durationMs } from "../plan/duration.ts";
import type { Assignment } from "../plan/schedule.ts";
import type { Plan } from "../plan/types.ts";
import { allocateArena, Arena } from "./arena.ts";
import type { ArenaShape } from "./arena-layout.ts";
import { type Busy, type Diagnosed, RunDiagnosis } from "./diagnosis.ts";
import { shapeOf } from "./shape.ts";

/** What this agent has counted of a run since its start, for its own metrics. */
export interface Measured {
  readonly assignment: Assignment;
  readonly totals: Totals;
  readonly details: readonly StepDetail[];
  /** The load threads in the last second of the run. */
  readonly threads: readonly Diagnosed[];
}

export class RunReport {
  readonly shape: ArenaShape;
  readonly #run: string;
  readonly #member: string;
  readonly #startAtMs: number;
  readonly #widthMs: number;
  readonly #arenas: Arena[] = [];
  #sequence = 0;
  /** Last interval of the report before. */
  #reported = 0;
  /** How much had happened in each interval when it was last sent. */
  readonly #sent: number[] = [];
  /** All durations reported so far, and which of them fell into which interval. */
  #overall: SketchData = EMPTY_SKETCH;
  readonly #durations: SketchData[] = [];
  readonly #diagnosis = new RunDiagnosis();
  #threads: readonly Diagnosed[] = [];
  /** By interval, the worst verdict of its seconds, by index in GENERATOR_VERDICTS. */
  readonly #verdicts: number[] = [];

  constructor(run: string, member: string, plan: Plan, startAtMs: number) {
    this.shape = shapeOf(plan);
    this.#run = run;
    this.#member = member;
    this.#startAtMs = startAtMs;
    this.#widthMs = intervalMs(durationMs(plan));
  }

  /** Memory for one more worker. */
  addArena(): { arena: Arena; memory: SharedArrayBuffer } {
    const memory = allocateArena(this.shape);
    const arena = new Arena(this.shape, memory);
    this.#arenas.push(arena);
    return { arena, memory };
  }

  /**
   * Puts the durations since the last call into the latest interval in which requests ended. Called at the end of an
   * interval, that is the right one to within the time by which the call is late. Returns that interval and the current.
   */
  sample(atMs: number): { busy: number; last: number } {
    const last = this.#intervalAt(atMs);
    const overall = this.#arenas.reduce((sum, arena) => mergeSketch(sum, arena.overall()), EMPTY_SKETCH);
    const since = differenceOf(overall, this.#overall);
    let busy = last;
    while (busy > this.#reported && this.#point(busy).requests === 0) busy--;
    this.#durations[busy] = mergeSketch(this.#durations[busy] ?? EMPTY_SKETCH, since);
    this.#overall = overall;
    return { busy, last };
  }

  /** Judges the second that has just ended, by what each thread shows of itself. */
  diagnose(threads: readonly { readonly arena: Arena; readonly thread: Busy | null }[], atMs: number): void {
    this.#threads = this.#diagnosis.look(threads);
    const verdict = GENERATOR_VERDICTS.indexOf(worstVerdict(this.#threads.map((thread) => thread.verdict)));
    const index = this.#intervalAt(atMs);
    this.#verdicts[index] = Math.max(verdict, this.#verdicts[index] ?? 0);
  }

  /** Everything up to swarm time `atMs`. Starts, drops, requests and failures stand in the interval in which they happened. */
  snapshot(atMs: number, done: boolean): Snapshot {
    const { busy, last } = this.sample(atMs);
    const points: Point[] = [];
    for (let index = 0; index <= last; index++) {
      const point = this.#point(index);
      // After a stall the worker drops arrivals of intervals long past, so each one is looked at.
      const events = point.started + point.dropped + point.requests + point.failed;
      if (done || index >= last - 1 || index === busy || events !== this.#sent[index]) points.push(point);
      this.#sent[index] = events;
    }
    this.#reported = last;
    const totals = this.#totals();
    return { run: this.#run, member: this.#member, sequence: ++this.#sequence, atMs, done, totals, points };
  }

  /** Everything counted so far. */
  measure(assignment: Assignment): Measured {
    const details = this.#arenas.reduce<StepDetail[]>((sum, arena) => mergeDetails(sum, arena.details()), []);
    return { assignment, totals: this.#totals(), details, threads: this.#threads };
  }

  #intervalAt(atMs: number): number {
    const current = Math.floor((atMs - this.#startAtMs) / this.#widthMs);
    return Math.min(this.shape.intervals - 1, Math.max(0, current));
  }

  #totals(): Totals {
    return this.#arenas.reduce((sum, arena) => mergeTotals(sum, arena.totals()), emptyTotals(this.shape));
  }

  #point(index: number): Point {
    let started = 0;
    let dropped = 0;
    let requests = 0;
    let failed = 0;
    for (const arena of this.#arenas) {
      const counts = arena.interval(index);
      started += counts.started;
      dropped += counts.dropped;
      requests += counts.requests;
      failed += counts.failed;
    }
    const duration = this.#durations[index] ?? EMPTY_SKETCH;
    const verdict = GENERATOR_VERDICTS[this.#verdicts[index] ?? 0];
    const strained = verdict === "strained" ? 1 : 0;
    const bottleneck = verdict === "bottleneck" ? 1 : 0;
    return { index, started, dropped, requests, failed, duration, strained, bottleneck };
  }
}
