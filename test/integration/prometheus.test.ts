// Three agents into a real Prometheus that dies for some seconds in the middle of the run: what it knows in the end is what
// the swarm says itself, and every query of every panel has an answer.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DASHBOARDS } from "../../dashboards/main.ts";
import { type AgentProcess, AgentProcesses, untilMembers } from "../../node/cli/spawn-agents.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { HEALTH_METERS, METERS, RUN_METERS, SWARM_METERS } from "../../node/metrics/meters.ts";
import { pushedInto } from "../support/gaps.ts";
import { annotationsOf, queriesOf, resolve } from "../dashboards/queries.ts";
import { Prometheus, prometheusMissing } from "../support/prometheus.ts";

const AGENTS = 3;
const RATE = 240;
const SECONDS = 12;
/** Seconds of the run between which there is no Prometheus. */
const DOWN_AT = 4;
const UP_AT = 7;
const SCENARIO = "browse";
const STEPS = ["search", "missing"];
/** Of another scenario: connections that break, and virtual users who are too few for what is due. */
const CROWDED_RATE = 15;
/** Two of a hundred requests take so long: the 99th percentile lies among them. */
const BROKEN_AFTER_MS = 300;
/** How often agents push. */
const INTERVAL_S = 1;

const skip = process.env["CI"] === undefined && prometheusMissing !== null ? prometheusMissing : false;

describe("three agents and Prometheus", { skip }, () => {
  const processes = new AgentProcesses();
  let agents: AgentProcess[] = [];
  let prometheus: Prometheus;
  let target: Server;
  let startS = 0;
  let summary: Summary;
  /** Counters and gauges as they stood at the end of the run, seconds since the epoch. */
  let endS = 0;

  const run = () => `run_id="${summary.run}"`;
  const total = (name: string, more = "") => prometheus.number(`sum(max_over_time(${name}{${run()}${more}}[5m]))`);

  async function get<T>(path: string): Promise<T> {
    const response = await fetch(`${agents[0]!.apiUrl}${path}`);
    assert.equal(response.status, 200, path);
    return (await response.json()) as T;
  }

  async function play(): Promise<void> {
    const flow = STEPS.map((name) => ({ get: `/${name}`, name, expect: { status: 200 } }));
    const common = { executor: "constant-arrival-rate", duration: `${SECONDS}s` };
    const scenarios = {
      [SCENARIO]: { ...common, rate: RATE, flow },
      crowded: { ...common, rate: CROWDED_RATE, maxVUs: AGENTS, flow: [{ get: "/broken", name: "broken" }] },
    };
    const { port } = target.address() as AddressInfo;
    const thresholds = { http_req_duration: ["p(95)<10000"] };
    const plan = { name: "prometheus", target: `http://127.0.0.1:${port}`, scenarios, thresholds };
    const published = await fetch(`${agents[0]!.apiUrl}/api/v1/runs`, { method: "POST", body: JSON.stringify(plan) });
    assert.equal(published.status, 201);
    const { run: id, startsAt } = (await published.json()) as { run: string; startsAt: string };
    startS = Date.parse(startsAt) / 1000;
    const untilSecond = (second: number) => sleep(Math.max(0, (startS + second) * 1000 - Date.now()));
    await untilSecond(DOWN_AT);
    await prometheus.kill();
    await untilSecond(UP_AT);
    await prometheus.restart();
    await untilSecond(SECONDS);
    for (;;) {
      summary = await get<Summary>(`/api/v1/runs/${id}`);
      if (summary.state !== "running") break;
      await sleep(200);
    }
    // Until the last numbers have arrived; a sender that lost some would wait here in vain, and the tests say what is missing.
    for (let tries = 0; tries < 60; tries++) {
      if ((await total(RUN_METERS.requests.name)) >= summary.requests.total) break;
      await sleep(250);
    }
    endS = Date.now() / 1000;
  }

  before(async () => {
    assert.equal(prometheusMissing, null, "CI must have prometheus");
    prometheus = await Prometheus.start();
    // Answers after 20 to 120 ms, evenly: quantiles that do not hang on a single request.
    let k = 0;
    target = createServer((request, response) => {
      const waitMs = 20 + 100 * ((k++ * 0.6180339887498949) % 1);
      if (request.url === "/broken") setTimeout(() => response.destroy(), BROKEN_AFTER_MS);
      else setTimeout(() => response.writeHead(request.url === "/search" ? 200 : 404).end("ok"), waitMs);
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    const env = { ...process.env, LOADSWARM_REMOTE_WRITE_URL: `${prometheus.url}/api/v1/write` };
    const flags = ["--workers", "1", "--zone", "z-1", "--node", "n-1", "--remote-write-interval", `${INTERVAL_S}s`];
    const first = await processes.start({ env, name: "agent-1", join: [], flags });
    const rest = [2, 3].map((i) => processes.start({ env, name: `agent-${i}`, join: [first.listen], flags }));
    agents = [first, ...(await Promise.all(rest))];
    await untilMembers(agents[0]!.apiUrl, AGENTS, 10_000);
    await play();
  });

  after(async () => {
    await processes.end();
    target?.closeAllConnections();
    await new Promise((resolve) => target?.close(resolve));
    await prometheus?.stop();
  });

  it("totals are the summary's, exactly", async () => {
    const { iterations, requests, status } = summary;
    assert.ok(requests.total > RATE * SECONDS);
    assert.equal(await total(RUN_METERS.requests.name), requests.total);
    assert.equal(await total(RUN_METERS.requests.name, `,outcome="fail"`), requests.failed);
    assert.equal(await total(RUN_METERS.requests.name, `,status_class="2xx"`), status["200"]);
    assert.equal(await total(RUN_METERS.requests.name, `,status_class="4xx",request="missing"`), status["404"]);
    assert.equal(await total(RUN_METERS.iterations.name), iterations.started);
    assert.equal(await total(RUN_METERS.iterationsCompleted.name), iterations.completed);
    assert.equal(await total(RUN_METERS.sentBytes.name), requests.bytesSent);
    assert.equal(await total(RUN_METERS.receivedBytes.name), requests.bytesReceived);
    assert.equal(
      await total(RUN_METERS.errors.name),
      summary.errors.reduce((sum, { count }) => sum + count, 0),
    );
    assert.equal(await total(RUN_METERS.iterationsDropped.name, `,reason="max_vus"`), iterations.dropped["max_vus"]);
    const { count } = summary.metrics["http_req_duration"]!;
    assert.equal(
      await prometheus.number(`histogram_count(sum(${RUN_METERS.requestDuration.name}{${run()}}))`, endS),
      count,
    );
  });

  it("the rate is the plan's within 2 %, also over the time when Prometheus was away", async () => {
    const { iterations, iterationsDropped } = RUN_METERS;
    const over = (name: string) =>
      prometheus.number(`sum(rate(${name}{${run()},scenario="${SCENARIO}"}[8s]))`, startS + SECONDS - 2);
    const dropped = await over(iterationsDropped.name);
    const rate = (await over(iterations.name)) + (Number.isNaN(dropped) ? 0 : dropped);
    assert.ok(Math.abs(rate / RATE - 1) <= 0.02, `${rate} per second`);
    const wanted = await prometheus.number(`sum(${RUN_METERS.targetRate.name}{${run()}})`, startS + SECONDS - 2);
    assert.ok(Math.abs(wanted / (RATE + CROWDED_RATE) - 1) <= 0.001, `${wanted} per second wanted`);
  });

  it("requests are in flight while the run is on, as many as rate and duration make, and none after it", async () => {
    const inFlight = (at: number) => prometheus.number(`sum(${SWARM_METERS.requestsInFlight.name})`, at);
    const during = await prometheus.range(`sum(${SWARM_METERS.requestsInFlight.name})`, startS + UP_AT + 1, startS + SECONDS - 1, 1);
    // By Little's law, 240 times two requests of 70 ms: 34. An instant is not the mean.
    const mean = during[0]!.values!.reduce((sum, [, text]) => sum + Number(text), 0) / during[0]!.values!.length;
    assert.ok(mean > 10 && mean < 100, `${mean} requests`);
    assert.equal(await inFlight(endS), 0);
  });

  it("quantiles are the summary's within 2 %", async () => {
    const trend = summary.metrics["http_req_duration"]!;
    for (const [q, expected] of [
      [0.5, trend.med],
      [0.9, trend["p(90)"]],
      [0.95, trend["p(95)"]],
      [0.99, trend["p(99)"]],
    ] as const) {
      const query = `histogram_quantile(${q}, sum(rate(${RUN_METERS.requestDuration.name}{${run()}}[1m])))`;
      const ms = 1000 * (await prometheus.number(query, endS));
      assert.ok(Math.abs(ms / expected - 1) <= 0.02, `q ${q}: ${ms} ms instead of ${expected} ms`);
    }
  });

  it("no counter has a gap where Prometheus was away, and nothing was dropped", async () => {
    const { pushes, missing, counters, gaps } = await pushedInto(prometheus, SECONDS, startS + SECONDS);
    assert.equal(pushes.size, AGENTS);
    for (const [agent, times] of pushes) {
      const missed = times.filter((at) => at > startS + DOWN_AT && at < startS + UP_AT);
      assert.ok(missed.length >= (UP_AT - DOWN_AT) / INTERVAL_S - 1, `${agent}: ${missed.length} pushes of the outage arrived`);
    }
    assert.ok(counters >= AGENTS * 20, `${counters} counters`);
    assert.deepEqual([missing, gaps], [[], []]);
    const lost = `sum(loadswarm_remote_write_samples_total{result=~"rejected|expired"})`;
    assert.equal(await prometheus.number(lost), 0);
  });

  it("every meter is there under its name, and no other", async () => {
    const names = await prometheus.query(
      `count by(__name__)(last_over_time({job="loadswarm"}[1m]) or ({job="loadswarm"}))`,
      endS,
    );
    const known = new Set(METERS.map(({ name }) => name));
    const found = new Set(names.map(({ metric }) => metric["__name__"]!));
    assert.deepEqual(
      [...found].filter((name) => !known.has(name)),
      [],
    );
    assert.ok(found.has(SWARM_METERS.share.name) && found.has(RUN_METERS.requestDuration.name));
    const instances = await prometheus.query(`${SWARM_METERS.agentInfo.name}{node="n-1",zone="z-1"}`, endS);
    assert.deepEqual(instances.map(({ metric }) => metric["instance"]).sort(), ["agent-1", "agent-2", "agent-3"]);
    assert.equal(await prometheus.number(`sum(${SWARM_METERS.share.name})`, endS), 1);
    const frames = (direction: string) =>
      prometheus.number(`sum(${SWARM_METERS.gossipMessages.name}{topic="frames",direction="${direction}"})`, endS);
    assert.ok((await frames("in")) > AGENTS * SECONDS && (await frames("out")) > AGENTS * SECONDS);
  });

  it("news of the run reached the agents that did not publish it, and each heard the same", async () => {
    const { gossipDelivery, gossipPeers } = SWARM_METERS;
    assert.equal(await prometheus.number(`histogram_count(sum(${gossipDelivery.name}))`, endS), AGENTS - 1);
    assert.ok((await prometheus.number(`histogram_sum(sum(${gossipDelivery.name}))`, endS)) < 2 * (AGENTS - 1));
    assert.equal(await prometheus.number(`min(${gossipPeers.name}{kind="topic"})`, endS), AGENTS - 1);
    const words = await prometheus.query(`count_values("word", ${RUN_METERS.planVersion.name}{${run()}})`, startS + SECONDS - 1);
    assert.deepEqual(words.map(({ value }) => value![1]), [String(AGENTS)]);
  });

  for (const [name, build] of Object.entries(DASHBOARDS)) {
    it(`dashboard ${name}: every query of every panel has finite values`, async () => {
      const variables = {
        run_id: summary.run,
        base: summary.run,
        shift: "1",
        window: "8s",
        step: "4s",
        __rate_interval: "5s",
        __range: "1m",
      };
      for (const { panel, type, expr } of queriesOf(build())) {
        const query = resolve(expr, variables);
        const isNow = type === "stat" || type === "table";
        // While the run was on, and Prometheus as well; numbers and tables are of the whole of it.
        const results = isNow
          ? await prometheus.query(query, startS + SECONDS)
          : await prometheus.range(query, startS + UP_AT + 2, startS + SECONDS, 1);
        // Where no cgroup bounds the CPU, nothing can be denied.
        if (!query.includes(HEALTH_METERS.cpuThrottled.name))
          assert.ok(results.length > 0, `${panel}: nothing for ${query}`);
        for (const { value, values = [], histograms = [] } of results) {
          const numbers = [...(value === undefined ? [] : [value]), ...values].map(([, text]) => Number(text));
          assert.equal(histograms.length > 0, type === "heatmap", `${panel}: ${query}`);
          assert.ok(numbers.length + histograms.length > 0, `${panel}: no values for ${query}`);
          for (const number of numbers) assert.ok(Number.isFinite(number), `${panel}: ${number} for ${query}`);
        }
      }
    });
  }

  it("annotations: the run and the agents that came are marked, and nobody crashed", async () => {
    const marks = annotationsOf(DASHBOARDS["run-overview"]!());
    const found = await Promise.all(
      marks.map(
        async ({ panel, expr }) => [panel, (await prometheus.range(expr, startS - 20, endS, 1)).length > 0] as const,
      ),
    );
    const happened = found.filter(([, isMarked]) => isMarked).map(([name]) => name);
    for (const name of ["Published", "Started and ended"]) assert.ok(happened.includes(name), happened.join(", "));
    for (const name of ["Crashed", "Stopped"]) assert.ok(!happened.includes(name), happened.join(", "));
  });

  it("one that leaves ends its series itself", async () => {
    const alive = () => prometheus.query(`{job="loadswarm",instance="agent-3"}`);
    assert.ok((await alive()).length > 20);
    await agents[2]!.leave();
    assert.deepEqual(await alive(), []);
  });

  it("an agent that crashed is gone from every gauge 15 seconds later, as the dashboards ask for them", async () => {
    const gauges = METERS.filter(({ type }) => type === "gauge");
    const alive = async (name: string, at: number) =>
      (await prometheus.query(`last_over_time(${name}{instance="agent-2"}[15s])`, at)).length;
    agents[1]!.kill();
    // What was on its way has arrived; from now on nothing more comes of it.
    await sleep(500);
    const killedS = Date.now() / 1000;
    const before = await Promise.all(gauges.map(({ name }) => alive(name, killedS)));
    assert.ok(before.filter((count) => count > 0).length > 10, "its gauges were there");
    const after = await Promise.all(gauges.map(({ name }) => alive(name, killedS + 15)));
    assert.deepEqual(gauges.filter((_, i) => after[i] !== 0).map(({ name }) => name), []);
    // Without the window it would be there for minutes.
    const naive = await prometheus.query(`${SWARM_METERS.agentInfo.name}{instance="agent-2"}`, killedS + 15);
    assert.equal(naive.length, 1);
  });
});
