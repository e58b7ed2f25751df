// An agent with its API: the API's address must be known before other agents are told of it.

import { Agent, type Published } from "../agent/agent.ts";
import { type AgentConfig, checkConfig } from "../agent/config.ts";

export type { AgentConfig, Published };

export interface ServedAgent {
  readonly agent: Agent;
  /** Origin of the HTTP API as bound; null if it has none. */
  readonly apiUrl: string | null;
  /** Graceful: the share moves on before anything closes. */
  leave(): Promise<void>;
}

/** Throws what `checkConfig`, `serveApi` and `Agent.start` throw, with nothing left running. */
export async function startAgent(
  config: AgentConfig,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<ServedAgent> {
  const checked = checkConfig(config);
  let running: Agent | null = null;
  if (checked.api === null) {
    const agent = await Agent.start(checked, "");
    return { agent, apiUrl: null, leave: () => agent.leave() };
  }
  const { serveApi } = await import("./server.ts");
  const { server, url } = await serveApi(checked.api, () => running, env);
  try {
    const agent = await Agent.start(checked, url);
    running = agent;
    return {
      agent,
      apiUrl: url,
      // The API answers until the share has moved on: others may still ask for results.
      leave: async () => {
        await agent.leave();
        await server.close();
      },
    };
  } catch (cause) {
    await server.close();
    throw cause;
  }
}
