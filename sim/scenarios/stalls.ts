// Processes that stand still or come round late, and clocks that are wrong.

import type { Scenario } from "../scenario.ts";
import { AFTER_HEAL, AFTER_RESUME, NO_FALSE_LOSSES, NO_FALSE_STOPS, SEAMLESS, SILENT_MS, takesOver } from "./bounds.ts";

function sigstop(seconds: number, promises: Scenario["promises"]): Scenario {
  return {
    name: `sigstop-${seconds}`,
    says: `up to 40 % are stopped for ${seconds} s and go on`,
    least: 3,
    seconds: seconds + 26,
    timeline: [{ atS: [4, 5], fault: { kind: "pause", who: { part: 0.4 }, forS: seconds } }],
    promises: [AFTER_RESUME, ...promises],
  };
}

const SLOW_FLUSH = { baseMs: 1, tailMs: 3, extraMs: [1000, 2000] } as const;

export const STALLS: readonly Scenario[] = [
  sigstop(3, []),
  sigstop(6, []),
  sigstop(20, [takesOver("pause", SILENT_MS)]),
  sigstop(60, [takesOver("pause", SILENT_MS)]),
  {
    name: "sigstop-in-joins",
    says: "a fifth is stopped for 6 s while a quarter more starts",
    least: 5,
    seconds: 34,
    timeline: [
      { atS: [4, 5], fault: { kind: "pause", who: { part: 0.2 }, forS: 6 } },
      { atS: [4, 6], fault: { kind: "join", who: { part: 0.25 }, overS: 1 } },
    ],
    promises: [AFTER_RESUME],
  },
  {
    name: "slow-agents",
    says: "a tenth handles what comes in 200-2000 ms late, for 20 s",
    least: 3,
    seconds: 45,
    timeline: [{ atS: 4, fault: { kind: "slow", who: { part: 0.1 }, byMs: [200, 2000], forS: 20 } }],
    // They may have been given up a moment before.
    promises: [takesOver("resume", SILENT_MS)],
  },
  {
    name: "saturated",
    says: "a fifth can send only half of what is theirs, for 15 s",
    least: 3,
    seconds: 40,
    timeline: [{ atS: 5, fault: { kind: "saturate", who: { part: 0.2 }, to: 0.5, forS: 15 } }],
    // Shares move to the others, and back until long after.
    promises: [NO_FALSE_STOPS, NO_FALSE_LOSSES, takesOver("saturate", 10_000), { promise: "one view", withinMs: 40_000 }],
  },
  {
    name: "clocks-25ms",
    says: "clocks differ by up to 25 ms and 200 ppm",
    least: 2,
    seconds: 30,
    clocks: { skewMs: 25, driftPpm: 200 },
    timeline: [],
    promises: [SEAMLESS, NO_FALSE_STOPS, NO_FALSE_LOSSES],
  },
  {
    name: "clocks-25ms-split",
    says: "clocks differ by up to 25 ms and 200 ppm, and 60 | 40 are cut",
    least: 3,
    seconds: 45,
    clocks: { skewMs: 25, driftPpm: 200 },
    timeline: [{ atS: 5, fault: { kind: "cut", parts: [60, 40], style: "silent", forS: [14, 18] } }],
    promises: [takesOver("cut", SILENT_MS), AFTER_HEAL],
  },
  {
    name: "clocks-5min",
    says: "wall clocks are wrong by up to 5 minutes when agents start",
    least: 2,
    seconds: 30,
    clocks: { skewMs: 300_000, driftPpm: 50 },
    timeline: [{ atS: 6, fault: { kind: "join", who: { part: 0.25 } } }],
    promises: [SEAMLESS, NO_FALSE_STOPS, NO_FALSE_LOSSES],
  },
  {
    name: "slow-frames",
    says: "every frame takes 1-2 s for 10 s",
    least: 3,
    seconds: 40,
    timeline: [{ atS: 5, fault: { kind: "network", change: SLOW_FLUSH, forS: 10 } }],
    promises: [takesOver("network", 15_000)],
  },
  {
    name: "slow-frames-split",
    says: "frames take 1-2 s, and 60 | 40 are cut",
    least: 3,
    seconds: 55,
    timeline: [
      { atS: 4, fault: { kind: "network", change: SLOW_FLUSH, forS: 20 } },
      { atS: 6, fault: { kind: "cut", parts: [60, 40], style: "silent", forS: 14 } },
    ],
    promises: [takesOver("network", 15_000)],
  },
  {
    name: "slow-frames-joins",
    says: "frames take 1-2 s, and a quarter more starts",
    least: 3,
    seconds: 45,
    timeline: [
      { atS: 4, fault: { kind: "network", change: SLOW_FLUSH, forS: 15 } },
      { atS: 6, fault: { kind: "join", who: { part: 0.25 }, overS: 3 } },
    ],
    promises: [takesOver("network", 15_000)],
  },
];
