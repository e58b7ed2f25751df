// Faults on top of each other, different ones with each seed: what nobody thought of to write down.

import type { Fault, HowMany, Scenario } from "../scenario.ts";
import { HEALED_MS } from "./bounds.ts";

const QUARTER: HowMany = { part: 0.25 };
const SOME: HowMany = { part: 0.4 };
const ONE: HowMany = { count: 1 };

function cut(parts: readonly number[], more: Partial<Extract<Fault, { readonly kind: "cut" }>> = {}): Fault {
  return { kind: "cut", parts, style: "silent", forS: [1, 16], ...more };
}

/** After all of these every agent runs and hears all others again. */
const PASSING: readonly Fault[] = [
  cut([60, 40]),
  cut([50, 50]),
  cut([90, 10]),
  cut([40, 30, 30]),
  cut([60, 40], { oneWay: true }),
  cut([40, 60], { oneWay: true, bothWaysAfterS: [0.5, 4] }),
  cut([70, 20, 10], { flappingS: [0.5, 5] }),
  cut([60, 40], { style: "reject" }),
  cut([30, 70], { style: "reject", oneWay: true }),
  cut([90, 10], { style: "reject", flappingS: [0.5, 5] }),
  { kind: "pause", who: QUARTER, forS: [0.5, 18] },
  { kind: "pause", who: ONE, forS: [0.5, 10] },
  { kind: "slow", who: SOME, byMs: [20, 400], forS: [2, 10] },
  { kind: "network", change: { lossRate: 0.2 }, forS: 8 },
  { kind: "network", change: { duplicateRate: 0.05, reorderRate: 0.1 }, forS: 8 },
  { kind: "network", change: { baseMs: 40, tailMs: 20 }, forS: 8 },
  { kind: "join", who: QUARTER, overS: 2 },
  { kind: "join", who: ONE },
];

/** Together fewer than the majority of a view that cuts have made as small as may be, if there are as many agents as below. */
const LASTING: readonly Fault[] = [
  { kind: "crash", who: ONE },
  { kind: "restart", who: ONE, afterS: [0.2, 6] },
  { kind: "leave", who: ONE },
];

function mixture(name: string, says: string, least: number, of: readonly Fault[]): Scenario {
  return {
    name,
    says,
    least,
    // The last cut ends 40 s after the load began.
    seconds: 60,
    timeline: [],
    mixture: { of, count: [2, 7], atS: [1, 22] },
    promises: [{ promise: "recovers", withinMs: HEALED_MS }],
  };
}

const MEETING: Scenario = {
  ...mixture("mixture-and-meeting", "the same faults, while two swarms with a load each find each other", 8, PASSING),
  swarms: [
    { part: 0.6, loadS: 60 },
    { part: 0.4, loadS: 25 },
  ],
  timeline: [{ atS: [1, 20], fault: { kind: "merge" } }],
  // Both go on apart until one of the loads is over, which may be too soon after the last fault to tell whether it recovers.
  promises: [{ promise: "one view", withinMs: 35_000 }],
};

export const MIXTURES: readonly Scenario[] = [
  mixture("mixture", "two to seven faults that pass, of many kinds, at any time and on top of each other", 2, PASSING),
  mixture("mixture-with-losses", "the same, and agents that go for good", 16, [...PASSING, ...LASTING]),
  MEETING,
];
