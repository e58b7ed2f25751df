// What a plan asks of the whole swarm at its peak: requests, connections, and how they come and go.

import { RateCurve } from "../plan/curve.ts";
import { executorDurationMs } from "../plan/duration.ts";
import type { Executor, Plan, Scenario } from "../plan/types.ts";

export interface Demand {
  /** Iterations that begin, per second of the peak. */
  readonly iterationsPerSecond: number;
  readonly requestsPerSecond: number;
  /** Connections in use at once, if every answer takes as long as assumed. */
  readonly connections: number;
  /** New connections per second whose ports the kernel keeps for a while after them: `close: close`. */
  readonly closedPerSecond: number;
  /** When the peak is, milliseconds since the start of the run. */
  readonly atMs: number;
}

const NONE: Demand = { iterationsPerSecond: 0, requestsPerSecond: 0, connections: 0, closedPerSecond: 0, atMs: 0 };
/** Just before a scenario's end it is still on. */
const JUST_BEFORE_MS = 1e-3;

/** At the first moment with most requests per second. `latencyMs` is what each answer is assumed to take. */
export function peakDemand(plan: Plan, latencyMs: number): Demand {
  const moments = plan.scenarios.flatMap((scenario) => momentsOf(scenario)).sort((a, b) => a - b);
  const demands = moments.map((atMs) => plan.scenarios.map((one) => demandAt(one, atMs, latencyMs)).reduce(sum, { ...NONE, atMs }));
  return demands.reduce((most, each) => (each.requestsPerSecond > most.requestsPerSecond ? each : most), NONE);
}

/** Rates are linear between these, so that their sum is greatest at one of them. */
function momentsOf({ executor, startTimeMs }: Scenario): number[] {
  const stages = "curve" in executor ? executor.curve.stages : "stages" in executor ? executor.stages : [];
  const ends: number[] = [];
  let atMs = startTimeMs;
  for (const { durationMs } of stages) ends.push((atMs += durationMs));
  if (ends.length === 0) ends.push(startTimeMs + executorDurationMs(executor));
  return [startTimeMs, ...ends.flatMap((end) => [end - JUST_BEFORE_MS, end])];
}

function sum(a: Demand, b: Demand): Demand {
  return {
    iterationsPerSecond: a.iterationsPerSecond + b.iterationsPerSecond,
    requestsPerSecond: a.requestsPerSecond + b.requestsPerSecond,
    connections: a.connections + b.connections,
    closedPerSecond: a.closedPerSecond + b.closedPerSecond,
    atMs: a.atMs,
  };
}

function demandAt(scenario: Scenario, atMs: number, latencyMs: number): Demand {
  const requests = scenario.flow.filter((step) => step.kind === "http").length;
  const thinkMs = scenario.flow.reduce((total, step) => total + (step.kind === "think" ? (step.minMs + step.maxMs) / 2 : 0), 0);
  const iterationMs = requests * latencyMs + thinkMs;
  const elapsedMs = atMs - scenario.startTimeMs;
  const iterationsPerSecond = iterationRate(scenario.executor, elapsedMs, Math.max(iterationMs, 1));
  const requestsPerSecond = iterationsPerSecond * requests;
  // Little's law: what is on at once is how much begins per second times how long it takes.
  const connections = (requestsPerSecond * latencyMs) / 1000;
  const closedPerSecond = scenario.http?.close === "close" ? requestsPerSecond : 0;
  return { iterationsPerSecond, requestsPerSecond, connections, closedPerSecond, atMs };
}

function iterationRate(executor: Executor, elapsedMs: number, iterationMs: number): number {
  if (elapsedMs < 0 || elapsedMs >= executorDurationMs(executor)) return 0;
  if ("curve" in executor) return new RateCurve(executor.curve).rateAt(elapsedMs);
  const users = executor.kind === "ramping-vus" ? usersAt(executor, elapsedMs) : executor.vus;
  return (users * 1000) / iterationMs;
}

function usersAt({ startVUs, stages }: Extract<Executor, { kind: "ramping-vus" }>, elapsedMs: number): number {
  let [users, leftMs] = [startVUs, elapsedMs];
  for (const { durationMs, target } of stages) {
    if (leftMs < durationMs) return users + ((target - users) * leftMs) / durationMs;
    leftMs -= durationMs;
    users = target;
  }
  return users;
}
