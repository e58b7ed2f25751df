// The clocks of an agent, and what its main thread tells every load thread at any moment: swarm time and the lease.
//
//   monotonic  process.hrtime: the same in every thread, never jumps, its zero means nothing. Durations are measured on it.
//   local      monotonic + a base, fixed when the process starts so that it reads like the wall clock of that moment. The
//              machine's time, and that of leases. A wall clock that jumps later changes nothing.
//   swarm      local + an offset learnt from other agents (effect `clock`): the time of plans, shares and results. It is
//              slewed by fractions of a millisecond; a step moves what is due, but no duration and no lease.

import { performance } from "node:perf_hooks";

function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** What `performance.now` counts from; it costs a third of `hrtime` and makes no garbage. The closest of some tries. */
const originMs = Math.max(...Array.from({ length: 16 }, () => hrtimeMs() - performance.now()));

/** Milliseconds since an arbitrary instant, the same in every thread, with nanosecond resolution; never jumps. */
export function monotonicMs(): number {
  return originMs + performance.now();
}

/** Until when load may be offered, and the last time during which it might not. Swarm time. */
export interface Lease {
  readonly untilMs: number;
  /** How often a lapsed lease was renewed; 0: never, then there is no gap. */
  readonly generation: number;
  /** The latest gap: after the one and before the other instant, nothing was due here. */
  readonly lapsedAtMs: number;
  readonly renewedAtMs: number;
}

/** The lease of runs that hold their share whatever happens. */
export const UNBOUNDED: Lease = {
  untilMs: Number.POSITIVE_INFINITY,
  generation: 0,
  lapsedAtMs: Number.NEGATIVE_INFINITY,
  renewedAtMs: Number.NEGATIVE_INFINITY,
};

/** Whether load might be offered at an instant that has passed, as far as is known: of the gaps the latest is. */
export function covers({ untilMs, lapsedAtMs, renewedAtMs }: Lease, swarmMs: number): boolean {
  return swarmMs <= untilMs && (swarmMs <= lapsedAtMs || swarmMs >= renewedAtMs);
}

const OFFSET = 0;
/** Two slots of three numbers, used in turn: each renewal after a lapse fills the one that is not in use. */
const SLOTS = 1;
const SLOT_FIELDS = 3;
const UNTIL = 0;
const LAPSED_AT = 1;
const RENEWED_AT = 2;
const FLOATS = SLOTS + 2 * SLOT_FIELDS;

/**
 * Swarm time and the lease in memory that all load threads share; the main thread alone writes. No message could reach a
 * thread that is about to go on after the process was stopped; what stands here, it sees before each batch. Nothing can be
 * seen torn: an aligned Float64 is one load and one store on every 64-bit machine, each number has its meaning without
 * the others, and what belongs together, a renewal and the gap before it, is published as a slot by one atomic store.
 */
export class SharedClock {
  readonly memory: SharedArrayBuffer;
  readonly #baseMs: number;
  readonly #numbers: Float64Array;
  readonly #generation: Int32Array;

  /** `baseMs` is local minus monotonic time. Without memory, a new one: no offset, and a lease that has lapsed. */
  constructor(baseMs: number, memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(FLOATS * 8 + 8);
    this.#baseMs = baseMs;
    this.#numbers = new Float64Array(this.memory, 0, FLOATS);
    this.#generation = new Int32Array(this.memory, FLOATS * 8, 1);
    if (memory === undefined) this.#numbers.fill(Number.NEGATIVE_INFINITY, SLOTS);
  }

  localMs(): number {
    return monotonicMs() + this.#baseMs;
  }

  /** Swarm time. */
  nowMs(): number {
    return this.swarmOf(monotonicMs());
  }

  /** Swarm time of an instant on the monotonic clock, as the offset stands now. */
  swarmOf(monotonic: number): number {
    return monotonic + this.#baseMs + this.#numbers[OFFSET]!;
  }

  /** The other way round. */
  monotonicOf(swarmMs: number): number {
    return swarmMs - this.#numbers[OFFSET]! - this.#baseMs;
  }

  /** At an instant on the monotonic clock, which must be no more than a moment ago. */
  isLeased(monotonic = monotonicMs()): boolean {
    return monotonic + this.#baseMs <= this.#numbers[this.#slot(Atomics.load(this.#generation, 0)) + UNTIL]!;
  }

  lease(): Lease {
    const generation = Atomics.load(this.#generation, 0);
    const slot = this.#slot(generation);
    const numbers = this.#numbers;
    const offsetMs = numbers[OFFSET]!;
    return {
      untilMs: numbers[slot + UNTIL]! + offsetMs,
      generation,
      lapsedAtMs: numbers[slot + LAPSED_AT]! + offsetMs,
      renewedAtMs: numbers[slot + RENEWED_AT]! + offsetMs,
    };
  }

  /** Main thread only. */
  setOffset(offsetMs: number): void {
    this.#numbers[OFFSET] = offsetMs;
  }

  /** Until a local time, which may have passed. Main thread only. */
  setLease(untilMs: number): void {
    const generation = this.#generation[0]!;
    const slot = this.#slot(generation);
    const beforeMs = this.#numbers[slot + UNTIL]!;
    const nowMs = this.localMs();
    if (nowMs <= beforeMs) {
      this.#numbers[slot + UNTIL] = untilMs;
      return;
    }
    // It has lapsed, and what was due since then is not taken back by news that come too late for it.
    if (untilMs <= nowMs) return;
    const next = this.#slot(generation + 1);
    this.#numbers[next + LAPSED_AT] = beforeMs;
    this.#numbers[next + RENEWED_AT] = nowMs;
    this.#numbers[next + UNTIL] = untilMs;
    Atomics.store(this.#generation, 0, generation + 1);
  }

  #slot(generation: number): number {
    return SLOTS + (generation & 1) * SLOT_FIELDS;
  }
}
