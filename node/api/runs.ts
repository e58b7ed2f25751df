// Routes about runs and members: publish, list, summary, stop.

import type { FastifyInstance } from "fastify";
import type { Agent, Published } from "../agent/agent.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { timeText } from "../plan/time-text.ts";
import { MAX_PLAN_BYTES } from "../wire/plan-hash.ts";
import { hitsPlan } from "./hits.ts";

const RUN_PARAMS = { type: "object", properties: { run: { type: "string", maxLength: 200 } } } as const;
const PUBLISH_HEADERS = {
  type: "object",
  properties: {
    "idempotency-key": { type: "string", maxLength: 200 },
    "loadswarm-permit": { type: "string", maxLength: 400, description: "by an operator, where they are asked" },
  },
} as const;

export function runRoutes(
  server: FastifyInstance,
  agent: () => Agent,
  env: Readonly<Record<string, string | undefined>>,
): void {
  server.post(
    "/api/v1/runs",
    {
      schema: {
        summary: "Publish a plan (YAML or JSON); the swarm runs it",
        headers: PUBLISH_HEADERS,
      },
    },
    async (request, reply) => {
      const text = typeof request.body === "string" ? request.body : "";
      if (text.trim() === "") throw new LoadswarmError("USAGE", "the request has no plan in its body", "send YAML or JSON");
      if (Buffer.byteLength(text) > MAX_PLAN_BYTES) {
        throw new LoadswarmError("PLAN_TOO_LARGE", "a plan may have 1 MiB at most", "shorten its data");
      }
      const header = (name: string) => (typeof request.headers[name] === "string" && request.headers[name]) || null;
      const published = await agent().publish(text, header("idempotency-key"), header("loadswarm-permit"));
      if (!published.ok) return reply.code(422).send({ error: "the plan has faults", faults: published.faults });
      return reply.code(201).send(publishedBody(agent(), published));
    },
  );

  server.get("/api/v1/runs", { schema: { summary: "Runs this swarm knows, latest first" } }, async () => ({
    runs: agent().runs(),
  }));

  server.get<{ Params: { run: string } }>(
    "/api/v1/runs/:run",
    { schema: { summary: "Summary of a run, live or final, gathered from the whole swarm", params: RUN_PARAMS } },
    async (request) => agent().summary(request.params.run),
  );

  server.post<{ Params: { run: string } }>(
    "/api/v1/runs/:run/stop",
    { schema: { summary: "Stop a run", params: RUN_PARAMS } },
    async (request) => ({ stopped: await agent().stop(request.params.run) }),
  );

  server.post("/api/v1/stop", { schema: { summary: "Stop every run" } }, async () => ({
    stopped: await agent().stop("all"),
  }));

  server.get("/api/v1/members", { schema: { summary: "Who is in the swarm, and what share each carries" } }, async () => {
    const members = agent().members();
    return { self: agent().member, view: { members: members.length }, members };
  });

  const swarm = "What permits call this swarm, and whether this agent asks for them";
  server.get("/api/v1/swarm", { schema: { summary: swarm } }, async () => ({
    swarm: agent().swarm,
    asksOperators: agent().asksOperators,
  }));

  server.post("/tests", { schema: { summary: "So many hits per second against LOADSWARM_TARGET_URL" } }, async (request, reply) => {
    const { plan, parameters } = hitsPlan(String(request.body ?? ""), env["LOADSWARM_TARGET_URL"]);
    const published = await agent().publish(plan, null);
    if (!published.ok) return reply.code(422).send({ error: "the parameters have faults", faults: published.faults });
    const message = `${parameters.hits_per_sec} hits per second for ${parameters.duration_sec} s`;
    return reply.code(202).send({ test_id: published.run.spec.id, message, parameters });
  });
}

function publishedBody(agent: Agent, { run }: Extract<Published, { ok: true }>): object {
  return {
    run: run.spec.id,
    plan: run.spec.plan.name,
    startsAt: timeText(run.control.startAtMs),
    members: agent.members().length,
    acceptedBy: agent.member,
  };
}
