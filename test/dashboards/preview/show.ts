// Four agents, two runs and what befalls them, pushed into a real Prometheus: what the pictures of the dashboards show.

import { setTimeout as sleep } from "node:timers/promises";
import { type AgentProcess, AgentProcesses, untilMembers } from "../../../node/cli/spawn-agents.ts";
import { Prometheus } from "../../support/prometheus.ts";
import { LivelyTarget } from "./target.ts";

const AGENTS = 4;
const BASE_SECONDS = 75;
const RUN_SECONDS = 180;
/** Seconds of the second run at which something happens. */
const CRASH_AT = 55;
const JOIN_AT = 85;
const ILL_AT = 110;
const WELL_AT = 130;
const LEAVE_AT = 150;
/** Two pushes after the last request. */
const TAIL_SECONDS = 11;

/** Times in seconds since the epoch. */
export interface Played {
  readonly run: string;
  readonly startS: number;
  readonly endS: number;
}

export interface Show {
  readonly prometheus: Prometheus;
  readonly base: Played;
  readonly run: Played;
  stop(): Promise<void>;
}

export async function play(say: (line: string) => void): Promise<Show> {
  const prometheus = await Prometheus.start();
  const target = await LivelyTarget.start();
  const processes = new AgentProcesses();
  const stop = async (): Promise<void> => {
    await processes.end();
    await target.close();
    await prometheus.stop();
  };
  try {
    const env = { ...process.env, LOADSWARM_REMOTE_WRITE_URL: `${prometheus.url}/api/v1/write` };
    const start = (number: number, join: readonly string[]): Promise<AgentProcess> => {
      const place = ["--zone", `zone-${"ab"[number % 2]}`, "--node", `node-${(number % 3) + 1}`];
      return processes.start({ env, name: `agent-${number}`, join, flags: ["--workers", "1", ...place] });
    };
    const first = await start(1, []);
    const others = await Promise.all(Array.from({ length: AGENTS - 1 }, (_, i) => start(i + 2, [first.listen])));
    await untilMembers(first.apiUrl, AGENTS, 20_000);
    say(`${AGENTS} agents push into Prometheus; the base run takes ${BASE_SECONDS} s`);
    const base = await publish(first, target.url, BASE_SECONDS);
    await until(base.endS + TAIL_SECONDS);
    target.searchFactor = 1.6;
    const run = await publish(first, target.url, RUN_SECONDS);
    say(`the second run takes ${RUN_SECONDS} s: a crash, an agent more, an ill target, one that leaves`);
    await until(run.startS + CRASH_AT);
    others[1]!.kill();
    await until(run.startS + JOIN_AT);
    await start(AGENTS + 1, [first.listen]);
    await until(run.startS + ILL_AT);
    target.isIll = true;
    await until(run.startS + WELL_AT);
    target.isIll = false;
    await until(run.startS + LEAVE_AT);
    await others[2]!.leave();
    await until(run.endS + TAIL_SECONDS);
    return { prometheus, base, run, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function publish(agent: AgentProcess, target: string, seconds: number): Promise<Played> {
  const answer = await fetch(`${agent.apiUrl}/api/v1/runs`, { method: "POST", body: planOf(target, seconds) });
  if (answer.status !== 201) throw new Error(`the plan was refused: ${await answer.text()}`);
  const { run, startsAt } = (await answer.json()) as { run: string; startsAt: string };
  const startS = Date.parse(startsAt) / 1000;
  return { run, startS, endS: startS + seconds };
}

function planOf(target: string, seconds: number): string {
  const expect = { status: 200 };
  return JSON.stringify({
    name: "shop",
    target,
    scenarios: {
      browse: {
        executor: "ramping-arrival-rate",
        startRate: 10,
        stages: [{ duration: "20s", target: 60 }, { duration: `${seconds - 20}s`, target: 60 }],
        flow: [
          { get: "/home", name: "home", expect },
          { get: "/search?q=shoes", name: "search", expect: { ...expect, maxDuration: "250ms" } },
          { get: "/item/7", name: "item", expect },
        ],
      },
      order: {
        executor: "constant-arrival-rate",
        rate: 12,
        duration: `${seconds}s`,
        maxVUs: 12,
        flow: [{ post: "/cart", name: "cart", expect }, { think: "400ms" }, { post: "/order", name: "order", expect }],
      },
    },
    thresholds: { http_req_duration: ["p(95)<150", "p(99)<200"], http_req_failed: ["rate<0.005"] },
  });
}

async function until(second: number): Promise<void> {
  await sleep(Math.max(0, second * 1000 - Date.now()));
}
