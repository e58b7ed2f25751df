// Server-sent events: what happens in the swarm as this agent sees it.

import type { FastifyInstance } from "fastify";
import type { Agent } from "../agent/agent.ts";
import { LoadswarmError } from "../plan/errors.ts";

/** Streams open at once; more is refused, so that forgotten browser tabs cannot exhaust the agent. */
const MAX_STREAMS = 64;
const KEEPALIVE_MS = 15_000;

export function eventRoutes(server: FastifyInstance, agent: () => Agent): void {
  let streams = 0;
  server.get("/api/v1/events", { schema: { summary: "Joins, losses, re-splits and states of runs, as server-sent events" } }, (_request, reply) => {
    const running = agent();
    if (streams >= MAX_STREAMS) throw new LoadswarmError("UNREACHABLE", "too many event streams are open", "close one");
    streams++;
    reply.hijack();
    const stream = reply.raw;
    stream.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    stream.write(": connected\n\n");
    // A reader that does not read is cut off rather than buffered for.
    const write = (text: string) => {
      if (!stream.write(text)) stream.destroy();
    };
    const unlisten = running.listen((event) => write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
    const keepalive = setInterval(() => write(": alive\n\n"), KEEPALIVE_MS);
    stream.on("close", () => {
      streams--;
      clearInterval(keepalive);
      unlisten();
    });
  });
}
