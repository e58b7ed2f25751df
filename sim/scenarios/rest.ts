// What befalls a swarm at rest just before a load is published, when nobody has been listening closely.

import type { Fault, HowMany, Planned, Scenario } from "../scenario.ts";
import { AFTER_HEAL, AFTER_RESUME, CLOSED_MS, NEWCOMERS, NO_FALSE_LOSSES, NO_FALSE_STOPS, SAME_SUMMARY, SEAMLESS, SILENT_MS, takesOver } from "./bounds.ts";

/** Long enough to come to rest, and to stay so for a while. */
const REST_S = 24;
/** From publishing to the load: what is promised from a moment at rest on is promised from the publishing on. */
const LEAD_MS = 2000;
/** Around the publishing. */
const JUST_BEFORE = [-3.5, -1.9] as const;
const QUARTER: HowMany = { part: 0.25 };

function atRest(name: string, says: string, least: number, seconds: number, timeline: readonly Planned[], promises: Scenario["promises"]): Scenario {
  return { name: `rest-${name}`, says: `at rest, then a load: ${says}`, least, seconds, restS: REST_S, timeline, promises };
}

const just = (fault: Fault): Planned => ({ atS: JUST_BEFORE, fault });
const CUT = { kind: "cut", style: "silent" } as const;

export const REST: readonly Scenario[] = [
  atRest("calm", "nothing else happens", 1, 12, [], [SEAMLESS, NO_FALSE_STOPS, NO_FALSE_LOSSES, SAME_SUMMARY]),
  atRest("crash", "a quarter is killed", 3, 20, [just({ kind: "crash", who: QUARTER })], [takesOver("crash", CLOSED_MS)]),
  atRest("silent", "a quarter loses power", 3, 24, [just({ kind: "unplug", who: QUARTER })], [takesOver("unplug", SILENT_MS - LEAD_MS)]),
  atRest("join", "a quarter more starts", 1, 20, [just({ kind: "join", who: QUARTER })], [SEAMLESS, NO_FALSE_STOPS, NO_FALSE_LOSSES]),
  atRest("leave", "a quarter leaves", 4, 20, [just({ kind: "leave", who: QUARTER })], [SEAMLESS, NO_FALSE_STOPS]),
  atRest(
    "split",
    "60 | 40 are cut, and both sides may be given it",
    3,
    45,
    [just({ ...CUT, parts: [60, 40], forS: [14, 20] }), { atS: [-1.9, -1.5], fault: { kind: "republish" } }],
    [AFTER_HEAL],
  ),
  atRest("split-long-ago", "60 | 40 are cut for a while before and after", 3, 40, [{ atS: [-12, -6], fault: { ...CUT, parts: [60, 40], forS: 18 } }], [AFTER_HEAL]),
  atRest(
    "one-way",
    "60 % are not heard by the others around its publishing, who begin anew alone",
    3,
    45,
    [just({ ...CUT, parts: [60, 40], oneWay: true, forS: [14, 20] })],
    [AFTER_HEAL],
  ),
  atRest("three-ways", "40 | 30 | 30 are cut, so that those who do not know of it begin anew", 3, 45, [just({ ...CUT, parts: [40, 30, 30], forS: [14, 20] })], [AFTER_HEAL]),
  atRest("sigstop", "up to 40 % stand still for 6 s", 3, 30, [just({ kind: "pause", who: { part: 0.4 }, forS: 6 })], [AFTER_RESUME]),
  atRest(
    "mixed-versions",
    "half never rest, and a quarter more starts",
    2,
    24,
    [
      { atS: -25, fault: { kind: "age", who: { part: 0.5 } } },
      { atS: 6, fault: { kind: "join", who: QUARTER } },
    ],
    [SEAMLESS, NEWCOMERS, NO_FALSE_STOPS, NO_FALSE_LOSSES],
  ),
  {
    // Lost three times in a row, as one frame of a thousand is, it takes TCP 1.4 s: of thousands of agents some answer too late.
    ...atRest("loss-10", "10 % of all packets are lost all the time", 2, 20, [], [
      NO_FALSE_STOPS,
      NO_FALSE_LOSSES,
      { promise: "answers", withinMs: 2000, withoutPart: 0.005 },
    ]),
    network: { lossRate: 0.1 },
  },
  {
    ...atRest("clocks-5min", "wall clocks are wrong by up to 5 minutes", 2, 12, [], [SEAMLESS, NO_FALSE_STOPS, NO_FALSE_LOSSES]),
    clocks: { skewMs: 300_000, driftPpm: 200 },
  },
];
