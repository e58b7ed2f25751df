// Bad networks without a cut, swarms that meet, and plans published twice.

import type { Scenario } from "../scenario.ts";
import { NO_FALSE_LOSSES, NO_FALSE_STOPS, SAME_SUMMARY, SEAMLESS, STOPS, takesOver } from "./bounds.ts";

const UNMOVED = [SEAMLESS, NO_FALSE_STOPS, NO_FALSE_LOSSES] as const;

function loss(percent: number): Scenario {
  return {
    name: `loss-${percent}`,
    says: `${percent} % of all packets are lost, for 60 s`,
    least: 2,
    seconds: 85,
    timeline: [{ atS: 4, fault: { kind: "network", change: { lossRate: percent / 100 }, forS: 60 } }],
    promises: UNMOVED,
  };
}

const FAR = { baseMs: 50, tailMs: 50, lossRate: 0.05 };

export const NETWORK: readonly Scenario[] = [
  loss(5),
  loss(10),
  loss(20),
  {
    name: "far-and-lossy",
    says: "100 ± 50 ms and 5 % loss from the start",
    // Two cannot ask a third: of 150 pairs one stopped for 0.2 s, after three losses in a row.
    least: 3,
    seconds: 40,
    // A load begins when it does by the clock of whoever is given it, and that is known within a second or two.
    restS: 5,
    network: FAR,
    timeline: [{ atS: 6, fault: { kind: "join", who: { part: 0.25 } } }],
    // A clock can be told only as far as the network is even, so that of few agents one, with a third of the rate, may begin
    // or end 300 ms before the others: a tenth of one second, or 2 % of five.
    // All ask everybody at once: every lost frame keeps hundreds waiting behind it, until some askers wait no longer and
    // say whose results are missing.
    promises: [
      { promise: "seamless", within: 0.1 },
      NO_FALSE_STOPS,
      NO_FALSE_LOSSES,
      { promise: "answers", withinMs: 4500, without: 4, withoutPart: 0.1 },
    ],
  },
  {
    name: "duplicates",
    says: "2 % of the frames arrive twice and 5 % after later ones, which TCP never does",
    least: 2,
    seconds: 45,
    timeline: [{ atS: 4, fault: { kind: "network", change: { duplicateRate: 0.02, reorderRate: 0.05 }, forS: 20 } }],
    promises: UNMOVED,
  },
  {
    name: "stop",
    says: "the run is stopped, asked of any agent",
    least: 1,
    seconds: 25,
    timeline: [{ atS: [4, 6], fault: { kind: "stop" } }],
    promises: [STOPS, SAME_SUMMARY],
  },
  {
    name: "publish-twice",
    says: "the same plan is given to another agent just before the load begins",
    least: 2,
    seconds: 22,
    timeline: [{ atS: [-1.99, -1.9], fault: { kind: "republish" } }],
    promises: [{ promise: "one run" }, SEAMLESS],
  },
  {
    name: "idle-meets-busy",
    says: "an idle swarm finds one with a load on",
    least: 2,
    seconds: 30,
    swarms: [
      { part: 0.5, loadS: 30 },
      { part: 0.5, loadS: null },
    ],
    timeline: [{ atS: 5, fault: { kind: "merge" } }],
    promises: [SEAMLESS, NO_FALSE_STOPS],
  },
  {
    name: "busy-meets-busy",
    says: "two swarms with a load each find each other; one ends first",
    least: 2,
    seconds: 50,
    swarms: [
      { part: 0.5, loadS: 20 },
      { part: 0.5, loadS: 50 },
    ],
    timeline: [{ atS: 5, fault: { kind: "merge" } }],
    promises: [SEAMLESS, NO_FALSE_STOPS, SAME_SUMMARY, { promise: "one view", withinMs: 35_000 }],
  },
  {
    name: "twice-begun",
    says: "two swarms that have not met are given the same run, and find each other while it is on in both",
    least: 2,
    seconds: 50,
    swarms: [
      { part: 0.5, loadS: 30 },
      { part: 0.5, loadS: 30 },
    ],
    sameRun: true,
    timeline: [{ atS: 5, fault: { kind: "merge" } }],
    promises: [
      // Until they meet, nobody can know better.
      { promise: "never more", atMost: 2.1 },
      { promise: "once again", after: "merge", withinMs: 10_000 },
      takesOver("merge", 10_000),
      NO_FALSE_STOPS,
      SAME_SUMMARY,
      { promise: "one run" },
      { promise: "one view", withinMs: 35_000 },
    ],
  },
  {
    name: "cut-off-newcomer",
    says: "agents start behind a cut and are let in when it heals",
    least: 3,
    seconds: 40,
    timeline: [
      { atS: 4, fault: { kind: "cut", parts: [80, 20], style: "silent", forS: 10 } },
      { atS: 6, fault: { kind: "join", who: { part: 0.25 } } },
    ],
    promises: [takesOver("heal", 10_000), { promise: "newcomers", withinMs: 20_000 }],
  },
];
