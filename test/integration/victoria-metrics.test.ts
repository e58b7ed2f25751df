// Two agents into a real VictoriaMetrics with classic histograms: it takes 2.0 for nothing and says so with a 204, so this is
// the fallback as well; what it knows in the end is what the swarm says itself.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DASHBOARDS } from "../../dashboards/main.ts";
import { type AgentProcess, AgentProcesses, untilMembers } from "../../node/cli/spawn-agents.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { CLASSIC_BOUNDS } from "../../node/metrics/classic-histogram.ts";
import { HEALTH_METERS, METERS, RUN_METERS } from "../../node/metrics/meters.ts";
import { parse, queriesOf, resolve } from "../dashboards/queries.ts";
import { VictoriaMetrics, victoriaMetricsMissing } from "../support/victoria-metrics.ts";

const RATE = 100;
const SECONDS = 5;
const HISTOGRAMS = new Set<string>(METERS.filter(({ type }) => type === "histogram").map(({ name }) => name));

const skip = process.env["CI"] === undefined && victoriaMetricsMissing !== null ? victoriaMetricsMissing : false;

describe("two agents and VictoriaMetrics", { skip }, () => {
  const processes = new AgentProcesses();
  let victoria: VictoriaMetrics;
  let target: Server;
  let agents: AgentProcess[] = [];
  let summary: Summary;
  let startS = 0;

  const run = () => `run_id="${summary.run}"`;
  const total = (name: string, more = "") => victoria.number(`sum(max_over_time(${name}{${run()}${more}}[5m]))`);

  async function play(): Promise<void> {
    const flow = ["one", "two"].map((name) => ({ get: `/${name}`, name, expect: { status: 200 } }));
    const scenarios = { browse: { executor: "constant-arrival-rate", rate: RATE, duration: `${SECONDS}s`, flow } };
    const plan = { name: "victoria", target: `http://127.0.0.1:${(target.address() as AddressInfo).port}`, scenarios };
    const api = `${agents[0]!.apiUrl}/api/v1/runs`;
    const published = await fetch(api, { method: "POST", body: JSON.stringify(plan) });
    assert.equal(published.status, 201);
    const { run: id, startsAt } = (await published.json()) as { run: string; startsAt: string };
    startS = Date.parse(startsAt) / 1000;
    await sleep(Math.max(0, (startS + SECONDS) * 1000 - Date.now()));
    for (;;) {
      summary = (await (await fetch(`${api}/${id}`)).json()) as Summary;
      if (summary.state !== "running") break;
      await sleep(200);
    }
    for (let tries = 0; tries < 60 && !((await total(RUN_METERS.requests.name)) >= summary.requests.total); tries++) await sleep(250);
  }

  before(async () => {
    assert.equal(victoriaMetricsMissing, null, "CI must have VictoriaMetrics");
    victoria = await VictoriaMetrics.start();
    let k = 0;
    target = createServer((_, response) => {
      const waitMs = 3 + 60 * ((k++ * 0.6180339887498949) % 1);
      setTimeout(() => response.writeHead(k % 50 === 0 ? 500 : 200).end("ok"), waitMs);
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    const env = { ...process.env, LOADSWARM_REMOTE_WRITE_URL: `${victoria.url}/api/v1/write` };
    const flags = ["--workers", "1", "--zone", "z-1", "--node", "n-1", "--remote-write-interval", "1s", "--remote-write-histograms", "classic"];
    const first = await processes.start({ env, name: "agent-1", join: [], flags });
    agents = [first, await processes.start({ env, name: "agent-2", join: [first.listen], flags })];
    await untilMembers(first.apiUrl, 2, 10_000);
    await play();
  });

  after(async () => {
    await processes.end();
    target?.closeAllConnections();
    await new Promise((resolve) => target?.close(resolve));
    await victoria?.stop();
  });

  it("totals are the summary's, exactly", async () => {
    assert.ok(summary.requests.total >= 2 * RATE * SECONDS * 0.9);
    assert.equal(await total(RUN_METERS.requests.name), summary.requests.total);
    assert.equal(await total(RUN_METERS.requests.name, `,outcome="fail"`), summary.requests.failed);
    assert.ok(summary.requests.failed > 0);
    assert.equal(await total(RUN_METERS.iterations.name), summary.iterations.started);
    assert.equal(await total(RUN_METERS.receivedBytes.name), summary.requests.bytesReceived);
  });

  it("histograms are classic ones: counts are exact, quantiles lie in the summary's bucket", async () => {
    const trend = summary.metrics["http_req_duration"]!;
    const name = RUN_METERS.requestDuration.name;
    assert.equal(await total(`${name}_count`), trend.count);
    assert.equal(await total(`${name}_bucket`, `,le="+Inf"`), trend.count);
    assert.ok(Math.abs((await total(`${name}_sum`)) / ((trend.avg * trend.count) / 1000) - 1) < 0.001);
    for (const [q, ms] of [[0.5, trend.med], [0.95, trend["p(95)"]], [0.99, trend["p(99)"]]] as const) {
      const seconds = await victoria.number(`histogram_quantile(${q}, sum by(le) (max_over_time(${name}_bucket{${run()}}[5m])))`);
      const above = CLASSIC_BOUNDS.findIndex((bound) => ms / 1000 <= bound * 1.006);
      assert.ok(seconds > (CLASSIC_BOUNDS[above - 1] ?? 0) * 0.994 && seconds <= CLASSIC_BOUNDS[above]! * 1.006, `q ${q}: ${seconds} s, not ${ms} ms`);
    }
    assert.deepEqual(await victoria.query(`${name}{${run()}}`), []);
  });

  it("nothing was rejected or dropped, and after the fallback all went out as 1.0", async () => {
    const pushes = await victoria.query(`sum by(code) (loadswarm_remote_write_requests_total)`);
    assert.deepEqual(pushes.map(({ metric }) => metric["code"]), ["204"]);
    assert.equal(await victoria.number(`sum(loadswarm_remote_write_samples_total{result=~"rejected|expired"})`), 0);
    assert.ok((await victoria.number(`sum(loadswarm_remote_write_samples_total{result="sent"})`)) > 100);
  });

  it("every query of every panel that asks for no histogram has finite values", async () => {
    const variables = { run_id: summary.run, base: summary.run, shift: "1", window: "4s", step: "2s", __rate_interval: "4s", __range: "1m" };
    // Nothing of these kinds happens here.
    const absent = /cpu_throttled|threshold_ok|iterations_dropped|errors_total/;
    for (const [name, build] of Object.entries(DASHBOARDS)) {
      for (const { panel, expr } of queriesOf(build())) {
        const query = resolve(expr, variables);
        if (absent.test(query) || parse(query).selectors.some(({ metric }) => HISTOGRAMS.has(metric))) continue;
        const results = await victoria.query(query, startS + SECONDS);
        assert.ok(results.length > 0, `${name}, ${panel}: nothing for ${query}`);
        for (const { value } of results) assert.ok(Number.isFinite(Number(value![1])), `${name}, ${panel}: ${value![1]} for ${query}`);
      }
    }
  });

  it("one that leaves ends its series itself", async () => {
    const alive = () => victoria.query(`${HEALTH_METERS.residentMemory.name}{instance="agent-2"}`);
    assert.equal((await alive()).length, 1);
    await agents[1]!.leave();
    assert.deepEqual(await alive(), []);
  });
});
