// Asks agents what came of a run once it is over, as people do who look at any of them.

import type { Summary } from "../node/core/summary-type.ts";
import type { Agent } from "./agent.ts";
import type { World } from "./world.ts";

/** With more agents only some are asked, from the first to the last: each hears from all the others. */
const MOST_ASKED = 60;
const SOME = 5;
/** An answer that has not come then never comes. */
const PATIENCE_MS = 6000;
const LOOK_EVERY_MS = 50;

/** What an agent says of a run. */
export interface Told {
  /** null: it gave no answer. */
  readonly summary: Summary | null;
  readonly tookMs: number;
}

/** All of these at once, or some if they are many. */
export function askAgents(world: World, agents: readonly Agent[], run: string): Told[] {
  const askedAtMs = world.elapsedMs;
  const asked = someOf(agents);
  const told: Told[] = asked.map(() => ({ summary: null, tookMs: Number.POSITIVE_INFINITY }));
  const open = new Set(asked);
  asked.forEach((agent, index) => {
    world.ask(agent.id, run, (answer) => {
      open.delete(agent);
      if (answer.kind === "summary") told[index] = { summary: answer.summary, tookMs: world.elapsedMs - askedAtMs };
    });
  });
  while (open.size > 0 && world.elapsedMs < askedAtMs + PATIENCE_MS) world.runFor(LOOK_EVERY_MS);
  return told;
}

function someOf(agents: readonly Agent[]): readonly Agent[] {
  if (agents.length <= MOST_ASKED) return agents;
  return Array.from({ length: SOME }, (_, i) => agents[Math.floor((i * (agents.length - 1)) / (SOME - 1))]!);
}
