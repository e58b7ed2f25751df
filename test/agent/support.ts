// Configurations of agents for tests: solo on a free port unless told otherwise.

import type { AgentConfig } from "../../node/agent/config.ts";

export function configOf(more: Partial<AgentConfig> = {}): AgentConfig {
  return {
    listen: null,
    api: "127.0.0.1:0",
    health: null,
    join: [],
    joinDns: [],
    name: "one",
    zone: "",
    node: "",
    workers: 1,
    swarmKeyFile: null,
    allowTargets: [],
    logLevel: "silent",
    ...more,
  };
}
