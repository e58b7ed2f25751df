// What every kind of scenario has in common in a worker: its iterations in flight, and when all of it is over.

import type { Segment } from "../plan/schedule.ts";
import type { Stripe } from "../plan/stripe.ts";
import type { Scenario } from "../plan/types.ts";
import { executorDurationMs } from "../plan/duration.ts";
import type { Arena } from "./arena.ts";
import { Bag } from "./bag.ts";
import type { Lease } from "./clock.ts";
import type { Gate } from "./gate.ts";
import { Iteration, type IterationContext } from "./iteration.ts";

/** Iterations in flight in the whole worker, all runs together. */
export interface WorkerLoad {
  inFlight: number;
}

/** What every kind of scenario is given, beside its executor and what of it is this worker's. */
export interface ScenarioOptions {
  /** Index of the scenario in the plan. */
  readonly scenario: number;
  readonly span: Span;
  readonly arena: Arena;
  readonly inFlight: InFlight;
  readonly worker: WorkerLoad;
  readonly gate: Gate;
  /** Series interval of an instant in swarm time. */
  intervalAt(swarmMs: number): number;
}

/** One scenario in one worker. All times are swarm time. */
export interface ScenarioLoad {
  /** Starts what is due, at most `limit` iterations, and nothing while the lease has lapsed. True if more is due already. */
  turn(nowMs: number, limit: number, lease: Lease): boolean;
  /** When `turn` has to be called next, unless the lease has lapsed; Infinity if nothing is left to start. */
  nextAtMs(nowMs: number): number;
  /** Nothing more will start, whatever shares become. */
  isOver(nowMs: number): boolean;
  retarget(retarget: Retarget, nowMs: number, lease: Lease): void;
}

/** Another share or another end of a scenario. */
export interface Retarget {
  readonly segments: readonly Segment[];
  /** What of the circle is this worker's at the start of the scenario. */
  readonly dealt: Stripe;
  readonly endAtMs: number;
}

/** When a scenario runs, given where the run ends. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
  /** Iterations still in flight then are interrupted. */
  readonly hardEndMs: number;
}

export function spanOf(scenario: Scenario, runStartAtMs: number, runEndAtMs: number): Span {
  const startMs = runStartAtMs + scenario.startTimeMs;
  const endMs = Math.max(startMs, Math.min(startMs + executorDurationMs(scenario.executor), runEndAtMs));
  return { startMs, endMs, hardEndMs: endMs + scenario.gracefulStopMs };
}

/** When the stripe changes next; Infinity if it does not. */
export function nextChangeMs(segments: readonly Segment[], nowMs: number): number {
  for (let i = 1; i < segments.length; i++) if (segments[i]!.fromMs > nowMs) return segments[i]!.fromMs;
  return Number.POSITIVE_INFINITY;
}

/** The iterations of a scenario in flight. */
export class InFlight {
  readonly #context: IterationContext;
  readonly #worker: WorkerLoad;
  readonly #active = new Bag<Iteration>();
  readonly #ended = (iteration: Iteration, endMs: number): void => {
    this.#active.delete(iteration);
    this.#worker.inFlight--;
    iteration.onOver!(iteration, endMs);
  };

  constructor(context: IterationContext, worker: WorkerLoad) {
    this.#context = context;
    this.#worker = worker;
  }

  get size(): number {
    return this.#active.size;
  }

  /** `onOver` is called when it has ended, perhaps before this returns. `startMs` is now, on the monotonic clock. */
  start(k: number, vu: number, intendedMs: number | null, onOver: (iteration: Iteration, endMs: number) => void, startMs: number): void {
    const iteration = new Iteration(this.#context, k, vu, intendedMs, this.#ended, startMs);
    iteration.onOver = onOver;
    this.#active.add(iteration);
    this.#worker.inFlight++;
    iteration.begin();
  }

  interrupt(which: (iteration: Iteration) => boolean): void {
    for (const iteration of this.#active.all()) if (which(iteration)) iteration.interrupt();
  }
}
