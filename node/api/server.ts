// The HTTP API of an agent: DESIGN contract /api/v1, health, metrics. Every agent answers the same.

import swagger from "@fastify/swagger";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import fastify, { type FastifyError, type FastifyInstance } from "fastify";
import type { Agent } from "../agent/agent.ts";
import { isLoopback } from "../agent/config.ts";
import type { HostPort } from "../mesh/discovery.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { MAX_PLAN_BYTES } from "../wire/plan-hash.ts";
import { eventRoutes } from "./events.ts";
import { frontRoute, healthRoutes } from "./health.ts";
import { runRoutes } from "./runs.ts";

/** The agent, once it is up; requests that come earlier are told to come again. */
export type AgentSource = () => Agent | null;

/** Room for a plan in JSON whose every character is escaped. */
const BODY_LIMIT_BYTES = 2 * MAX_PLAN_BYTES;

const STATUS_OF: Readonly<Record<string, number>> = { RUN_UNKNOWN: 404, PLAN_INVALID: 422, PLAN_TOO_LARGE: 413, USAGE: 400, KEY_MISSING: 403 };

/** Listens; returns the server and its origin as bound. Throws ADDRESS_IN_USE. */
export async function serveApi(
  at: HostPort,
  agent: AgentSource,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ server: FastifyInstance; url: string }> {
  const server = newServer();
  // Plans come as YAML or JSON under many content types; the plan parser reads the text itself.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  server.addHook("onRequest", async (request, reply) => {
    if (isOwnPage(request.headers)) return;
    await reply.code(403).send({ error: "a page of another site may not command this agent; use the command line" });
  });
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "loadswarm agent", version: "1", description: "Any agent answers for the whole swarm." },
    },
  });
  const up = () => upOf(agent);
  await server.register(async (scope) => {
    runRoutes(scope, up, env);
    eventRoutes(scope, up);
    frontRoute(scope, up);
    healthRoutes(scope, up);
    scope.get("/api/v1/openapi.json", { schema: { summary: "This document" } }, async () => server.swagger());
  });
  await listen(server, at, "the API", "--api");
  return { server, url: originOf(server) };
}

/** Probes and metrics alone: a port that other machines may be let to. Throws ADDRESS_IN_USE. */
export async function serveHealth(at: HostPort, agent: AgentSource): Promise<{ server: FastifyInstance; url: string }> {
  const server = newServer();
  await server.register(async (scope) => healthRoutes(scope, () => upOf(agent)));
  await listen(server, at, "probes", "--health");
  return { server, url: originOf(server) };
}

function newServer(): FastifyInstance {
  const server = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  server.setErrorHandler((error: FastifyError | LoadswarmError, _request, reply) => {
    const { status, body } = errorAnswer(error);
    void reply.code(status).send(body);
  });
  server.setNotFoundHandler((request, reply) => {
    void reply.code(404).send({ error: `there is nothing at ${request.method} ${request.url}; see /api/v1/openapi.json` });
  });
  return server;
}

function upOf(agent: AgentSource): Agent {
  const running = agent();
  if (running === null) throw new LoadswarmError("UNREACHABLE", "the agent is still starting", "ask again in a moment");
  return running;
}

async function listen(server: FastifyInstance, at: HostPort, what: string, flag: string): Promise<void> {
  try {
    await server.listen({ host: at.host, port: at.port });
  } catch (cause) {
    const hint = `choose another one with ${flag} HOST:PORT, or port 0 for any that is free`;
    throw new LoadswarmError("ADDRESS_IN_USE", `cannot serve ${what} on ${at.host}:${at.port}: ${reasonOf(cause)}`, hint, cause);
  }
}

/**
 * Loopback keeps other machines out, but not the pages that a browser on this machine shows: another site's page names
 * itself in Origin, and one whose name was pointed at loopback (DNS rebinding) in Host.
 */
function isOwnPage({ host, origin }: IncomingHttpHeaders): boolean {
  const names = (url: string) => URL.canParse(url) && isLoopback(new URL(url).hostname.replace(/^\[(.*)\]$/, "$1"));
  return (host === undefined || names(`http://${host}`)) && (origin === undefined || names(origin));
}

function originOf(server: FastifyInstance): string {
  const address = server.server.address() as AddressInfo;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

function reasonOf(cause: unknown): string {
  const code = (cause as { code?: string }).code;
  if (code === "EADDRINUSE") return "the address is in use";
  if (code === "EADDRNOTAVAIL") return "no such local address";
  return cause instanceof Error ? cause.message : String(cause);
}

function errorAnswer(error: FastifyError | LoadswarmError): { status: number; body: object } {
  if (error instanceof LoadswarmError) {
    const status = error.code === "UNREACHABLE" ? 503 : (STATUS_OF[error.code] ?? 500);
    return { status, body: { error: error.message, code: error.code, hint: error.hint } };
  }
  const status = error.statusCode ?? 500;
  if (status === 413) return { status, body: { error: "a plan may have 1 MiB at most", code: "PLAN_TOO_LARGE" } };
  return { status, body: { error: error.message } };
}
