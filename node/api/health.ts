// Probes, and the agent's own metrics for a scraper.

import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import type { Agent } from "../agent/agent.ts";

export function healthRoutes(server: FastifyInstance, agent: () => Agent): void {
  // Alive while the event loop answers at all; ready as soon as commands are taken, alone or not.
  server.get("/livez", { schema: { summary: "Whether the process answers" } }, async () => ({ ok: true }));
  for (const path of ["/readyz", "/healthz"]) {
    server.get(path, { schema: { summary: "Whether the agent takes commands" } }, async () => ({ ok: true, member: agent().member }));
  }
  server.get("/", { schema: { summary: "Who this is, in plain text" } }, async (_request, reply) => {
    const names = agent().members().map((member) => member.name);
    reply.type("text/plain");
    return `loadswarm agent ${agent().member}\nswarm of ${names.length}: ${names.join(", ")}\n\nAPI: /api/v1/openapi.json\n`;
  });

  let registry: Registry | null = null;
  server.get("/metrics", { schema: { summary: "The agent's own metrics, for a Prometheus scraper" } }, async (_request, reply) => {
    registry ??= await createRegistry(agent());
    reply.type(registry.contentType);
    return registry.metrics();
  });
}

async function createRegistry(agent: Agent): Promise<Registry> {
  const { Gauge, Registry } = await import("prom-client");
  const registers = [new Registry()];
  new Gauge({
    name: "loadswarm_swarm_members",
    help: "Members of the swarm as this agent sees it",
    registers,
    collect() {
      this.set(agent.members().length);
    },
  });
  new Gauge({
    name: "loadswarm_swarm_share_ratio",
    help: "Part of the swarm's rate that this agent carries, 0 to 1",
    registers,
    collect() {
      this.set(agent.members().find((member) => member.id === agent.member)?.share ?? 0);
    },
  });
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  return registers[0]!;
}
