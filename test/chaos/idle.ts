// npm run chaos:idle: what an agent of a quiet swarm costs, by the kernel's own count of its process and its network.
//
// Measured with 8 and 40 agents, each on a host of its own and with the swarm key; what 200 would cost follows from how many
// frames the simulator counts for each size. CHAOS_AGENTS: instead of 40.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { World } from "../../sim/world.ts";
import { agentsWanted, chaosMissing, openPlace } from "./place.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { Place } from "./play.ts";
import { Swarm } from "./swarm.ts";

const FEW = 8;
const FAR_MORE = 200;
/** Until everybody is linked, every clock has been compared often enough, and the swarm rests. */
const SETTLE_MS = 60_000;
const MEASURE_MS = 60_000;
const JOIN_MS = 120_000;
/** Clock ticks per second in /proc (USER_HZ), 100 on every Linux. */
const USER_HZ = 100;
const SEED = 1;

/** Of one agent, per second. */
interface Cost {
  readonly cpuPercent: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

interface Reading {
  readonly cpuSeconds: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

async function measure(place: Place, agents: number): Promise<Cost> {
  const swarm = new Swarm(place.net, place.judge);
  try {
    await swarm.grow(agents);
    await swarm.untilOneView(JOIN_MS);
    await sleep(SETTLE_MS);
    const fromMs = performance.now();
    const before = swarm.agents.map(read);
    await sleep(MEASURE_MS);
    const seconds = (performance.now() - fromMs) / 1000;
    const spent = swarm.agents.map((agent, i) => less(read(agent), before[i]!));
    const perSecond = (of: keyof Reading) => spent.reduce((sum, one) => sum + one[of], 0) / agents / seconds;
    return { cpuPercent: 100 * perSecond("cpuSeconds"), sentBytes: perSecond("sentBytes"), receivedBytes: perSecond("receivedBytes") };
  } finally {
    await swarm.end();
  }
}

function read({ pid }: AgentProcess): Reading {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  const line = /^\s*(?!lo:)\w[^:]*:(.*)$/m.exec(readFileSync(`/proc/${pid}/net/dev`, "utf8").split("\n").slice(2).join("\n"));
  const device = line![1]!.trim().split(/\s+/).map(Number);
  return { cpuSeconds: (Number(stat[11]) + Number(stat[12])) / USER_HZ, receivedBytes: device[0]!, sentBytes: device[8]! };
}

function less(after: Reading, before: Reading): Reading {
  return {
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    sentBytes: after.sentBytes - before.sentBytes,
    receivedBytes: after.receivedBytes - before.receivedBytes,
  };
}

/** Frames that an agent sends each second in a quiet swarm of that size, simulated. */
function framesPerSecond(agents: number): number {
  const seconds = 20;
  const world = new World(SEED);
  for (let i = 0; i < agents; i++) world.join();
  world.runFor(SETTLE_MS);
  const before = world.frames;
  world.runFor(seconds * 1000);
  return (world.frames - before) / agents / seconds;
}

async function main(): Promise<number> {
  const missing = chaosMissing();
  if (missing !== null) {
    console.error(`skipped: ${missing}`);
    return process.env["CI"] === undefined ? 0 : 1;
  }
  const many = agentsWanted(40);
  const place = await openPlace(many);
  try {
    const costs: { agents: number; frames: number; cost: Cost }[] = [];
    for (const agents of [FEW, many]) {
      const [cost, frames] = [await measure(place, agents), framesPerSecond(agents)];
      costs.push({ agents, frames, cost });
      print(`${agents} agents, measured`, frames, cost);
    }
    const [few, more] = costs as [(typeof costs)[0], (typeof costs)[0]];
    const frames = framesPerSecond(FAR_MORE);
    // What comes with each frame, and what an agent costs without any.
    const at = (of: keyof Cost) =>
      more.cost[of] + ((more.cost[of] - few.cost[of]) / (more.frames - few.frames)) * (frames - more.frames);
    const far = { cpuPercent: at("cpuPercent"), sentBytes: at("sentBytes"), receivedBytes: at("receivedBytes") };
    print(`${FAR_MORE} agents, extrapolated`, frames, far);
  } finally {
    await place.close();
  }
  return 0;
}

function print(what: string, frames: number, { cpuPercent, sentBytes, receivedBytes }: Cost): void {
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB/s`;
  const traffic = `${kilobytes(sentBytes)} out, ${kilobytes(receivedBytes)} in`;
  console.log(`${what}: ${cpuPercent.toFixed(2)} % of a core, ${traffic}, ${frames.toFixed(1)} frames/s out (simulated)`);
}

process.exitCode = await main();
