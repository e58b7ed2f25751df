// Everything one worker counts in one run, in shared memory: the worker writes, the main thread reads at any time.

import type { PlanShape } from "../metrics/merge.ts";
import {
  DROP_REASONS,
  ERROR_KINDS,
  OUTCOMES,
  outcomeIndex,
  PHASES,
  type ScenarioTotals,
  type SketchData,
  type StepDetail,
  type StepTotals,
  type Totals,
} from "../metrics/results.ts";
import { bucketOf, BUCKETS, EMPTY_SKETCH, mergeSketch, Sketch, STATS } from "../metrics/sketch.ts";
import type { Setup } from "./driver.ts";

/** How much room an arena needs. */
export interface ArenaShape extends PlanShape {
  /** Series intervals; whatever happens after the last one is counted in it. */
  readonly intervals: number;
}

/** Codes at or above it, which HTTP does not define, are counted as 0. */
const STATUS_CODES = 600;
/** Duration of iterations, pacing error, and the phases of requests. */
const SKETCHES_PER_SCENARIO = 2 + PHASES.length;
const SKETCHES_PER_STEP = 4;

/** Fields of a scenario's ledger; one counter per drop reason follows. */
const STARTED = 0;
const COMPLETED = 1;
const INTERRUPTED = 2;
const RESUME_AT = 3;
/** Requests on a connection that was open already, and answers that came in one piece: zeros of phases, which most are. */
const KEPT = 4;
const WHOLE = 5;
const DROPPED = 6;
const SCENARIO_FIELDS = DROPPED + DROP_REASONS.length;

const SENDING = PHASES.indexOf("sending");
const RECEIVING = PHASES.indexOf("receiving");

const REQUESTS = 0;
const FAILED = 1;
const SENT = 2;
const RECEIVED = 3;
/** One counter per status class and outcome, then one per kind of error. */
const OUTCOME = 4;
const ERROR = OUTCOME + OUTCOMES;
const STEP_FIELDS = ERROR + ERROR_KINDS.length;

const INTERVAL_STARTED = 0;
const INTERVAL_DROPPED = 1;
const INTERVAL_REQUESTS = 2;
const INTERVAL_FAILED = 3;
const INTERVAL_FIELDS = 4;

/** What an interval of the series counted, but for its durations. */
export interface IntervalCounts {
  readonly started: number;
  readonly dropped: number;
  readonly requests: number;
  readonly failed: number;
}

/** Iterations over all scenarios. */
export interface Ledger {
  readonly scheduled: number;
  readonly started: number;
  /** Due and not started because the worker came too late or held as many as it can. */
  readonly missed: number;
}

/** Drop reasons that are the generator's own limits. */
const MISSED = (["late", "no_connection"] as const).map((reason) => DROP_REASONS.indexOf(reason));

/** Offsets, in Float64 elements, of the parts of an arena. */
interface Layout {
  readonly steps: number;
  readonly checks: number;
  readonly status: number;
  readonly errors: number;
  readonly intervals: number;
  readonly stats: number;
  readonly floats: number;
  readonly sketches: number;
}

function layoutOf(shape: ArenaShape): Layout {
  const steps = shape.scenarios * SCENARIO_FIELDS;
  const checks = steps + shape.steps * STEP_FIELDS;
  const status = checks + shape.checks * 2;
  const errors = status + STATUS_CODES;
  const intervals = errors + ERROR_KINDS.length;
  const stats = intervals + shape.intervals * INTERVAL_FIELDS;
  const sketches = shape.scenarios * SKETCHES_PER_SCENARIO + shape.steps * SKETCHES_PER_STEP;
  return { steps, checks, status, errors, intervals, stats, floats: stats + sketches * STATS, sketches };
}

/** Memory for a new arena, zeroed. */
export function allocateArena(shape: ArenaShape): SharedArrayBuffer {
  const layout = layoutOf(shape);
  return new SharedArrayBuffer(layout.floats * 8 + layout.sketches * BUCKETS * 4);
}

/** A view of an arena. Numbers are Float64, exact up to 2^53; there is one writer, so plain stores do. */
export class Arena {
  readonly shape: ArenaShape;
  readonly #layout: Layout;
  readonly #numbers: Float64Array;
  readonly #scenarioSketches: readonly (readonly [Sketch, Sketch])[];
  /** By scenario, by index in PHASES. */
  readonly #phases: readonly (readonly Sketch[])[];
  readonly #stepSketches: readonly (readonly [Sketch, Sketch, Sketch, Sketch])[];

  constructor(shape: ArenaShape, memory: SharedArrayBuffer) {
    const layout = layoutOf(shape);
    this.shape = shape;
    this.#layout = layout;
    this.#numbers = new Float64Array(memory, 0, layout.floats);
    let next = 0;
    const sketch = (): Sketch => {
      const at = next++;
      const counts = new Uint32Array(memory, layout.floats * 8 + at * BUCKETS * 4, BUCKETS);
      return new Sketch(counts, this.#numbers.subarray(layout.stats + at * STATS, layout.stats + (at + 1) * STATS));
    };
    this.#scenarioSketches = Array.from({ length: shape.scenarios }, () => [sketch(), sketch()] as const);
    this.#phases = Array.from({ length: shape.scenarios }, () => PHASES.map(sketch));
    this.#stepSketches = Array.from({ length: shape.steps }, () => [sketch(), sketch(), sketch(), sketch()] as const);
  }

  /** An iteration started, `pacingMs` after it was due; null where nothing is due at a certain time. */
  started(scenario: number, interval: number, pacingMs: number | null): void {
    this.#numbers[scenario * SCENARIO_FIELDS + STARTED]!++;
    if (pacingMs !== null) this.#scenarioSketches[scenario]![1].record(pacingMs);
    this.#count(interval, INTERVAL_STARTED);
  }

  /** Arrivals were due and did not start; `reason` by index in DROP_REASONS. */
  dropped(scenario: number, interval: number, reason: number, times = 1): void {
    this.#numbers[scenario * SCENARIO_FIELDS + DROPPED + reason]! += times;
    this.#count(interval, INTERVAL_DROPPED, times);
  }

  completed(scenario: number, durationMs: number): void {
    this.#numbers[scenario * SCENARIO_FIELDS + COMPLETED]!++;
    this.#scenarioSketches[scenario]![0].record(durationMs);
  }

  interrupted(scenario: number): void {
    this.#numbers[scenario * SCENARIO_FIELDS + INTERRUPTED]!++;
  }

  /** A request ended, one way or another; `status` 0: without an answer. */
  request(step: number, interval: number, failed: boolean, bytesSent: number, bytesReceived: number, status = 0): void {
    const at = this.#layout.steps + step * STEP_FIELDS;
    const numbers = this.#numbers;
    numbers[at + REQUESTS]!++;
    numbers[at + OUTCOME + outcomeIndex(status, failed)]!++;
    numbers[at + SENT]! += bytesSent;
    numbers[at + RECEIVED]! += bytesReceived;
    this.#count(interval, INTERVAL_REQUESTS);
    if (!failed) return;
    numbers[at + FAILED]!++;
    this.#count(interval, INTERVAL_FAILED);
  }

  /** How long a request took; `waitingMs` is negative when no byte of an answer came. */
  timings(step: number, durationMs: number, latencyMs: number, waitingMs: number, failed = false): void {
    const [duration, latency, waiting, failedDuration] = this.#stepSketches[step]!;
    const tookMs = durationMs > 0 ? durationMs : 0;
    const bucket = bucketOf(tookMs);
    duration.recordIn(bucket, tookMs);
    if (failed) failedDuration.recordIn(bucket, tookMs);
    // In a closed model it is the same.
    if (latencyMs === durationMs) latency.recordIn(bucket, tookMs);
    else latency.record(latencyMs);
    if (waitingMs >= 0) waiting.record(waitingMs);
  }

  /**
   * What the time of a request that was written went into, but for waiting. `setup` is null if its connection was open
   * already; `receivingMs` is negative when no byte of an answer came.
   */
  phases(scenario: number, setup: Setup | null, sendingMs: number, receivingMs: number): void {
    const at = scenario * SCENARIO_FIELDS;
    if (setup === null) this.#numbers[at + KEPT]!++;
    else this.#setUp(scenario, setup);
    const sketches = this.#phases[scenario]!;
    sketches[SENDING]!.record(sendingMs);
    if (receivingMs === 0) this.#numbers[at + WHOLE]!++;
    else if (receivingMs > 0) sketches[RECEIVING]!.record(receivingMs);
  }

  check(check: number, passed: boolean): void {
    this.#numbers[this.#layout.checks + check * 2 + (passed ? 0 : 1)]!++;
  }

  status(code: number): void {
    this.#numbers[this.#layout.status + (code > 0 && code < STATUS_CODES ? code : 0)]!++;
  }

  /** `kind` by index in ERROR_KINDS. */
  error(kind: number, step: number): void {
    this.#numbers[this.#layout.errors + kind]!++;
    this.#numbers[this.#layout.steps + step * STEP_FIELDS + ERROR + kind]!++;
  }

  /** Swarm time up to which a scenario's arrivals are dealt with; 0 if the worker has not come to it yet. */
  resumeAtMs(scenario: number): number {
    return this.#numbers[scenario * SCENARIO_FIELDS + RESUME_AT]!;
  }

  setResumeAtMs(scenario: number, atMs: number): void {
    this.#numbers[scenario * SCENARIO_FIELDS + RESUME_AT] = atMs;
  }

  /** The writer is gone: what it had in flight counts as interrupted. */
  abandon(): void {
    for (let scenario = 0; scenario < this.shape.scenarios; scenario++) {
      const at = scenario * SCENARIO_FIELDS;
      const numbers = this.#numbers;
      numbers[at + INTERRUPTED] = numbers[at + STARTED]! - numbers[at + COMPLETED]!;
    }
  }

  /** Actual start -> last byte, over all steps. */
  overall(): SketchData {
    return this.#stepSketches.reduce((sum, [duration]) => mergeSketch(sum, duration.extract()), EMPTY_SKETCH);
  }

  ledger(): Ledger {
    const numbers = this.#numbers;
    let [started, dropped, missed] = [0, 0, 0];
    for (let at = 0; at < this.#layout.steps; at += SCENARIO_FIELDS) {
      started += numbers[at + STARTED]!;
      for (let reason = 0; reason < DROP_REASONS.length; reason++) dropped += numbers[at + DROPPED + reason]!;
      for (const reason of MISSED) missed += numbers[at + DROPPED + reason]!;
    }
    return { scheduled: started + dropped, started, missed };
  }

  /** Intended start -> actual start, over all scenarios. */
  pacing(): SketchData {
    return this.#scenarioSketches.reduce((sum, [, pacing]) => mergeSketch(sum, pacing.extract()), EMPTY_SKETCH);
  }

  interval(index: number): IntervalCounts {
    const at = this.#layout.intervals + index * INTERVAL_FIELDS;
    const numbers = this.#numbers;
    return {
      started: numbers[at + INTERVAL_STARTED]!,
      dropped: numbers[at + INTERVAL_DROPPED]!,
      requests: numbers[at + INTERVAL_REQUESTS]!,
      failed: numbers[at + INTERVAL_FAILED]!,
    };
  }

  totals(): Totals {
    const { scenarios, steps, checks } = this.shape;
    const numbers = this.#numbers;
    const status: [number, number][] = [];
    for (let code = 0; code < STATUS_CODES; code++) {
      const count = numbers[this.#layout.status + code]!;
      if (count > 0) status.push([code, count]);
    }
    const check = (i: number) => numbers[this.#layout.checks + i]!;
    return {
      scenarios: Array.from({ length: scenarios }, (_, i) => this.#scenario(i)),
      steps: Array.from({ length: steps }, (_, i) => this.#step(i)),
      checks: Array.from({ length: checks }, (_, i) => ({ passed: check(2 * i), failed: check(2 * i + 1) })),
      status,
      errors: Array.from(numbers.subarray(this.#layout.errors, this.#layout.errors + ERROR_KINDS.length)),
    };
  }

  /** By step, what the totals do not tell. */
  details(): StepDetail[] {
    return this.#stepSketches.map(([, , , failedDuration], step) => {
      const at = this.#layout.steps + step * STEP_FIELDS;
      const errors = Array.from(this.#numbers.subarray(at + ERROR, at + STEP_FIELDS));
      const outcomes = Array.from(this.#numbers.subarray(at + OUTCOME, at + ERROR));
      return { outcomes, errors, failedDuration: failedDuration.extract() };
    });
  }

  #scenario(index: number): ScenarioTotals {
    const at = index * SCENARIO_FIELDS;
    const numbers = this.#numbers;
    const [duration, pacing] = this.#scenarioSketches[index]!;
    // Ends before starts, and `scheduled` as a sum: so the ledger balances even while the worker goes on counting.
    const completed = numbers[at + COMPLETED]!;
    const interrupted = numbers[at + INTERRUPTED]!;
    const started = numbers[at + STARTED]!;
    const dropped = Array.from(numbers.subarray(at + DROPPED, at + SCENARIO_FIELDS));
    const scheduled = dropped.reduce((sum, count) => sum + count, started);
    const iterationDuration = duration.extract();
    const phases = this.#phases[index]!.map((sketch, phase) => withZeros(sketch.extract(), this.#zerosOf(at, phase)));
    return { scheduled, started, completed, interrupted, dropped, iterationDuration, pacing: pacing.extract(), phases };
  }

  #step(index: number): StepTotals {
    const at = this.#layout.steps + index * STEP_FIELDS;
    const numbers = this.#numbers;
    const [duration, latency, waiting] = this.#stepSketches[index]!;
    return {
      failed: numbers[at + FAILED]!,
      requests: numbers[at + REQUESTS]!,
      bytesSent: numbers[at + SENT]!,
      bytesReceived: numbers[at + RECEIVED]!,
      duration: duration.extract(),
      latency: latency.extract(),
      waiting: waiting.extract(),
    };
  }

  #setUp(scenario: number, { blockedMs, connectingMs, tlsMs }: Setup): void {
    const [blocked, connecting, tls] = this.#phases[scenario]!;
    blocked!.record(blockedMs);
    connecting!.record(connectingMs);
    tls!.record(tlsMs);
  }

  /** How often a phase took no time and was counted beside its sketch. */
  #zerosOf(at: number, phase: number): number {
    if (phase === SENDING) return 0;
    return this.#numbers[at + (phase === RECEIVING ? WHOLE : KEPT)]!;
  }

  #count(interval: number, field: number, times = 1): void {
    const last = this.shape.intervals - 1;
    const index = interval > last ? last : interval < 0 ? 0 : interval;
    this.#numbers[this.#layout.intervals + index * INTERVAL_FIELDS + field]! += times;
  }
}

function withZeros(sketch: SketchData, times: number): SketchData {
  return times === 0 ? sketch : mergeSketch(sketch, { index: [0], count: [times], sum: 0, min: 0, max: 0 });
}
