// A plan that agents are given at their start: one of them publishes it, once for as long as the swarm lives.

import { setTimeout as sleep } from "node:timers/promises";
import { LoadswarmError } from "../plan/errors.ts";
import type { Plan } from "../plan/types.ts";
import type { Agent } from "./agent.ts";

/** How often it is looked whether enough agents are there. Shorter starts the run sooner, by as much. */
const LOOK_MS = 500;

export interface PlanAtStart {
  readonly plan: Plan;
  /** Canonical JSON of the same. */
  readonly document: string;
}

/** The run's key names it by its plan: publishing it again finds the same run, on or over. */
export function keyAtStart(document: string): string {
  return `at start: ${document}`;
}

/**
 * Throws CONFIG_INVALID if an agent that has not met the others yet would take itself for the whole swarm: after a
 * restart in the middle of a run it would offer the plan's full rate beside the others.
 */
export function checkPlanAtStart({ plan }: PlanAtStart): void {
  if (plan.start.minAgents >= 2) return;
  throw new LoadswarmError(
    "CONFIG_INVALID",
    `the plan ${plan.name} says that ${plan.start.minAgents} agent is enough, so each that starts would run it alone`,
    "write start: { minAgents: N } into it, with N more than half of the agents there will be",
  );
}

/**
 * Waits until the swarm has as many agents as the plan wants and this one is the first of them, then publishes: 200 that
 * start together must not send the plan 200 times. Who becomes first later, or comes back, finds the run there.
 * Resolves to the run's id; null if the plan was refused, which is logged.
 */
export async function publishAtStart(
  agent: Pick<Agent, "member" | "members" | "publish" | "log">,
  { plan, document }: PlanAtStart,
  signal: AbortSignal,
): Promise<string | null> {
  const isUpToMe = () => {
    const members = agent.members();
    return members.length >= plan.start.minAgents && members[0]?.id === agent.member;
  };
  while (!isUpToMe()) await sleep(LOOK_MS, null, { signal });
  const published = await agent.publish(document, keyAtStart(document));
  if (!published.ok) {
    agent.log.error({ faults: published.faults }, "the plan given at the start was refused");
    return null;
  }
  const run = published.run.spec.id;
  if (published.created) agent.log.info({ run }, "published the plan given at the start");
  return run;
}
