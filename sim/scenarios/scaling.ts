// Agents that come and go by intention, while the load is on.

import type { HowMany, Planned, Scenario } from "../scenario.ts";
import { CLOSED_IN_CHURN_MS, CONSERVES, NEWCOMERS, NO_FALSE_STOPS, SAME_SUMMARY, SEAMLESS, takesOver } from "./bounds.ts";

const GRACEFUL = [SEAMLESS, NEWCOMERS, CONSERVES, NO_FALSE_STOPS] as const;

function joins(name: string, what: string, who: HowMany): Scenario {
  const timeline: Planned[] = [{ atS: [4, 5], fault: { kind: "join", who, overS: 0.2 } }];
  return { name, says: `${what} while the load is on`, least: 1, seconds: 24, timeline, promises: GRACEFUL };
}

function leaves(name: string, what: string, who: HowMany, least: number): Scenario {
  const timeline: Planned[] = [{ atS: [4, 5], fault: { kind: "leave", who } }];
  return { name, says: `SIGTERM to ${what}`, least, seconds: 26, timeline, promises: [...GRACEFUL, SAME_SUMMARY] };
}

/** One batch after another: as many start as leave. */
function rolling(batches: number, everyS: number): Planned[] {
  const who = { part: 1 / batches };
  return Array.from({ length: batches }, (_, i) => 4 + i * everyS).flatMap((atS) => [
    { atS, fault: { kind: "join", who } as const },
    { atS: atS + everyS / 2, fault: { kind: "leave", who, oldestFirst: true } as const },
  ]);
}

export const SCALING: readonly Scenario[] = [
  {
    name: "calm",
    says: "nothing happens: everybody starts within 0.2 s",
    least: 1,
    seconds: 15,
    timeline: [],
    promises: [...GRACEFUL, SAME_SUMMARY],
  },
  joins("join-one", "one agent starts", { count: 1 }),
  joins("join-quarter", "a quarter more starts", { part: 0.25 }),
  joins("join-double", "as many again start", { part: 1 }),
  { ...joins("join-200", "200 agents start at once", { count: 200 }), most: 200 },
  {
    name: "join-stream",
    says: "100 agents start every second, for 5 s",
    least: 100,
    most: 200,
    seconds: 30,
    timeline: [{ atS: [4, 5], fault: { kind: "join", who: { count: 500 }, overS: 5 } }],
    promises: GRACEFUL,
  },
  leaves("leave-one", "one agent", { count: 1 }, 2),
  leaves("leave-half", "half of the agents", { part: 0.5 }, 2),
  leaves("leave-most", "three quarters", { part: 0.75 }, 4),
  {
    name: "churn",
    says: "a fifth starts, a fifth leaves and a tenth is killed within 2.5 s",
    least: 5,
    seconds: 32,
    timeline: [
      { atS: 4, fault: { kind: "join", who: { part: 0.2 }, overS: 2 } },
      { atS: [4, 6.5], fault: { kind: "leave", who: { part: 0.2 } } },
      { atS: [4, 6.5], fault: { kind: "crash", who: { part: 0.1 } } },
    ],
    // Whoever has started when somebody is killed waits for that one's lease too.
    promises: [takesOver(["crash", "leave", "join"], CLOSED_IN_CHURN_MS), { promise: "newcomers", withinMs: 8000 }],
  },
  {
    name: "rolling-restart",
    says: "a new version, a tenth at a time: each starts before an old one leaves",
    least: 3,
    seconds: 52,
    timeline: rolling(10, 3),
    promises: GRACEFUL,
  },
  {
    name: "scale-up-and-down",
    says: "from a quarter to all agents and back, as kubectl scale does",
    least: 4,
    seconds: 40,
    startWith: 0.25,
    timeline: [
      { atS: 4, fault: { kind: "join", who: { part: 0.75 }, overS: 1 } },
      { atS: 18, fault: { kind: "leave", who: { part: 0.75 } } },
    ],
    promises: GRACEFUL,
  },
  {
    name: "mixed-versions",
    says: "half speak an older version, while agents start and leave",
    least: 2,
    seconds: 30,
    timeline: [
      { atS: 1, fault: { kind: "age", who: { part: 0.5 } } },
      { atS: 5, fault: { kind: "join", who: { part: 0.25 } } },
      { atS: 10, fault: { kind: "leave", who: { part: 0.25 } } },
    ],
    promises: GRACEFUL,
  },
];
