// Three agents, each a process of its own, that load a little server which counts; what can be seen of them from outside.

import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AgentProcess, AgentProcesses } from "../../node/cli/spawn-agents.ts";
import { temporaryFolder } from "../support/cli.ts";

/** Arrivals per second. */
export const RATE = 30;
const AGENTS = 3;

export interface Metrics {
  readonly rssBytes: number;
  /** Timers of the main thread that were looked at, and those of them that came less than 100 ms late. */
  readonly timers: number;
  readonly timersInTime: number;
  readonly framesRefused: number;
  readonly framesUnheard: number;
  readonly membersRefused: number;
  readonly runsRefused: number;
  readonly peersRefused: number;
}

export class VictimSwarm {
  readonly key: Uint8Array;
  readonly agents: AgentProcess[] = [];
  readonly #processes = new AgentProcesses();
  readonly #server: Server;
  hits = 0;
  run = "";

  private constructor() {
    this.key = new TextEncoder().encode(`/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString("hex")}`);
    this.#server = createServer((_request, response) => {
      this.hits++;
      response.end();
    });
  }

  /** Resolves when all three carry their share of a run that lasts so long. */
  static async start(seconds: number): Promise<VictimSwarm> {
    const swarm = new VictimSwarm();
    const { agents } = swarm;
    await new Promise<void>((resolve) => swarm.#server.listen(0, "127.0.0.1", resolve));
    const { port } = swarm.#server.address() as AddressInfo;
    const keyFile = join(temporaryFolder(), "swarm.key");
    writeFileSync(keyFile, swarm.key, { mode: 0o600 });
    const flags = ["--workers", "1", "--log-level", "error", "--swarm-key", keyFile];
    const start = (i: number, join: string[]) => swarm.#processes.start({ env: process.env, name: `agent-${i}`, join, flags });
    agents.push(await start(0, []));
    const others = Array.from({ length: AGENTS - 1 }, (_, i) => start(i + 1, [agents[0]!.listen]));
    agents.push(...(await Promise.all(others)));
    await swarm.#until("all know each other", async () => {
      const lists = await Promise.all(agents.map((_, i) => swarm.members(i)));
      return lists.every((list) => list.length === AGENTS && list.every(({ share }) => share > 0.3));
    });
    const plan = `name: victim
target: http://127.0.0.1:${port}
scenarios:
  hits: { executor: constant-arrival-rate, rate: ${RATE}, duration: ${seconds}s, flow: [{ get: / }] }
`;
    const published = await fetch(`${agents[0]!.apiUrl}/api/v1/runs`, { method: "POST", body: plan });
    if (!published.ok) throw new Error(await published.text());
    swarm.run = ((await published.json()) as { run: string }).run;
    await swarm.#until("the run is on", async () => swarm.hits > RATE);
    return swarm;
  }

  async members(agent: number): Promise<{ id: string; name: string; state: string; weight: number; share: number }[]> {
    return (await this.#ask<{ members: [] }>(agent, "/api/v1/members")).members;
  }

  async runs(agent: number): Promise<{ run: string; plan: string; state: string; startsAt: string }[]> {
    return (await this.#ask<{ runs: [] }>(agent, "/api/v1/runs")).runs;
  }

  /** Everything that an attack must not change, as each agent tells it. */
  async told(): Promise<unknown[]> {
    return Promise.all(
      this.agents.map(async (_, i) => ({
        members: (await this.members(i)).map(({ id, name, state, weight, share }) => ({ id, name, state, weight, share })),
        run: (await this.runs(i)).find(({ run }) => run === this.run),
      })),
    );
  }

  /** Of each agent, since it started. */
  async metrics(): Promise<Metrics[]> {
    return Promise.all(
      this.agents.map(async ({ apiUrl }) => {
        const text = await (await fetch(`${apiUrl}/metrics`)).text();
        const read = (name: string) => {
          const line = text.split("\n").find((one) => one.startsWith(`${name} `));
          if (line === undefined) throw new Error(`there is no ${name}`);
          return Number(line.split(" ")[1]);
        };
        return {
          rssBytes: read("process_resident_memory_bytes"),
          timers: read("loadswarm_event_loop_delay_seconds_count"),
          timersInTime: read(`loadswarm_event_loop_delay_seconds_bucket{le="0.1"}`),
          framesRefused: read("loadswarm_frames_refused_total"),
          framesUnheard: read("loadswarm_frames_unheard_total"),
          membersRefused: read("loadswarm_members_refused_total"),
          runsRefused: read("loadswarm_runs_refused_total"),
          peersRefused: read("loadswarm_peers_refused_total"),
        };
      }),
    );
  }

  /** Multiaddr of an agent, without its peer id. */
  address(agent: number): string {
    const [host, port] = this.agents[agent]!.listen.split(":");
    return `/ip4/${host}/tcp/${port}`;
  }

  async stop(): Promise<void> {
    await this.#processes.killAll();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #ask<T>(agent: number, path: string): Promise<T> {
    return (await fetch(`${this.agents[agent]!.apiUrl}${path}`)).json() as Promise<T>;
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const deadline = performance.now() + 60_000; !(await isSo()); await sleep(100)) {
      if (performance.now() > deadline) throw new Error(`not within a minute: ${what}`);
    }
  }
}
