// The capacity planner: what a plan asks for at its peak, how many agents that takes, and which limit breaks first.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { capacityFor, type Machines } from "../../node/cli/capacity.ts";
import { cli } from "../../node/cli/cli.ts";
import { type Demand, peakDemand } from "../../node/cli/demand.ts";
import { parsePlan } from "../../node/plan/parse.ts";
import type { Plan } from "../../node/plan/types.ts";
import { FakeIo } from "./fake-io.ts";

const folder = mkdtempSync(join(tmpdir(), "loadswarm-capacity-"));
after(() => rmSync(folder, { recursive: true }));

const get = { get: "/" };

function planOf(scenarios: object): Plan {
  const parsed = parsePlan(JSON.stringify({ name: "p", target: "http://10.0.0.1", scenarios }));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.plan;
}

describe("demand at the peak", () => {
  const constant = (rate: number, more: object = {}) => ({ executor: "constant-arrival-rate", rate, duration: "10s", flow: [get], ...more });
  const cases: readonly [string, object, Partial<Demand>][] = [
    ["of a constant rate", { a: constant(50) }, { iterationsPerSecond: 50, requestsPerSecond: 50, connections: 5 }],
    ["with several requests an iteration", { a: constant(50, { flow: [get, { think: "1s" }, { get: "/2" }] }) }, { iterationsPerSecond: 50, requestsPerSecond: 100 }],
    ["of scenarios that overlap", { a: constant(50), b: constant(30, { startTime: "5s" }) }, { requestsPerSecond: 80, atMs: 5000 }],
    ["of scenarios that follow each other", { a: constant(50), b: constant(30, { startTime: "10s" }) }, { requestsPerSecond: 50, atMs: 0 }],
    [
      "of a ramp that goes up and down",
      { a: { executor: "ramping-arrival-rate", startRate: 0, stages: [{ duration: "10s", target: 400 }, { duration: "10s", target: 0 }], flow: [get] } },
      { requestsPerSecond: 400, atMs: 10_000 },
    ],
    ["of virtual users, who wait for answers and think", { a: { executor: "constant-vus", vus: 20, duration: "1m", flow: [get, { think: "900ms" }] } }, { requestsPerSecond: 20, connections: 2 }],
    ["of a ramp of virtual users", { a: { executor: "ramping-vus", startVUs: 0, stages: [{ duration: "10s", target: 40 }], flow: [get, { think: "900ms" }] } }, { requestsPerSecond: 40 }],
    ["of connections that are closed", { a: constant(50, { http: { close: "close" } }) }, { closedPerSecond: 50 }],
    ["of connections that are reset: they leave no port behind", { a: constant(50, { http: { close: "rst" } }) }, { closedPerSecond: 0 }],
  ];
  for (const [name, scenarios, expected] of cases) {
    it(name, () => {
      const demand = peakDemand(planOf(scenarios), 100);
      for (const [key, value] of Object.entries(expected)) {
        const actual = demand[key as keyof Demand];
        assert.ok(Math.abs(actual - value) < 0.01, `${key} is ${actual}, not ${value}`);
      }
    });
  }
});

describe("capacity", () => {
  const machines: Machines = {
    nodeCores: 16, nodes: null, requestsPerCore: 10_000, targetAddresses: 1, exchangeBytes: 1000, nodeGbps: 10, ports: 64_512, conntrack: 262_144,
  };
  const demand: Demand = { iterationsPerSecond: 6e6, requestsPerSecond: 6e6, connections: 120_000, closedPerSecond: 0, atMs: 0 };

  it("six million requests per second on 200 nodes are a fifth of what their load threads can do", () => {
    const { agents, workers, perAgent, fits, limits } = capacityFor(demand, { ...machines, nodes: 200 });
    assert.deepEqual([agents, workers, perAgent.requestsPerSecond, perAgent.connections, fits], [200, 15, 30_000, 600, true]);
    assert.deepEqual([limits[0]!.name, limits[0]!.used], ["requests per second of the load threads", 0.2]);
  });

  it("as many agents as it takes leave every limit headroom, and one fewer does not", () => {
    const { agents, limits } = capacityFor(demand, machines);
    const worst = (nodes: number) => capacityFor(demand, { ...machines, nodes }).limits[0]!.used;
    assert.ok(limits.every(({ used }) => used <= 0.7));
    assert.ok(worst(agents - 1) > 0.7);
  });

  it("never fewer than three agents", () => {
    assert.equal(capacityFor({ ...demand, requestsPerSecond: 1, connections: 1 }, machines).agents, 3);
  });

  const breaking: readonly [string, Partial<Demand>, Partial<Machines>, RegExp][] = [
    ["a connection per request: the ports of one target address", { closedPerSecond: 6e6 }, {}, /^local ports/],
    ["the same to many addresses: the conntrack table", { closedPerSecond: 6e6 }, { targetAddresses: 100 }, /^conntrack/],
    ["a thin network", {}, { nodeGbps: 0.1 }, /^megabits/],
    ["slow load threads", {}, { requestsPerCore: 100 }, /^requests per second/],
    ["slow answers", { connections: 6e7 }, { targetAddresses: 100 }, /^iterations in flight/],
  ];
  for (const [name, more, less, first] of breaking) {
    it(`${name} breaks first, and the plan does not fit`, () => {
      const capacity = capacityFor({ ...demand, ...more }, { ...machines, nodes: 200, ...less });
      assert.match(capacity.limits[0]!.name, first);
      assert.equal(capacity.fits, false);
    });
  }

  it("of thousands of agents writes fewer series each", () => {
    assert.equal(capacityFor(demand, { ...machines, nodes: 200 }).metrics.samplesPerSecond, 10_000);
    assert.equal(capacityFor(demand, { ...machines, nodes: 1000 }).metrics.seriesPerAgent, 100);
  });
});

describe("loadswarm plan-capacity", () => {
  async function run(rate: number, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const file = join(folder, "plan.yaml");
    const hits = { executor: "constant-arrival-rate", rate, duration: "10s", flow: [get] };
    writeFileSync(file, JSON.stringify({ name: "p", target: "http://10.0.0.1", scenarios: { hits } }));
    const io = new FakeIo();
    const code = await cli(["plan-capacity", file, ...args], io);
    return { code, out: io.stdout.text, err: io.stderr.text };
  }

  it("says in words what is needed and what breaks first", async () => {
    const { code, out } = await run(6_000_000, "--node-cores", "16", "--nodes", "200", "--latency", "20ms");
    assert.equal(code, 0);
    assert.match(out, /200 agents of 15 load threads, on nodes of 16 cores/);
    assert.match(out, /each {2}30,000 requests\/s, 600 connections, 240 Mbit\/s/);
    assert.match(out, /first to break: requests per second of the load threads, at 5 times this rate/);
  });

  it("exits with 111 and names the limits when it does not fit", async () => {
    const { code, out } = await run(6_000_000, "--nodes", "10");
    assert.equal(code, 111);
    assert.match(out, /does not fit: requests per second of the load threads/);
  });

  it("--json prints the same as one object", async () => {
    const { out } = await run(1000, "--json");
    const { demand, agents, limits } = JSON.parse(out);
    assert.deepEqual([demand.requestsPerSecond, agents, limits.length], [1000, 3, 7]);
  });

  it("refuses nodes without cores", async () => {
    const { code, err } = await run(1, "--node-cores", "0");
    assert.equal(code, 104);
    assert.match(err, /--node-cores/);
  });
});
