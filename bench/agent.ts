// What an agent costs when it does nothing, and how soon a one-agent run sends its first request.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../node/main.ts", import.meta.url));
/** As `npm run loadswarm` sets it. With a filled cache no type stripper is loaded: 100 ms and 30 MB less. */
const ENVIRONMENT = {
  ...process.env,
  MALLOC_MMAP_THRESHOLD_: "32768",
  NODE_COMPILE_CACHE: fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url)),
};
const IDLE_MS = 20_000;
/** Until the swarm rests. */
const SETTLE_MS = 20_000;
const RUNS = 7;
/** Clock ticks per second in /proc (USER_HZ), 100 on every Linux. */
const USER_HZ = 100;

export interface IdleCost {
  /** Per cent of one core, mean over the agents. */
  readonly cpuPercent: number;
  readonly rssMB: number;
}

/** Three agents in one swarm, no run: mean cost of each over 20 seconds. */
export async function measureIdle(): Promise<IdleCost> {
  const first = await startAgent([]);
  const children = [first, await startAgent(["--join", first.listen]), await startAgent(["--join", first.listen])];
  await sleep(SETTLE_MS);
  const before = children.map(({ pid }) => cpuSeconds(pid));
  await sleep(IDLE_MS);
  const seconds = children.map(({ pid }, i) => cpuSeconds(pid) - before[i]!);
  const rss = children.map(({ pid }) => rssMB(pid));
  for (const child of children) child.stop();
  return { cpuPercent: (mean(seconds) * 100_000) / IDLE_MS, rssMB: mean(rss) };
}

async function startAgent(flags: string[]): Promise<{ pid: number; listen: string; stop: () => void }> {
  const args = [MAIN, "agent", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--json", "--log-level", "warn", ...flags];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], env: ENVIRONMENT });
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  const { listen } = JSON.parse(String(line)) as { listen: string };
  return { pid: child.pid!, listen, stop: () => child.kill("SIGKILL") };
}

/** From starting the process to its first request on the target, milliseconds: median and best of several. */
export async function measureFirstRequest(): Promise<{ medianMs: number; bestMs: number }> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) times.push(await firstRequestMs());
  // The very first start fills the compile cache; every later one profits.
  const sorted = times.slice(1).sort((a, b) => a - b);
  return { medianMs: sorted[sorted.length >> 1]!, bestMs: sorted[0]! };
}

async function firstRequestMs(): Promise<number> {
  const hit = Promise.withResolvers<number>();
  const server = createServer((_request, response) => {
    hit.resolve(performance.now());
    response.end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const from = performance.now();
  const child = spawn(process.execPath, [MAIN, "run", url, "--rate", "100", "--duration", "1s", "--workers", "1"], {
    stdio: "ignore",
    env: ENVIRONMENT,
  });
  const at = await hit.promise;
  await once(child, "exit");
  server.close();
  return at - from;
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / USER_HZ;
}

function rssMB(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line![1]) / 1024;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
