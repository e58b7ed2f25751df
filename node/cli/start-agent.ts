// The agent in this process as the command line sees it; loaded only by the commands that need one.

import type { AgentConfig } from "../agent/config.ts";
import type { Logger } from "../agent/log.ts";
import type { PlanAtStart } from "../agent/publish-at-start.ts";
import type { Summary } from "../core/summary-type.ts";
import { FaultsError } from "./faults-error.ts";
import type { Io } from "./io.ts";

export interface RunningAgent {
  readonly member: string;
  /** Origin of its HTTP API as bound; null if it has none. */
  readonly apiUrl: string | null;
  /** `H:P` on which other agents reach it, as bound; null when solo. */
  readonly listen: string | null;
  readonly log: Logger;
  /** The run's id. @throws FaultsError, about `file` */
  publish(text: string, file: string): Promise<string>;
  /** Once there are enough agents. Never rejects but by `signal`. */
  publishAtStart(plan: PlanAtStart, signal: AbortSignal): Promise<unknown>;
  summary(run: string): Promise<Summary>;
  stop(run: string): Promise<unknown>;
  /** Until its own part of the run is over. */
  untilOver(run: string): Promise<void>;
  /** Graceful: hands its share over first. */
  leave(): Promise<void>;
}

/** @throws LoadswarmError when the configuration is refused or an address is taken */
export async function startAgent(config: AgentConfig, env: Io["env"]): Promise<RunningAgent> {
  const api = await import("../api/start.ts");
  const { agent, apiUrl, leave } = await api.startAgent(config, env);
  return {
    member: agent.member,
    log: agent.log,
    apiUrl,
    listen: agent.addresses.map(hostPort).find((each) => each !== null) ?? null,
    async publish(text, file) {
      const published = await agent.publish(text, null);
      if (!published.ok) throw new FaultsError(file, published.faults);
      return published.run.spec.id;
    },
    publishAtStart: async (plan, signal) => {
      const { publishAtStart } = await import("../agent/publish-at-start.ts");
      return publishAtStart(agent, plan, signal);
    },
    summary: (run) => agent.summary(run),
    stop: (run) => agent.stop(run),
    untilOver: (run) => agent.untilOver(run),
    leave,
  };
}

/** `/ip4/127.0.0.1/tcp/7400/p2p/…` as `127.0.0.1:7400`; null if it is no TCP address. */
export function hostPort(multiaddr: string): string | null {
  const match = /^\/(ip4|ip6|dns[46]?)\/([^/]+)\/tcp\/(\d+)(?:\/|$)/.exec(multiaddr);
  if (match === null) return null;
  return match[1] === "ip6" ? `[${match[2]}]:${match[3]}` : `${match[2]}:${match[3]}`;
}
