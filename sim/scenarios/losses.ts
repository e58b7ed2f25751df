// Agents that are lost: killed, unplugged, restarted.

import type { HowMany, Scenario } from "../scenario.ts";
import { CLOSED_IN_CHURN_MS, CLOSED_MS, NEWCOMERS, SAME_SUMMARY, SILENT_MS, takesOver } from "./bounds.ts";

const QUARTER: HowMany = { part: 0.25 };

function crash(name: string, what: string, who: HowMany): Scenario {
  return {
    name,
    says: `kill -9 of ${what}: their connections close`,
    least: 3,
    seconds: 25,
    timeline: [{ atS: [4, 6], fault: { kind: "crash", who } }],
    promises: [takesOver("crash", CLOSED_MS), SAME_SUMMARY],
  };
}

function unplug(name: string, what: string, who: HowMany): Scenario {
  return {
    name,
    says: `power lost at ${what}: nothing closes, nothing answers`,
    least: 3,
    seconds: 28,
    timeline: [{ atS: [4, 6], fault: { kind: "unplug", who } }],
    promises: [takesOver("unplug", SILENT_MS), SAME_SUMMARY],
  };
}

export const LOSSES: readonly Scenario[] = [
  crash("crash-one", "one agent", { count: 1 }),
  crash("crash-quarter", "a quarter", QUARTER),
  crash("crash-minority", "all but a bare majority", "minority"),
  unplug("silent-one", "one agent", { count: 1 }),
  unplug("silent-quarter", "a quarter", QUARTER),
  {
    name: "crash-in-sequence",
    says: "one agent after another is killed, two seconds apart",
    least: 7,
    seconds: 32,
    timeline: [4, 6, 8].map((atS) => ({ atS, fault: { kind: "crash", who: { count: 1 } } as const })),
    promises: [takesOver("crash", CLOSED_IN_CHURN_MS)],
  },
  {
    name: "restart-quarter",
    says: "a quarter is killed and starts again with fresh ids within 2 s",
    least: 3,
    seconds: 28,
    timeline: [{ atS: [4, 6], fault: { kind: "restart", who: QUARTER, afterS: [0.5, 2] } }],
    promises: [takesOver(["crash", "join"], CLOSED_IN_CHURN_MS), NEWCOMERS],
  },
  {
    name: "restart-storm",
    says: "a quarter is killed and started again, three times within 6 s",
    least: 5,
    seconds: 34,
    timeline: [4, 7, 10].map((atS) => ({
      atS,
      fault: { kind: "restart", who: QUARTER, afterS: [0.2, 1] } as const,
    })),
    promises: [takesOver("join", CLOSED_IN_CHURN_MS), { promise: "newcomers", withinMs: 8000 }],
  },
];
