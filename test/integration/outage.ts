// `npm run outage -- --seconds 60`: three agents under load push into a real Prometheus that is killed for so long and started
// again. Prints what was promised and what came of it; exit code 1 if a promise was broken. Not part of `npm test`: it lasts a
// minute longer than the outage.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type AgentProcess, AgentProcesses, untilMembers } from "../../node/cli/spawn-agents.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { RUN_METERS, SWARM_METERS } from "../../node/metrics/meters.ts";
import { pushedInto } from "../support/gaps.ts";
import { Prometheus, prometheusMissing } from "../support/prometheus.ts";

const AGENTS = 3;
const RATE = 100;
/** Seconds of the run before the outage and after it. */
const BEFORE_S = 20;
const AFTER_S = 30;
/** So long after the end all that waited must have arrived: the longest pause between two attempts, and the backlog. */
const CATCH_UP_S = 90;

/** Counts what arrives in each second. */
class CountingTarget {
  readonly perSecond = new Map<number, number>();
  readonly #server: Server = createServer((_, response) => {
    const second = Math.floor(Date.now() / 1000);
    this.perSecond.set(second, (this.perSecond.get(second) ?? 0) + 1);
    response.end("ok");
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Mean over whole seconds. */
  rate(fromS: number, toS: number): number {
    let sum = 0;
    for (let second = Math.ceil(fromS); second < Math.floor(toS); second++) sum += this.perSecond.get(second) ?? 0;
    return sum / (Math.floor(toS) - Math.ceil(fromS));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Played {
  readonly summary: Summary;
  readonly startS: number;
  readonly downS: number;
  readonly upS: number;
  readonly endS: number;
}

async function play(agents: readonly AgentProcess[], prometheus: Prometheus, url: string, outageS: number): Promise<Played> {
  const duration = `${BEFORE_S + outageS + AFTER_S}s`;
  const scenarios = { load: { executor: "constant-arrival-rate", rate: RATE, duration, flow: [{ get: "/", name: "root" }] } };
  const api = `${agents[0]!.apiUrl}/api/v1/runs`;
  const answer = await fetch(api, { method: "POST", body: JSON.stringify({ name: "outage", target: url, scenarios }) });
  const { run, startsAt } = (await answer.json()) as { run: string; startsAt: string };
  const startS = Date.parse(startsAt) / 1000;
  const until = (second: number) => sleep(Math.max(0, second * 1000 - Date.now()));
  const [downS, upS] = [startS + BEFORE_S, startS + BEFORE_S + outageS];
  await until(downS);
  await prometheus.kill();
  await until(upS);
  await prometheus.restart();
  await until(upS + AFTER_S);
  let summary: Summary;
  do {
    await sleep(500);
    summary = (await (await fetch(`${api}/${run}`)).json()) as Summary;
  } while (summary.state === "running");
  for (let second = 0; second < CATCH_UP_S; second++) {
    const total = await prometheus.number(`sum(max_over_time(${RUN_METERS.requests.name}{run_id="${run}"}[1h]))`);
    if (total >= summary.requests.total) break;
    await sleep(1000);
  }
  return { summary, startS, downS, upS, endS: Date.now() / 1000 };
}

/** Real seconds until a killed agent is gone from what the dashboards ask for. */
async function goneAfterS(agent: AgentProcess, prometheus: Prometheus): Promise<number> {
  const count = () => prometheus.number(`count(last_over_time(${SWARM_METERS.agentInfo.name}[15s]))`);
  agent.kill();
  const killedMs = Date.now();
  while ((await count()) > AGENTS - 1 && Date.now() - killedMs < 60_000) await sleep(100);
  return (Date.now() - killedMs) / 1000;
}

async function judge(played: Played, prometheus: Prometheus, target: CountingTarget, goneS: number): Promise<boolean> {
  const { summary, startS, downS, upS, endS } = played;
  const run = `run_id="${summary.run}"`;
  const total = await prometheus.number(`sum(max_over_time(${RUN_METERS.requests.name}{${run}}[1h]))`);
  const lost = await prometheus.number(`sum(max_over_time(loadswarm_remote_write_samples_total{result=~"rejected|expired"}[1h]))`);
  const waited = await prometheus.number(`max(max_over_time(loadswarm_remote_write_queue_samples[1h]))`);
  const { pushes, missing, counters, gaps } = await pushedInto(prometheus, endS - startS, endS);
  const during = [...pushes.values()].map((times) => times.filter((at) => at > downS && at < upS).length);
  const due = Math.floor((upS - downS) / 5) - 1;
  const before = target.rate(startS + 2, downS);
  const meanwhile = target.rate(downS, upS);
  const change = 100 * (meanwhile / before - 1);
  const promises: readonly (readonly [promise: string, what: string, isKept: boolean])[] = [
    ["no gap in any counter", `${missing.length} pushes and ${gaps.length} samples missing in ${counters} counters; pushes of the outage: ${during.join(", ")}`, gaps.length + missing.length === 0 && Math.min(...during) >= due],
    ["0 samples lost", `${lost} rejected or expired; at most ${waited} waited at one agent`, lost === 0],
    ["totals are the summary's", `${total} of ${summary.requests.total} requests`, total === summary.requests.total],
    ["rate changes by less than 1 %", `${before.toFixed(2)}/s before, ${meanwhile.toFixed(2)}/s meanwhile: ${change.toFixed(2)} %`, Math.abs(change) < 1],
    ["a crashed agent is gone within 15 s of its last push", `gone ${goneS.toFixed(1)} s after the crash`, goneS <= 15.5],
  ];
  for (const [promise, what, isKept] of promises) console.log(`${isKept ? "kept  " : "BROKEN"}  ${promise}: ${what}`);
  return promises.every(([, , isKept]) => isKept);
}

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
if (prometheusMissing !== null) throw new Error(prometheusMissing);
const outageS = Number(values.seconds);
if (!(outageS > 0)) throw new Error(`--seconds ${values.seconds}: a number of seconds is needed`);
const prometheus = await Prometheus.start();
const target = new CountingTarget();
const processes = new AgentProcesses();
try {
  const url = await target.listen();
  const env = { ...process.env, LOADSWARM_REMOTE_WRITE_URL: `${prometheus.url}/api/v1/write` };
  const first = await processes.start({ env, name: "agent-1", join: [], flags: ["--workers", "1"] });
  const start = (number: number) => processes.start({ env, name: `agent-${number}`, join: [first.listen], flags: ["--workers", "1"] });
  const agents = [first, ...(await Promise.all([2, 3].map(start)))];
  await untilMembers(first.apiUrl, AGENTS, 20_000);
  console.log(`${AGENTS} agents, ${RATE} requests/s, a push every 5 s; Prometheus is away for ${outageS} s`);
  const played = await play(agents, prometheus, url, outageS);
  const goneS = await goneAfterS(agents[2]!, prometheus);
  process.exitCode = (await judge(played, prometheus, target, goneS)) ? 0 : 1;
} finally {
  await processes.end();
  await target.close();
  await prometheus.stop();
}
