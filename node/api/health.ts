// Probes, and the agent's own metrics for a scraper.

import type { FastifyInstance } from "fastify";
import type { Agent } from "../agent/agent.ts";
import { exposition } from "./exposition.ts";
import { rationed } from "./rationed.ts";

/** What any machine may ask, and nothing that commands. `now`: a clock in milliseconds. */
export function healthRoutes(server: FastifyInstance, agent: () => Agent, now = () => performance.now()): void {
  // Alive while the event loop answers at all; ready as soon as commands are taken, alone or not.
  server.get("/livez", { schema: { summary: "Whether the process answers" } }, async () => ({ ok: true }));
  for (const path of ["/readyz", "/healthz"]) {
    server.get(path, { schema: { summary: "Whether the agent takes commands" } }, async () => ({ ok: true, member: agent().member }));
  }
  // A tenth of a second at a thousand series, on the thread that keeps the agent's lease.
  const metrics = rationed(async () => exposition(agent().readings()), now);
  server.get("/metrics", { schema: { summary: "The agent's own metrics, for a Prometheus scraper" } }, async (_request, reply) => {
    const { type, text } = await metrics();
    reply.type(type);
    return text;
  });
}

/** Who this is, for people. */
export function frontRoute(server: FastifyInstance, agent: () => Agent): void {
  server.get("/", { schema: { summary: "Who this is, in plain text" } }, async (_request, reply) => {
    const names = agent().members().map((member) => member.name);
    reply.type("text/plain");
    return `loadswarm agent ${agent().member}\nswarm of ${names.length}: ${names.join(", ")}\n\nAPI: /api/v1/openapi.json\n`;
  });
}
