// Probes, and the agent's own metrics for a scraper.

import type { FastifyInstance } from "fastify";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Registry } from "prom-client";
import type { Agent } from "../agent/agent.ts";

/** What any machine may ask, and nothing that commands. */
export function healthRoutes(server: FastifyInstance, agent: () => Agent): void {
  // Alive while the event loop answers at all; ready as soon as commands are taken, alone or not.
  server.get("/livez", { schema: { summary: "Whether the process answers" } }, async () => ({ ok: true }));
  for (const path of ["/readyz", "/healthz"]) {
    server.get(path, { schema: { summary: "Whether the agent takes commands" } }, async () => ({ ok: true, member: agent().member }));
  }
  let registry: Registry | null = null;
  server.get("/metrics", { schema: { summary: "The agent's own metrics, for a Prometheus scraper" } }, async (_request, reply) => {
    registry ??= await createRegistry(agent());
    reply.type(registry.contentType);
    return registry.metrics();
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

async function createRegistry(agent: Agent): Promise<Registry> {
  const { Counter, Gauge, Registry } = await import("prom-client");
  const registry = new Registry();
  const registers = [registry];
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({ name, help, registers, collect() { this.set(read()); } });
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({ name, help, registers, collect() { this.reset(); this.inc(read()); } });

  gauge("loadswarm_swarm_members", "Members of the swarm as this agent sees it", () => agent.members().length);
  gauge("loadswarm_swarm_share_ratio", "Part of the swarm's rate that this agent carries, 0 to 1", () => {
    return agent.members().find((member) => member.id === agent.member)?.share ?? 0;
  });
  gauge("loadswarm_unmet_rate", "Arrivals per second due at this agent that it could not send in time; its share is moving, or nobody has room", () =>
    agent.unmetPerSecond(),
  );
  const network = () => agent.networkCounters();
  gauge("loadswarm_links", "Links to other agents that are up", () => network().links);
  const totals = [
    ["frames_dropped", "Frames that went nowhere, and gossip messages beyond a source's rate", () => network().framesDropped],
    ["frames_refused", "Frames and gossip messages that no agent sends", () => network().framesRefused],
    ["members_refused", "Records of members that those had not signed", () => network().membersRefused],
    ["peers_refused", "Times that a peer was shut out for a minute for nonsense", () => network().peersRefused],
  ] as const;
  for (const [what, help, read] of totals) counter(`loadswarm_${what}_total`, help, read);
  gauge("process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss());
  // Names and meaning as in prom-client's default metrics; since the last scrape.
  gauge("nodejs_eventloop_lag_p99_seconds", "99th percentile of the event loop's delay", () => delay.percentile(99) / 1e9);
  gauge("nodejs_eventloop_lag_max_seconds", "Longest delay of the event loop", () => {
    const seconds = delay.max / 1e9;
    delay.reset();
    return seconds;
  });
  return registry;
}
