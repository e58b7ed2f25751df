// Everything that enters the swarm machine (In) and everything that leaves it (Effect). Plain data.
//
// Times are swarm time, milliseconds since the Unix epoch on a clock that the agents share, unless called local: those are
// on the agent's own monotonic clock, which only the machine knows how to turn into swarm time.

import type { Snapshot } from "../metrics/results.ts";
import type { Assignment } from "../plan/schedule.ts";
import type { Plan } from "../plan/types.ts";
import type { Frame, LineageId } from "./frame.ts";
import type { Summary } from "./summary-type.ts";

export type MemberId = string;
export type RunId = string;

/** What the swarm knows of one agent. The higher incarnation wins; only the member itself raises it. */
export interface MemberRecord {
  readonly id: MemberId;
  readonly incarnation: number;
  readonly state: "alive" | "left" | "lost";
  readonly name: string;
  readonly zone: string;
  /** Where other agents dial it. */
  readonly addresses: readonly string[];
  /** Base URL of its HTTP API. */
  readonly api: string;
  readonly weight: number;
  /** Newest view it had adopted when it wrote this: what it has promised while it is not a member of that view. */
  readonly view: number;
  /** It has a share from this instant on, agreed by the view that took it in; Infinity until then … */
  readonly fromMs: number;
  /** … until this one, agreed likewise; Infinity until then. */
  readonly untilMs: number;
}

/** What an agent is when it starts. */
export interface SelfDescription {
  readonly id: MemberId;
  readonly name: string;
  readonly zone: string;
  readonly addresses: readonly string[];
  readonly api: string;
  /** Capacity relative to other agents: its number of workers. */
  readonly weight: number;
  /** From publishing to the first arrival at least: the plan must have reached everybody. 0 for a swarm of one. */
  readonly startLeadMs: number;
}

/** A member of the agreed view, and the part of the rate it carries now, 0..1. */
export interface Seat {
  readonly member: MemberRecord;
  readonly share: number;
}

/** The immutable part of a run. */
export interface RunSpec {
  readonly id: RunId;
  readonly plan: Plan;
  /** The canonical document, from which every agent parses `plan` itself. */
  readonly document: string;
  readonly planHash: string;
  readonly author: MemberId;
  readonly publishedAtMs: number;
  /** No agent offers load after this, whatever it has missed. */
  readonly notAfterMs: number;
  /** That an operator allows it, for those who ask (node/wire/permit.ts). Only carried here. */
  readonly permit?: string;
}

/** The register that changes: ordered by (sequence, author); a stop absorbs everything. */
export interface RunControl {
  readonly sequence: number;
  readonly author: MemberId;
  /** null while the run waits for `start.minAgents`. */
  readonly startAtMs: number | null;
  /** The lineage whose members offer its load, from the moment it has a start; null until then. */
  readonly lineage: LineageId | null;
  readonly stopAtMs: number | null;
  readonly stopReason: StopReason | null;
}

/** `finished`: there was nothing more to do before the planned end. */
export type StopReason = "stopped" | "aborted" | "finished";

export interface RunRecord {
  readonly spec: RunSpec;
  readonly control: RunControl;
}

export type In =
  | { readonly kind: "linkUp"; readonly peer: MemberId }
  | { readonly kind: "linkDown"; readonly peer: MemberId }
  /** The link closed without goodbye and dialling again was refused. */
  | { readonly kind: "refused"; readonly peer: MemberId }
  /** Dialling a wanted member timed out: neither accepted nor refused. */
  | { readonly kind: "unreachable"; readonly peer: MemberId }
  | { readonly kind: "frame"; readonly from: MemberId; readonly frame: Frame }
  | { readonly kind: "wake" }
  | {
      readonly kind: "publish";
      readonly token: number;
      readonly plan: Plan;
      readonly document: string;
      readonly planHash: string;
      /** Hash of the idempotency key: same key, same run, for ever. Without one, a plan is one run until that has ended. */
      readonly keyHash: string | null;
      readonly permit?: string;
      /** At least so long before it starts, milliseconds: its load engines need the time. */
      readonly leadMs?: number;
    }
  | { readonly kind: "stop"; readonly token: number; readonly run: RunId | "all" }
  | { readonly kind: "summarise"; readonly token: number; readonly run: RunId }
  /** From the own load engine, about once a second while a run lasts. */
  | { readonly kind: "report"; readonly snapshot: Snapshot }
  | { readonly kind: "leave" };

export type Answer =
  | { readonly kind: "published"; readonly run: RunRecord; readonly created: boolean }
  | { readonly kind: "stopped"; readonly runs: readonly RunId[] }
  | { readonly kind: "summary"; readonly summary: Summary }
  | { readonly kind: "unknownRun" }
  | { readonly kind: "tooManyRuns" };

export type Effect =
  /** To a linked peer, or to any member: the shell dials where there is no link. */
  | { readonly kind: "send"; readonly to: MemberId; readonly frame: Frame }
  /** To everybody at once (gossipsub): rare and urgent things. */
  | { readonly kind: "broadcast"; readonly frame: Frame }
  /** Hold links to these members; the shell redials for ever. Others may stay linked. */
  | { readonly kind: "neighbours"; readonly members: readonly MemberRecord[] }
  /** Its link closed: dial it again at once, to learn whether the network failed or the process is gone. */
  | { readonly kind: "probe"; readonly member: MemberRecord }
  /** A link that is not needed any more: close it once what was sent before has gone. */
  | { readonly kind: "unlink"; readonly peer: MemberId }
  /** Call with `wake` at this local time; replaces the instant asked for before. */
  | { readonly kind: "wakeAt"; readonly atMs: number }
  /** Swarm time is local time plus this from now on. */
  | { readonly kind: "clock"; readonly offsetMs: number }
  /** No load is offered after this local time, whatever else was said; Infinity: no bound. Often renewed. */
  | { readonly kind: "lease"; readonly untilMs: number }
  /** Replaces what the engine was told of this run. */
  | { readonly kind: "assign"; readonly assignment: Assignment }
  | { readonly kind: "answer"; readonly token: number; readonly answer: Answer }
  | { readonly kind: "emit"; readonly event: SwarmEvent }
  /** The leave is complete: links may be closed. */
  | { readonly kind: "left" };

/** What the API streams and the log records. */
export type SwarmEvent =
  | { readonly type: "joined" | "left" | "lost"; readonly member: MemberId; readonly name: string; readonly atMs: number }
  | { readonly type: "resplit"; readonly atMs: number; readonly members: number; readonly share: number }
  /** Another swarm was met that has runs on as well: both go on apart until one of them has none. */
  | { readonly type: "apart"; readonly lineage: LineageId; readonly atMs: number }
  | { readonly type: "run"; readonly run: RunId; readonly state: RunState; readonly atMs: number };

export type RunState = "scheduled" | "running" | "finished" | "stopped" | "aborted";
