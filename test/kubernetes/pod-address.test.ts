// Where a pod listens, by its template, whatever kind of address it has: agents there find each other by DNS, answer their
// probes, and run a plan against a target of that kind.

import assert from "node:assert/strict";
import { getServers, setServers } from "node:dns/promises";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServedAgent, startAgent } from "../../node/api/start.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { configOf } from "../agent/support.ts";
import { NameServer } from "../support/dns.ts";
import { POD } from "./container.ts";
import type { Fields } from "./manifest.ts";

const NAME = "loadswarm.loadswarm.svc.cluster.local";
const REQUESTS = 20;

/** A variable of the template for a pod with this address, at another port: a machine has one of each. */
function place(variable: string, ip: string, port: number): string {
  const { value } = POD["containers"][0].env.find(({ name }: Fields) => name === variable);
  return value.replace("$(POD_IP)", ip).replace(/\d+$/, String(port));
}

async function freePort(ip: string): Promise<number> {
  const server = createServer().listen(0, ip);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function until<T>(look: () => Promise<T | null>): Promise<T> {
  for (let tries = 0; tries < 600; tries++, await sleep(50)) {
    const found = await look();
    if (found !== null) return found;
  }
  throw new Error("it never came to that");
}

const ask = async <T>(agent: ServedAgent, path: string, init: RequestInit = {}): Promise<T> =>
  (await (await fetch(agent.apiUrl + path, init)).json()) as T;

for (const ip of ["127.0.0.1", "::1"]) {
  describe(`a pod with the address ${ip}`, () => {
    it("listens there, is found by DNS, answers its probes and does its part of a run", async () => {
      const resolvers = getServers();
      const dns = await NameServer.start(NAME, "127.0.0.1");
      dns.addresses = [ip];
      setServers([`127.0.0.1:${dns.port}`]);
      let hits = 0;
      const target = createHttpServer((_, answer) => answer.end(String(hits++))).listen(0, ip);
      await once(target, "listening");
      const port = await freePort(ip);
      const agents: ServedAgent[] = [];
      try {
        for (const listen of [port, 0]) {
          const doors = { listen: place("LOADSWARM_LISTEN", ip, listen), health: place("LOADSWARM_HEALTH", ip, 0) };
          agents.push(await startAgent(configOf({ ...doors, joinDns: [`${NAME}.:${port}`], allowTargets: [ip] })));
        }
        const [first, second] = agents as [ServedAgent, ServedAgent];
        await until(async () => {
          const { members } = await ask<{ members: { share: number }[] }>(second, "/api/v1/members");
          return members.length === 2 && members.every(({ share }) => share === 0.5) ? members : null;
        });
        const host = ip.includes(":") ? `[${ip}]` : ip;
        for (const { healthUrl } of agents) {
          assert.ok(healthUrl!.startsWith(`http://${host}:`));
          assert.equal((await fetch(`${healthUrl}/readyz`)).status, 200);
        }
        const all = { executor: "constant-arrival-rate", rate: REQUESTS, duration: "1s", flow: [{ get: "/", name: "all" }] };
        const plan = { name: "p", target: `http://${host}:${(target.address() as AddressInfo).port}`, scenarios: { all } };
        const { run } = await ask<{ run: string }>(first, "/api/v1/runs", { method: "POST", body: JSON.stringify(plan) });
        const summary = await until(async () => {
          const now = await ask<Summary>(second, `/api/v1/runs/${run}`);
          return now.state === "finished" ? now : null;
        });
        assert.deepEqual([summary.iterations.scheduled, summary.requests.total, summary.agents.reported], [REQUESTS, hits, 2]);
        assert.ok(hits > 0);
      } finally {
        setServers(resolvers);
        for (const agent of agents.reverse()) await agent.leave();
        target.close();
        target.closeAllConnections();
        await dns.stop();
      }
    });
  });
}
