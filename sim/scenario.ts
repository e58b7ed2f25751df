// What a scenario is: agents, faults over time, and the promises that must hold all the same. Plain data.

import type { Conditions } from "./network.ts";
import type { CutStyle } from "./cuts.ts";

/** A number, or one drawn between two by the seed. */
export type Drawn = number | readonly [number, number];

/** How many, of as many agents as the scenario is run with. */
export type HowMany =
  | { readonly count: number }
  /** At least one. */
  | { readonly part: number }
  /** The most that leave a majority: one fewer than half. */
  | "minority"
  | "all";

/** Agents are chosen by the seed among those that run. */
export type Fault =
  | { readonly kind: "crash" | "unplug"; readonly who: HowMany }
  | { readonly kind: "leave"; readonly who: HowMany; readonly oldestFirst?: boolean }
  | { readonly kind: "join"; readonly who: HowMany; readonly overS?: number }
  /** kill -9, and a fresh one in its place after a while. */
  | { readonly kind: "restart"; readonly who: HowMany; readonly afterS: Drawn }
  | { readonly kind: "pause"; readonly who: HowMany; readonly forS: Drawn }
  /** The main thread comes round only after as long as this. */
  | { readonly kind: "slow"; readonly who: HowMany; readonly byMs: readonly [number, number]; readonly forS: Drawn }
  | {
      readonly kind: "cut";
      readonly parts: readonly number[];
      readonly style: CutStyle;
      readonly oneWay?: boolean;
      /** With `oneWay`: the other way is cut as well after this. */
      readonly bothWaysAfterS?: Drawn;
      readonly forS: Drawn;
      /** Cut, heal, cut again …: each phase as long as this. */
      readonly flappingS?: readonly [number, number];
    }
  | { readonly kind: "network"; readonly change: Partial<Conditions>; readonly forS: number }
  /** They speak an older version from now on. */
  | { readonly kind: "age"; readonly who: HowMany }
  /** They can send only this part of what is theirs. */
  | { readonly kind: "saturate"; readonly who: HowMany; readonly to: number; readonly forS: number }
  | { readonly kind: "stop" }
  /** The same plan again, to another agent. */
  | { readonly kind: "republish" }
  /** Swarms that have not met find each other. */
  | { readonly kind: "merge" };

export interface Planned {
  /** Seconds since the load began. */
  readonly atS: Drawn;
  readonly fault: Fault;
}

/** Times are milliseconds; P2, P3 … are those of the design. */
export type Promised =
  /** P2. At most this many times the rate in any second. Always promised; state it for another bound. */
  | { readonly promise: "never more"; readonly atMost: number }
  /** P2. From such a moment until no more than the rate is offered, for good: swarms that had not met have one run each. */
  | { readonly promise: "once again"; readonly after: MarkKind; readonly withinMs: number }
  /** P3. From each such moment until 99 % of the rate are offered for good, or until the next such moment. */
  | { readonly promise: "takes over"; readonly after: readonly MarkKind[]; readonly withinMs: number }
  /** P3. The same from the last of all changes. */
  | { readonly promise: "recovers"; readonly withinMs: number }
  /** P4. Every second of the run within this of the rate. */
  | { readonly promise: "seamless"; readonly within: number }
  /** P4. Whoever starts while the load lasts carries some after this. */
  | { readonly promise: "newcomers"; readonly withinMs: number }
  /** P5. Nothing is offered so long after the stop, by those who can hear of it and by those who cannot. */
  | { readonly promise: "stops"; readonly withinMs: number; readonly isolatedMs: number }
  /** P1, P6. Each arrival is sent by one agent, and what the target counted is what is reported. */
  | { readonly promise: "conserves" }
  /** P9. */
  | { readonly promise: "same summary" }
  /**
   * P9. Whoever is asked in the end answers after this at the latest, for all that took part and have not crashed; where a network
   * loses answers, `without` so many at most or that part of all, whichever is more. Always promised.
   */
  | { readonly promise: "answers"; readonly withinMs: number; readonly without?: number; readonly withoutPart?: number }
  /** After the last change everybody has one view of everybody. Always promised; state it for another bound. */
  | { readonly promise: "one view"; readonly withinMs: number }
  /** Always promised. */
  | { readonly promise: "no forks" }
  /** No agent that runs loses its lease. */
  | { readonly promise: "no false stops" }
  /** No agent that runs is said to be lost. */
  | { readonly promise: "no false losses" }
  | { readonly promise: "one run" };

export type PromiseName = Promised["promise"];

/** Moments from which recovery is measured, and after which views may change. */
export type MarkKind = "crash" | "unplug" | "leave" | "join" | "pause" | "resume" | "cut" | "heal" | "network" | "saturate" | "stop" | "merge";

export interface Mark {
  /** Milliseconds since the simulation began. */
  readonly atMs: number;
  readonly kind: MarkKind;
}

export interface Scenario {
  readonly name: string;
  /** One line: what happens. */
  readonly says: string;
  /** Fewer agents, or more, make no sense for it. */
  readonly least: number;
  readonly most?: number;
  /** How long the load lasts, seconds; what follows the last change must leave time for one view. */
  readonly seconds: number;
  readonly clocks?: { readonly skewMs?: number; readonly driftPpm?: number };
  /** From the very beginning. */
  readonly network?: Partial<Conditions>;
  /** Part of the agents that start before the load; the others join by faults. */
  readonly startWith?: number;
  /** How long all stand idle with one view before the load is published; faults may come in that time. */
  readonly restS?: number;
  /** Swarms that do not know of each other at first; each part with or without a load of so many seconds. */
  readonly swarms?: readonly { readonly part: number; readonly loadS: number | null }[];
  /** They all are given the same plan, under one key. */
  readonly sameRun?: boolean;
  readonly timeline: readonly Planned[];
  /** Some of these faults besides, each once at most: so many, at such times. */
  readonly mixture?: { readonly of: readonly Fault[]; readonly count: readonly [number, number]; readonly atS: Drawn };
  readonly promises: readonly Promised[];
}
