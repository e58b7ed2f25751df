// What is done to the swarm, as data, and what it has promised to do then (docs/architecture.md, P1 to P5).

import type { PartitionOptions } from "../support/nftables.ts";

/** How many of so many agents. */
type Some = (agents: number) => number;

export type Fault =
  | { readonly kind: "nothing" }
  /** SIGKILL. */
  | { readonly kind: "kill"; readonly count: Some }
  /** SIGSTOP, and SIGCONT in the end. */
  | { readonly kind: "pause"; readonly count: Some; readonly forS: number }
  /** Parts of the swarm, as fractions, that do not hear each other; `flapS`: on and off, so long each. */
  | (PartitionOptions & {
      readonly kind: "split";
      readonly parts: readonly number[];
      readonly forS: number;
      readonly flapS?: number;
      /** So long after the split, the run is stopped by an agent of the first part. */
      readonly stopAfterS?: number;
    })
  | { readonly kind: "loss"; readonly percent: number; readonly forS: number }
  | { readonly kind: "grow"; readonly to: Some }
  /** SIGTERM, all at once. */
  | { readonly kind: "shrink"; readonly to: Some }
  /** SIGTERM and a new start, one by one. */
  | { readonly kind: "restartEach" };

/** Seconds; what is not named is measured, not judged. That nothing is offered beyond the rate is always judged. */
export interface Promised {
  /** From the beginning of the fault until every second is full again. */
  readonly fullS?: number;
  /** The same from the end of a fault that ends. */
  readonly fullAgainS?: number;
  /** From the end of the fault, or its beginning if it has no end, until all list the same members. */
  readonly oneViewS?: number;
  /** From the start of an agent until it offers load. */
  readonly usefulS?: number;
  /** From the stop until the last request of anybody. */
  readonly stopS?: number;
}

export interface Phase {
  readonly name: string;
  readonly fault: Fault;
  /** Left alone so long afterwards, seconds. */
  readonly settleS: number;
  readonly promised: Promised;
}

export interface Scenario {
  readonly name: string;
  /** Agents at the start, of the most there may be. */
  readonly agents: Some;
  readonly phases: readonly Phase[];
}

const all: Some = (agents) => agents;
const one: Some = () => 1;
const quarter: Some = (agents) => Math.floor(agents / 4);
const lessThanHalf: Some = (agents) => Math.ceil(agents / 2) - 1;

/** P4. */
const SEAMLESS = 0;
const USEFUL_S = 5;
/** P3, and how soon a swarm that was torn is whole again. */
const CRASH_S = 3;
const SILENT_S = 8;
const HEALED_S = 10;
const ONE_VIEW_S = 15;
const seamless: Promised = { fullS: SEAMLESS, oneViewS: USEFUL_S };
const grown: Promised = { ...seamless, usefulS: USEFUL_S };
const healed: Promised = { fullAgainS: HEALED_S, oneViewS: ONE_VIEW_S };
const takenOver: Promised = { ...healed, fullS: SILENT_S };

const steady: Phase = { name: "nothing", fault: { kind: "nothing" }, settleS: 5, promised: seamless };

function kill(name: string, count: Some, settleS = 15): Phase {
  return { name, fault: { kind: "kill", count }, settleS, promised: { fullS: CRASH_S, oneViewS: ONE_VIEW_S } };
}

function pause(forS: number, count: Some, settleS = 15): Phase {
  const promised = forS > SILENT_S ? takenOver : healed;
  return { name: `SIGSTOP ${forS} s`, fault: { kind: "pause", count, forS }, settleS, promised };
}

function split(name: string, options: Omit<Extract<Fault, { kind: "split" }>, "kind">, promised = takenOver): Phase {
  return { name, fault: { kind: "split", ...options }, settleS: 15, promised };
}

/** Everything; the agents are as many as the machine bears. */
export const FULL: readonly Scenario[] = [
  { name: "steady", agents: all, phases: [{ ...steady, settleS: 20 }] },
  { name: "crash", agents: all, phases: [kill("kill -9 of 1", one)] },
  { name: "crash", agents: all, phases: [kill("kill -9 of a quarter", quarter)] },
  { name: "crash", agents: all, phases: [kill("kill -9 of all but a majority", lessThanHalf)] },
  { name: "pause", agents: all, phases: [pause(5, quarter), pause(17, quarter), pause(60, quarter)] },
  {
    name: "partition",
    agents: all,
    phases: [
      split("90/10", { parts: [0.9, 0.1], forS: 20 }),
      split("60/40", { parts: [0.6, 0.4], forS: 20 }),
      split("60/40, connections reset", { parts: [0.6, 0.4], style: "reject", forS: 20 }),
    ],
  },
  { name: "partition", agents: all, phases: [split("50/50", { parts: [0.5, 0.5], forS: 20 }, healed)] },
  { name: "partition", agents: all, phases: [split("40/30/30", { parts: [0.4, 0.3, 0.3], forS: 20 }, healed)] },
  {
    name: "partition",
    agents: all,
    phases: [
      split("60/40, one way", { parts: [0.6, 0.4], oneWay: true, forS: 20 }, healed),
      split("50/50, flapping every 3 s", { parts: [0.5, 0.5], forS: 30, flapS: 3 }, healed),
    ],
  },
  {
    name: "loss",
    agents: all,
    phases: [{ name: "20 %", fault: { kind: "loss", percent: 20, forS: 30 }, settleS: 10, promised: healed }],
  },
  {
    name: "scale",
    agents: quarter,
    phases: [
      { name: "a quarter to all", fault: { kind: "grow", to: all }, settleS: 10, promised: grown },
      { name: "and back", fault: { kind: "shrink", to: quarter }, settleS: 10, promised: seamless },
    ],
  },
  {
    name: "stop",
    agents: all,
    phases: [
      split(
        "during a partition 60/40",
        { parts: [0.6, 0.4], forS: 20, stopAfterS: 2 },
        { stopS: 10, oneViewS: ONE_VIEW_S },
      ),
    ],
  },
  {
    name: "restart",
    agents: all,
    phases: [
      { name: "of each, one by one", fault: { kind: "restartEach" }, settleS: 10, promised: grown },
    ],
  },
];

/** One run with a fault after the other, for every `npm test`: about 75 s. */
export const SHORT: Scenario = {
  name: "short",
  agents: all,
  phases: [
    { ...steady, settleS: 3 },
    kill("kill -9 of 1", one, 5),
    kill("kill -9 of a quarter", quarter, 6),
    { ...split("60/40", { parts: [0.6, 0.4], forS: 11 }), settleS: 7 },
    pause(17, quarter, 6),
  ],
};
