// Partitions by a firewall that answers: links are reset though the processes behind them live.

import type { Fault, Scenario } from "../scenario.ts";
import { AFTER_HEAL, SILENT_MS, takesOver } from "./bounds.ts";

function reject(parts: readonly number[], more: Partial<Extract<Fault, { readonly kind: "cut" }>> = {}): Fault {
  return { kind: "cut", parts, style: "reject", forS: [12, 18], ...more };
}

export const REJECTS: readonly Scenario[] = [
  {
    name: "reject",
    says: "60 | 40: both sides see their links reset and are refused",
    least: 3,
    seconds: 42,
    timeline: [{ atS: [4, 5], fault: reject([60, 40]) }],
    promises: [takesOver("cut", SILENT_MS), AFTER_HEAL],
  },
  {
    name: "reject-half",
    says: "50 | 50, reset on both sides",
    least: 2,
    seconds: 42,
    timeline: [{ atS: [4, 5], fault: reject([50, 50]) }],
    promises: [AFTER_HEAL],
  },
  {
    name: "reject-one-side",
    says: "60 | 40: the 60 % are reset and refused, the others see silence",
    least: 2,
    seconds: 42,
    timeline: [{ atS: [4, 5], fault: reject([60, 40], { oneWay: true }) }],
    promises: [AFTER_HEAL],
  },
  {
    name: "reject-other-side",
    says: "40 | 60: the 40 % are reset and refused, the others see silence",
    least: 2,
    seconds: 42,
    timeline: [{ atS: [4, 5], fault: reject([40, 60], { oneWay: true }) }],
    promises: [AFTER_HEAL],
  },
  {
    name: "reject-flapping",
    says: "60 | 40, reset and healed in turns of 2-10 s for 40 s",
    least: 3,
    seconds: 65,
    timeline: [{ atS: [4, 5], fault: reject([60, 40], { forS: 40, flappingS: [2, 10] }) }],
    promises: [AFTER_HEAL],
  },
  {
    name: "reject-in-joins",
    says: "60 | 40, reset, while as many again are let in",
    least: 1,
    seconds: 45,
    timeline: [
      { atS: 4, fault: { kind: "join", who: { part: 1 }, overS: 0.2 } },
      { atS: [4.3, 6.5], fault: reject([60, 40]) },
    ],
    promises: [AFTER_HEAL],
  },
  {
    name: "reject-and-sigstop",
    says: "a fifth is stopped just before links are reset, and goes on behind the cut",
    least: 5,
    seconds: 48,
    timeline: [
      { atS: 4, fault: { kind: "pause", who: { part: 0.2 }, forS: [3, 8] } },
      { atS: [4, 6], fault: reject([60, 40]) },
    ],
    promises: [AFTER_HEAL],
  },
];
