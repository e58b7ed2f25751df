// Everything one worker counts in one run, in shared memory: the worker writes, the main thread reads at any time.

import {
  DROP_REASONS,
  ERROR_KINDS,
  outcomeIndex,
  PHASES,
  type ScenarioTotals,
  type SketchData,
  type StepDetail,
  type StepTotals,
  type Totals,
} from "../metrics/results.ts";
import { bucketOf, BUCKETS, EMPTY_SKETCH, mergeSketch, Sketch, STATS } from "../metrics/sketch.ts";
import {
  type ArenaShape,
  COMPLETED,
  DROPPED,
  ERROR,
  FAILED,
  IN_HAND,
  INTERRUPTED,
  INTERVAL_DROPPED,
  INTERVAL_FAILED,
  INTERVAL_FIELDS,
  INTERVAL_REQUESTS,
  INTERVAL_STARTED,
  KEPT,
  type Layout,
  layoutOf,
  OUTCOME,
  RECEIVED,
  REQUESTS,
  RESUME_AT,
  SCENARIO_FIELDS,
  SENT,
  STARTED,
  STATUS_CODES,
  STEP_FIELDS,
  WHOLE,
} from "./arena-layout.ts";
import type { Setup } from "./driver.ts";

const SENDING = PHASES.indexOf("sending");
const RECEIVING = PHASES.indexOf("receiving");

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
    const at = scenario * SCENARIO_FIELDS;
    this.#numbers[at + STARTED]!++;
    this.#numbers[at + IN_HAND] = 0;
    if (pacingMs !== null) this.#scenarioSketches[scenario]![1].record(pacingMs);
    this.#count(interval, INTERVAL_STARTED);
  }

  /** Arrivals were due and did not start; `reason` by index in DROP_REASONS. */
  dropped(scenario: number, interval: number, reason: number, times = 1): void {
    const at = scenario * SCENARIO_FIELDS;
    this.#numbers[at + DROPPED + reason]! += times;
    this.#numbers[at + IN_HAND] = 0;
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

  /**
   * An arrival or an iteration is taken, and is started or dropped at once; the next one is due at `resumeAtMs`. Both are
   * noted without a call between them: a thread ends at calls and loops only, so never with one of the two.
   */
  take(scenario: number, resumeAtMs = 0): void {
    const at = scenario * SCENARIO_FIELDS;
    this.#numbers[at + RESUME_AT] = resumeAtMs;
    this.#numbers[at + IN_HAND] = 1;
  }

  /** The writer is gone: what it had in hand was started, and what it had in flight counts as interrupted. */
  abandon(): void {
    for (let scenario = 0; scenario < this.shape.scenarios; scenario++) {
      const at = scenario * SCENARIO_FIELDS;
      const numbers = this.#numbers;
      numbers[at + STARTED]! += numbers[at + IN_HAND]!;
      numbers[at + IN_HAND] = 0;
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
