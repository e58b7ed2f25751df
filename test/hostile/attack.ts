// An attack, and what is to be seen of it from outside: nothing.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { HostilePeer } from "./peer.ts";
import { type Metrics, RATE, VictimSwarm } from "./swarm.ts";

/** Frames of all attacks together; fewer are for trying something out. */
export const FRAMES = Number(process.env["HOSTILE_FRAMES"] ?? 1_000_000);
/** Of the timers of an agent's main thread less than 100 ms late. */
const LEAST_IN_TIME = 0.99;
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;
/** From the end of an attack until its effects would be there. */
const SETTLE_MS = 3000;
/** How often it is looked at how much memory an agent has. */
const LOOK_MS = 500;
const RUN_SECONDS = 3600;

/** Does as much harm as it is told to. Returns how many frames it has sent. */
export type Attack = (arena: Arena, frames: number) => Promise<number>;

export class Arena implements AsyncDisposable {
  readonly swarm: VictimSwarm;
  readonly #before: readonly Metrics[];
  readonly #isTimed: boolean;
  readonly #staying: HostilePeer[] = [];

  private constructor(swarm: VictimSwarm, before: readonly Metrics[], isTimed: boolean) {
    this.swarm = swarm;
    this.#before = before;
    this.#isTimed = isTimed;
  }

  /** `isTimed`: agents and the load are to be on time. On a busy machine that says nothing of the agents. */
  static async open({ isTimed }: { isTimed: boolean }): Promise<Arena> {
    const swarm = await VictimSwarm.start(RUN_SECONDS);
    try {
      // Agents grow by some 20 MB in their first minute of links that come and go: that is not the attackers' doing.
      await Promise.all(swarm.agents.map((_, at) => warmUp(swarm, at, isTimed ? 1000 : 200)));
      return new Arena(swarm, await swarm.metrics(), isTimed);
    } catch (cause) {
      await swarm.stop();
      throw cause;
    }
  }

  /** A peer that no agent has seen before. */
  stranger(agent = 0): Promise<HostilePeer> {
    return HostilePeer.start(this.swarm.key, this.swarm.address(agent));
  }

  /** One that is linked to an agent and knows what they all say. */
  async peer(agent = 0): Promise<HostilePeer> {
    const peer = await this.stranger(agent);
    await peer.learn();
    return peer;
  }

  /** They stay until it has been looked at what the attack has done. */
  keep(peers: readonly HostilePeer[]): void {
    this.#staying.push(...peers);
  }

  /** Runs the attack and asserts that rate, split, plan and memory are as before. */
  async endures(name: string, attack: () => Promise<number>): Promise<Metrics[]> {
    try {
      return await this.#endures(name, attack);
    } finally {
      await Promise.all(this.#staying.splice(0).map((peer) => peer.stop()));
    }
  }

  async #endures(name: string, attack: () => Promise<number>): Promise<Metrics[]> {
    const { swarm } = this;
    const before = await swarm.metrics();
    const told = await swarm.told();
    const hits = swarm.hits;
    const sinceMs = performance.now();
    const [frames, mostBytes] = await this.#watching(async () => {
      const sent = await attack();
      await sleep(SETTLE_MS);
      return sent;
    });
    const seconds = (performance.now() - sinceMs) / 1000;
    const rate = (swarm.hits - hits) / seconds;
    const metrics = await swarm.metrics();
    const growth = mostBytes.map((bytes, i) => bytes - this.#before[i]!.rssBytes);
    const inTime = Math.min(
      ...metrics.map((now, i) => (now.timersInTime - before[i]!.timersInTime) / (now.timers - before[i]!.timers)),
    );
    const grown = growth.map((bytes) => Math.round(bytes / 2 ** 20)).join(" ");
    const punctual = `${(100 * inTime).toFixed(2)} % of timers within 100 ms`;
    const figures = [`${rate.toFixed(1)} of ${RATE} hits/s`, `RSS +${grown} MiB`, punctual];
    console.log(`${name}: ${frames} frames in ${seconds.toFixed(0)} s; ${figures.join("; ")}`);
    assert.deepEqual(await swarm.told(), told, "members, shares and the run are what they were");
    assert.ok(rate > 0, "the load goes on");
    for (const bytes of growth) assert.ok(bytes <= MAX_GROWTH_BYTES, `${bytes} bytes more`);
    if (!this.#isTimed) return metrics;
    assert.ok(rate > 0.9 * RATE && rate < 1.1 * RATE, `${rate} hits a second`);
    assert.ok(inTime >= LEAST_IN_TIME, `${inTime} of the timers within 100 ms`);
    return metrics;
  }

  /** Beside what it resolves to: the most memory of each agent meanwhile. */
  async #watching<T>(action: () => Promise<T>): Promise<[T, number[]]> {
    let most = this.swarm.agents.map(() => 0);
    const over = new AbortController();
    const looks = (async () => {
      do {
        const now = await this.swarm.metrics();
        most = most.map((bytes, i) => Math.max(bytes, now[i]!.rssBytes));
        await sleep(LOOK_MS, undefined, { signal: over.signal }).catch(() => {});
      } while (!over.signal.aborted);
    })();
    const [result] = await Promise.all([action().finally(() => over.abort()), looks]);
    return [result, most];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.swarm.stop();
  }
}

async function warmUp(swarm: VictimSwarm, at: number, frames: number): Promise<void> {
  const peer = await HostilePeer.start(swarm.key, swarm.address(at));
  await peer.learn();
  for (let i = 0; i < frames; i++) await peer.send({ standing: peer.standing!, pull: i % 100 === 0 });
  await peer.stop();
}
