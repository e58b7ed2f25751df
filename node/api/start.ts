// An agent with its API: the API's address must be known before other agents are told of it.

import { Agent, type Published } from "../agent/agent.ts";
import { type AgentConfig, type CheckedConfig, checkConfig } from "../agent/config.ts";

export type { AgentConfig, Published };

export interface ServedAgent {
  readonly agent: Agent;
  /** Origin of the HTTP API as bound; null if it has none. */
  readonly apiUrl: string | null;
  /** Origin of the probes as bound; null if they have no port of their own. */
  readonly healthUrl: string | null;
  /** Graceful: the share moves on before anything closes. */
  leave(): Promise<void>;
}

/** What answers HTTP in front of an agent. */
interface Doors {
  readonly apiUrl: string | null;
  readonly healthUrl: string | null;
  close(): Promise<void>;
}

/** Throws what `checkConfig`, `serveApi`, `serveHealth` and `Agent.start` throw, with nothing left running. */
export async function startAgent(
  config: AgentConfig,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<ServedAgent> {
  const checked = checkConfig(config);
  let running: Agent | null = null;
  const { apiUrl, healthUrl, close } = await openDoors(checked, () => running, env);
  try {
    const agent = await Agent.start(checked, apiUrl ?? "");
    running = agent;
    return {
      agent,
      apiUrl,
      healthUrl,
      // They answer until the share has moved on: others may still ask for results.
      leave: async () => {
        await agent.leave();
        await close();
      },
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function openDoors(
  { api, health }: CheckedConfig,
  agent: () => Agent | null,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Doors> {
  if (api === null && health === null) return { apiUrl: null, healthUrl: null, close: async () => {} };
  const { serveApi, serveHealth } = await import("./server.ts");
  const first = api === null ? null : await serveApi(api, agent, env);
  try {
    const second = health === null ? null : await serveHealth(health, agent);
    const close = async () => {
      await Promise.all([first?.server.close(), second?.server.close()]);
    };
    return { apiUrl: first?.url ?? null, healthUrl: second?.url ?? null, close };
  } catch (cause) {
    await first?.server.close();
    throw cause;
  }
}
