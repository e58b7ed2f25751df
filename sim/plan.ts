// The plan that simulated swarms run: a constant rate, one request an iteration.

import type { Plan } from "../node/plan/types.ts";

export function constantRate(name: string, ratePerSecond: number, seconds: number): Plan {
  const curve = { startPerSecond: ratePerSecond, stages: [{ durationMs: seconds * 1000, targetPerSecond: ratePerSecond }] };
  const executor = { kind: "constant-arrival-rate", curve, maxVUs: null } as const;
  const request = { kind: "http", name: "hit", method: "GET", url: "/", headers: {}, body: null } as const;
  const step = { ...request, timeoutMs: 1000, checks: [], captures: [] };
  return {
    name,
    targets: ["http://127.0.0.1:1"],
    start: { minAgents: 1, delayMs: 0 },
    onMinority: "stop",
    scenarios: [{ name: "hits", executor, startTimeMs: 0, gracefulStopMs: 0, flow: [step] }],
    data: {},
    thresholds: [],
  };
}
