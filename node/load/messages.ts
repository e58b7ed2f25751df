// What the main thread and the workers of the load engine say to each other.

import type { Segment } from "../plan/schedule.ts";
import type { Stripe } from "../plan/stripe.ts";
import type { Plan } from "../plan/types.ts";
import type { ArenaShape } from "./arena-layout.ts";
import type { GuardPolicy } from "./guard.ts";

/** What a worker is told when it is created. */
export interface WorkerSettings {
  /** Local time = monotonic milliseconds + this. */
  readonly clockBaseMs: number;
  /** Swarm time and the lease, as they change (clock.ts). */
  readonly clock: SharedArrayBuffer;
  readonly guard: GuardPolicy;
  /** Number of the thread among those of the agent. */
  readonly index: number;
  /** For `precision: high` (alarm.ts). */
  readonly alarms: SharedArrayBuffer;
  /** One Int32 that the thread counts up while its event loop turns (watchdog.ts). */
  readonly pulse: SharedArrayBuffer;
  /** What the thread holds open (open-count.ts). */
  readonly connections: SharedArrayBuffer;
}

/** A run begins for this worker, perhaps in the middle. Times are swarm time. */
export interface StartMessage {
  readonly kind: "start";
  readonly run: string;
  readonly plan: Plan;
  readonly startAtMs: number;
  readonly endAtMs: number;
  /** Shares of this worker. */
  readonly segments: readonly Segment[];
  /** By scenario: what of the circle is this worker's when it starts. */
  readonly dealt: readonly Stripe[];
  /** By scenario: arrivals due before are dealt with, or are not this worker's business. */
  readonly fromMs: readonly number[];
  /** By scenario: how far those before have come; null where the executor keeps no such memory (iterations.ts). */
  readonly progress: readonly (SharedArrayBuffer | null)[];
  readonly ignoresLease: boolean;
  readonly shape: ArenaShape;
  readonly memory: SharedArrayBuffer;
}

/** Another end or another share of a run that has begun. */
export interface RetargetMessage {
  readonly kind: "retarget";
  readonly run: string;
  readonly endAtMs: number;
  readonly segments: readonly Segment[];
  readonly dealt: readonly Stripe[];
}

export type ToWorker = StartMessage | RetargetMessage;

/** Nothing of the run is in flight in the worker and nothing more will start; its arena does not change any more. */
export interface FinishedMessage {
  readonly kind: "finished";
  readonly run: string;
}

/** The thread is up and warm. What was told before is dealt with now. */
export interface ReadyMessage {
  readonly kind: "ready";
}

export type FromWorker = FinishedMessage | ReadyMessage;
