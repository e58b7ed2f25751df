// Agents with their API on a mesh: they find each other and answer alike; ports in use are named.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { after, before, describe, it } from "node:test";
import { type ServedAgent, startAgent } from "../../node/api/start.ts";
import { configOf } from "../agent/support.ts";

async function get(url: string | null): Promise<any> {
  return (await fetch(url!)).json();
}

async function untilTwo(agent: ServedAgent): Promise<any> {
  for (let tries = 0; tries < 1000; tries++) {
    const answer = await get(`${agent.apiUrl}/api/v1/members`);
    if (answer.members.length === 2 && answer.members.every((member: { share: number }) => member.share === 0.5)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("the agents did not find each other");
}

describe("two agents", () => {
  const agents: ServedAgent[] = [];

  before(async () => {
    agents.push(await startAgent(configOf({ name: "one", listen: "127.0.0.1:0" })));
    const [, , host, , port] = agents[0]!.agent.addresses[0]!.split("/");
    agents.push(await startAgent(configOf({ name: "two", zone: "z", listen: "127.0.0.1:0", join: [`${host}:${port}`] })));
  });

  after(() => Promise.all(agents.map((agent) => agent.leave())));

  it("know each other's name, zone and API, and carry half each", async () => {
    const [a, b] = [await untilTwo(agents[0]!), await untilTwo(agents[1]!)];
    assert.deepEqual(a.members, b.members);
    assert.notEqual(a.self, b.self);
    const two = a.members.find((member: { name: string }) => member.name === "two");
    assert.deepEqual(two, { id: b.self, name: "two", zone: "z", state: "alive", weight: 1, share: 0.5, api: agents[1]!.apiUrl });
  });

  it("a run published to one is known to the other, which can stop it", async () => {
    const hits = { executor: "constant-arrival-rate", rate: 1, duration: "1s", flow: [{ get: "/" }] };
    const plan = JSON.stringify({ name: "p", target: "http://127.0.0.1:9", start: { minAgents: 3 }, scenarios: { hits } });
    const published = await fetch(`${agents[0]!.apiUrl}/api/v1/runs`, { method: "POST", body: plan });
    const { run, members } = (await published.json()) as { run: string; members: number };
    assert.equal(members, 2);
    let known: string[] = [];
    for (let tries = 0; tries < 1000 && !known.includes(run); tries++) {
      known = (await get(`${agents[1]!.apiUrl}/api/v1/runs`)).runs.map((one: { run: string }) => one.run);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const stop = await fetch(`${agents[1]!.apiUrl}/api/v1/runs/${run}/stop`, { method: "POST" });
    assert.deepEqual(await stop.json(), { stopped: [run] });
  });

  it("who leaves is told of as an event, and its API answers no more", async () => {
    const left = new Promise<string>((resolve) => {
      agents[0]!.agent.listen((event) => {
        if (event.type === "left") resolve(event.name);
      });
    });
    const two = agents.pop()!;
    await two.leave();
    assert.equal(await left, "two");
    await assert.rejects(fetch(`${two.apiUrl}/livez`));
  });
});

describe("a port in use", () => {
  let taken: Server;
  let at = "";

  before(async () => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    at = `127.0.0.1:${(taken.address() as { port: number }).port}`;
  });

  after(() => new Promise((resolve) => taken.close(resolve)));

  it("for the API: ADDRESS_IN_USE, and the flag that chooses another", async () => {
    await assert.rejects(startAgent(configOf({ api: at })), {
      code: "ADDRESS_IN_USE",
      message: `cannot serve the API on ${at}: the address is in use`,
      hint: /--api/,
    });
  });

  it("for other agents: likewise, and the API that was up already is closed again", async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
    const api = `127.0.0.1:${(free.address() as { port: number }).port}`;
    await new Promise((resolve) => free.close(resolve));
    await assert.rejects(startAgent(configOf({ api, listen: at })), {
      code: "ADDRESS_IN_USE",
      message: `cannot listen for agents on ${at}: the address is in use`,
      hint: /--listen/,
    });
    await assert.rejects(fetch(`http://${api}/livez`));
  });
});

describe("probes on a port of their own", () => {
  it("answer for the agent, and take no command", async () => {
    const served = await startAgent(configOf({ health: "127.0.0.1:0" }));
    try {
      for (const path of ["/livez", "/readyz", "/healthz"]) assert.equal((await get(`${served.healthUrl}${path}`)).ok, true, path);
      assert.match(await (await fetch(`${served.healthUrl}/metrics`)).text(), /^loadswarm_swarm_members\{state="alive"\} 1$/m);
      const { paths } = await get(`${served.apiUrl}/api/v1/openapi.json`);
      const others = Object.keys(paths).filter((path) => !["/livez", "/readyz", "/healthz", "/metrics"].includes(path));
      assert.ok(others.length >= 8);
      for (const path of others) {
        for (const method of Object.keys(paths[path])) {
          const url = `${served.healthUrl}${path.replace("{run}", "x")}`;
          assert.equal((await fetch(url, { method })).status, 404, `${method} ${path}`);
        }
      }
    } finally {
      await served.leave();
    }
    await assert.rejects(fetch(`${served.healthUrl}/livez`));
  });

  it("whose port is in use end the start, and close the API again", async () => {
    const first = await startAgent(configOf({ health: "127.0.0.1:0" }));
    const health = new URL(first.healthUrl!).host;
    try {
      await assert.rejects(startAgent(configOf({ health })), { code: "ADDRESS_IN_USE", hint: /--health/ });
    } finally {
      await first.leave();
    }
  });
});

describe("without an API", () => {
  it("an agent starts and leaves, and has no URL", async () => {
    const served = await startAgent(configOf({ api: null }));
    assert.equal(served.apiUrl, null);
    await served.leave();
  });
});
