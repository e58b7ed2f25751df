// Partitions that nobody is told of: what crosses them is lost.

import type { Fault, Scenario } from "../scenario.ts";
import { AFTER_HEAL, SILENT_MS, STOPS, takesOver } from "./bounds.ts";

type Cut = Extract<Fault, { readonly kind: "cut" }>;

function silent(parts: readonly number[], forS: Cut["forS"], more: Partial<Cut> = {}): Cut {
  return { kind: "cut", parts, style: "silent", forS, ...more };
}

function split(name: string, says: string, parts: readonly number[], promises: Scenario["promises"]): Scenario {
  const least = Math.max(2, parts.length);
  return { name, says, least, seconds: 45, timeline: [{ atS: [4, 5], fault: silent(parts, [14, 20]) }], promises };
}

const MAJORITY_GOES_ON = [takesOver("cut", SILENT_MS), AFTER_HEAL] as const;

export const SPLITS: readonly Scenario[] = [
  { ...split("split-60-40", "60 | 40, silently, for 14-20 s", [60, 40], MAJORITY_GOES_ON), least: 3 },
  { ...split("split-90-10", "90 | 10, silently, for 14-20 s", [90, 10], MAJORITY_GOES_ON), least: 3 },
  split("split-50-50", "50 | 50, silently: the half with the lowest id goes on", [50, 50], [AFTER_HEAL]),
  split("split-three-ways", "40 | 30 | 30: nobody has a majority", [40, 30, 30], [AFTER_HEAL]),
  {
    name: "split-one-way",
    says: "60 % are not heard by the others, but hear them",
    least: 3,
    seconds: 45,
    timeline: [{ atS: [4, 5], fault: silent([60, 40], [14, 20], { oneWay: true }) }],
    promises: [AFTER_HEAL],
  },
  {
    name: "split-unheard",
    says: "40 % are not heard by the others, and see a majority until they hear nothing either, 1-4 s later",
    least: 3,
    seconds: 45,
    timeline: [{ atS: [4, 5], fault: silent([40, 60], [14, 20], { oneWay: true, bothWaysAfterS: [1, 4] }) }],
    promises: [takesOver("cut", SILENT_MS), AFTER_HEAL],
  },
  {
    name: "split-flapping",
    says: "60 | 40, cut and healed in turns of 2-10 s for 40 s",
    least: 3,
    seconds: 65,
    timeline: [{ atS: [4, 5], fault: silent([60, 40], 40, { flappingS: [2, 10] }) }],
    promises: [AFTER_HEAL],
  },
  {
    name: "split-in-commit",
    says: "a cut while the view without a killed agent is being agreed",
    least: 5,
    seconds: 45,
    timeline: [
      { atS: 4, fault: { kind: "crash", who: { count: 1 } } },
      { atS: [4.1, 6.5], fault: silent([60, 40], [8, 15]) },
    ],
    promises: [AFTER_HEAL],
  },
  {
    name: "split-in-join-storm",
    says: "a cut while half as many agents again are starting",
    least: 4,
    seconds: 45,
    timeline: [
      { atS: 4, fault: { kind: "join", who: { part: 0.5 }, overS: 1 } },
      { atS: [4.2, 7], fault: silent([60, 40], [8, 15]) },
    ],
    promises: [AFTER_HEAL],
  },
  {
    name: "split-nested",
    says: "a second cut, elsewhere, while the first one lasts",
    least: 5,
    seconds: 50,
    timeline: [
      { atS: 4, fault: silent([60, 40], 18) },
      { atS: [5, 12], fault: silent([50, 50], [4, 14]) },
    ],
    promises: [AFTER_HEAL],
  },
  {
    name: "split-consecutive",
    says: "three cuts, each along another line, hardly a second apart",
    least: 3,
    seconds: 55,
    timeline: [
      { atS: 4, fault: silent([60, 40], [5, 7]) },
      { atS: [11.5, 12.5], fault: silent([55, 45], [5, 7]) },
      { atS: [19.5, 21], fault: silent([70, 30], [5, 7]) },
    ],
    promises: [AFTER_HEAL],
  },
  {
    name: "split-and-crash",
    says: "a tenth is killed inside a partition of 70 | 30",
    least: 5,
    seconds: 45,
    timeline: [
      { atS: 4, fault: silent([70, 30], [12, 18]) },
      { atS: [5, 10], fault: { kind: "crash", who: { part: 0.1 } } },
    ],
    promises: [AFTER_HEAL],
  },
  {
    name: "split-and-stop",
    says: "the run is stopped while 60 | 40 are cut",
    least: 3,
    seconds: 45,
    timeline: [
      { atS: 4, fault: silent([60, 40], [14, 18]) },
      { atS: [5, 12], fault: { kind: "stop" } },
    ],
    promises: [STOPS],
  },
];
