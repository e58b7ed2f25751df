// A swarm of real agents, each on a host of its own, and what can be done to it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host, Netns } from "../support/netns.ts";
import { forwardPort } from "../support/nftables.ts";
import { AgentProcess, API_PORT } from "./agent-process.ts";
import { Judge } from "./judge.ts";

/** So many start at once before a run; during one they start one by one, and leave the others their cores. */
const BATCH = 4;
const POLL_MS = 400;
/** Agents asked to join; more do not help. */
const DOORS = 3;
/** The longest run; each is stopped when its scenario has ended. */
const RUN_MINUTES = 30;

export interface Run {
  readonly id: string;
  /** Of arrival 0, milliseconds since the epoch. */
  readonly startMs: number;
}

export class Swarm {
  /** Those that live, in the order of their start; stopped ones included. */
  agents: readonly AgentProcess[] = [];
  /** The program of those that are started from now on; undefined = this repository's. */
  main: string | undefined;
  readonly #net: Netns;
  readonly #judge: Judge;
  readonly #folder: string;
  #started = 0;

  constructor(net: Netns, judge: Judge) {
    this.#net = net;
    this.#judge = judge;
    this.#folder = mkdtempSync(join(tmpdir(), "loadswarm-chaos-"));
    const key = `/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString("hex")}\n`;
    writeFileSync(this.#keyFile, key, { mode: 0o600 });
    for (const host of net.hosts) forwardPort(net, host, API_PORT);
  }

  /** Starts agents until there are `count`, `atOnce` at a time. */
  async grow(count: number, atOnce = BATCH): Promise<void> {
    while (this.agents.length < count) {
      const free = this.#net.hosts.filter((host) => !this.agents.some((agent) => agent.host === host));
      const batch = free.slice(0, Math.min(this.agents.length === 0 ? 1 : atOnce, count - this.agents.length));
      if (batch.length === 0) throw new Error(`there are no ${count} hosts`);
      const doors = this.agents.slice(0, DOORS).map(({ host }) => host);
      this.agents = [...this.agents, ...(await Promise.all(batch.map((host) => this.#start(host, doors))))];
    }
  }

  /** SIGKILL for these, all at once; resolves when they are gone. */
  async kill(agents: readonly AgentProcess[]): Promise<void> {
    this.agents = this.agents.filter((agent) => !agents.includes(agent));
    await Promise.all(agents.map((agent) => agent.kill()));
  }

  /** SIGTERM for these, all at once; resolves when they are gone. */
  async leave(agents: readonly AgentProcess[]): Promise<void> {
    await Promise.all(agents.map((agent) => agent.leave()));
    this.agents = this.agents.filter((agent) => !agents.includes(agent));
  }

  /** Every agent leaves and comes back on the same host, one after the other. */
  async restartEach(): Promise<void> {
    for (const agent of this.agents) await this.restart(agent);
  }

  /** It leaves, and another one comes up on its host. */
  async restart(agent: AgentProcess): Promise<void> {
    await this.leave([agent]);
    const doors = this.agents.slice(-DOORS).map(({ host }) => host);
    this.agents = [...this.agents, await this.#start(agent.host, doors)];
  }

  /** Publishes a constant rate to one agent. */
  async publish(to: AgentProcess, rate: number): Promise<Run> {
    const hits = {
      executor: "constant-arrival-rate",
      rate,
      duration: `${RUN_MINUTES}m`,
      flow: [{ get: Judge.path, name: "hit" }],
    };
    const plan = { name: "chaos", target: this.#judge.url, scenarios: { hits } };
    type Published = { run: string; startsAt: string };
    const { run, startsAt } = await to.ask<Published>("POST", "/api/v1/runs", JSON.stringify(plan));
    return { id: run, startMs: Date.parse(startsAt) };
  }

  /** Resolves when every agent lists exactly those that live. @throws if that takes too long */
  async untilOneView(limitMs: number): Promise<void> {
    for (const sinceMs = performance.now(); !(await this.#isOneView()); await sleep(POLL_MS)) {
      if (performance.now() - sinceMs > limitMs) throw new Error("the agents did not find each other");
    }
  }

  /** Looks for a while; resolves to the milliseconds after which there was one view for good, null if there was not. */
  async oneViewAfter(forMs: number): Promise<number | null> {
    let afterMs: number | null = null;
    for (const sinceMs = performance.now(); performance.now() - sinceMs < forMs; await sleep(POLL_MS)) {
      const askedMs = performance.now() - sinceMs;
      if (!(await this.#isOneView())) afterMs = null;
      else afterMs ??= askedMs;
    }
    return afterMs;
  }

  async #isOneView(): Promise<boolean> {
    const expected = this.agents.map((agent) => agent.member).sort();
    const seen = await Promise.all(this.agents.map((agent) => agent.members()));
    return seen.every((members) => members === expected.join(" "));
  }

  /** Kills all. Their logs stay if `CHAOS_LOGS` names a folder for them. */
  async end(): Promise<void> {
    await this.kill(this.agents);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #keyFile(): string {
    return join(this.#folder, "swarm.key");
  }

  async #start(host: Host, doors: readonly Host[]): Promise<AgentProcess> {
    const name = `agent-${++this.#started}`;
    const logs = process.env["CHAOS_LOGS"] ?? this.#folder;
    mkdirSync(logs, { recursive: true });
    return AgentProcess.start(this.#net, {
      name,
      host,
      join: doors,
      keyFile: this.#keyFile,
      target: this.#net.outside,
      logFile: join(logs, `${name}.log`),
      ...(this.main === undefined ? {} : { main: this.main }),
    });
  }
}
