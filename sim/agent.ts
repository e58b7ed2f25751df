// A simulated agent: the machine, its clock and engine, and what the world knows of the process around them.

import type { MemberId, MemberRecord } from "../node/core/events.ts";
import type { Frame } from "../node/core/frame.ts";
import type { LocalClock } from "./clock.ts";
import type { SimulatedEngine } from "./engine.ts";
import type { Machine } from "./inspect.ts";
import type { Wire } from "./wire.ts";

/** `unplugged`: its machine has lost power; nothing closes and nothing answers. */
export type AgentState = "running" | "crashed" | "unplugged" | "left";

/** A dial under way. */
export interface Dial {
  /** Tell the machine if it fails: a wanted member, not a random knock. */
  reports: boolean;
  /** What to send once there is a link. */
  readonly frames: Frame[];
  readonly deadlineMs: number;
}

/** An event that waits until the main thread runs again. */
interface Waiting {
  readonly kind: number;
  readonly subject: unknown;
  readonly payload: unknown;
}

export interface AgentParts {
  readonly index: number;
  readonly id: MemberId;
  readonly realm: number;
  readonly clock: LocalClock;
  readonly machine: Machine;
  readonly engine: SimulatedEngine;
  readonly startedAtMs: number;
}

export class Agent {
  readonly index: number;
  readonly id: MemberId;
  /** Agents of one realm find each other's addresses. */
  realm: number;
  readonly clock: LocalClock;
  readonly machine: Machine;
  readonly engine: SimulatedEngine;
  /** All times here are virtual. */
  readonly startedAtMs: number;
  state: AgentState = "running";
  /** Its outgoing half of each link, by the peer's id. */
  readonly links = new Map<MemberId, Wire>();
  wanted: readonly MemberRecord[] = [];
  readonly dialling = new Map<MemberId, Dial>();
  nextKnockMs = 0;
  /** What the machine has asked for, and the event that stands for it. */
  wakeAtMs = Number.POSITIVE_INFINITY;
  timerAtMs = Number.POSITIVE_INFINITY;
  /** The main thread stands still until then, and the load threads until then. */
  stalledUntilMs = Number.NEGATIVE_INFINITY;
  frozenUntilMs = Number.NEGATIVE_INFINITY;
  isStalled = false;
  isFrozen = false;
  readonly inbox: Waiting[] = [];
  /** Speaks an older version of the protocol. */
  isOld = false;

  constructor(parts: AgentParts) {
    this.index = parts.index;
    this.id = parts.id;
    this.realm = parts.realm;
    this.clock = parts.clock;
    this.machine = parts.machine;
    this.engine = parts.engine;
    this.startedAtMs = parts.startedAtMs;
  }

  get isRunning(): boolean {
    return this.state === "running";
  }
}
