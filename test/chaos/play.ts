// Plays a scenario with a real swarm, and measures each of its phases from the target's log.

import { setTimeout as sleep } from "node:timers/promises";
import type { Metronome } from "../support/metronome.ts";
import type { Netns } from "../support/netns.ts";
import { Firewall } from "../support/nftables.ts";
import type { AgentProcess } from "./agent-process.ts";
import { lastAfter, type Recovery, recovery, twice, type Worst, worstSecond } from "./figures.ts";
import type { Hit, Judge } from "./judge.ts";
import type { Fault, Phase, Scenario } from "./scenarios.ts";
import { Starvation } from "./starvation.ts";
import { type Run, Swarm } from "./swarm.ts";

/** Until the agents that were started have found each other. */
const JOIN_MS = 60_000;
/** Until the whole rate is offered for the first time: forty agents that prepare their threads share two cores. */
const WARM_UP_MS = 60_000;
/** So long it must have been offered without a gap. */
const WARM_MS = 3000;
const POLL_MS = 500;
/** After a stop, and after the last phase's last request was due. */
const AFTERGLOW_MS = 3000;

export interface Place {
  readonly net: Netns;
  readonly judge: Judge;
  readonly metronome: Metronome;
  /** Requests a second, of the whole swarm. */
  readonly rate: number;
}

/** What was measured of one phase; times in milliseconds, null where a limit passed first. */
export interface Row {
  readonly scenario: string;
  readonly phase: Phase;
  readonly agents: number;
  readonly worst: Worst;
  readonly twice: number;
  /** From the beginning of the fault, as long as it lasted; undefined where the run was stopped in it. */
  readonly full: Recovery | undefined;
  /** From its end; undefined for a fault without one. */
  readonly fullAgain: Recovery | undefined;
  readonly oneViewMs: number | null;
  /** From the start of an agent until its first request, the longest; undefined where none was started. */
  readonly usefulMs: number | null | undefined;
  /** Last request after the stop, of the agents that could hear of it and of any; undefined before the last phase. */
  readonly stop: { readonly connectedMs: number; readonly anyMs: number } | undefined;
  /** Packets that the network lost on order; undefined where it was not told to. */
  readonly lostPackets: number | undefined;
  /** The machine's longest stall. */
  readonly stallMs: number;
  /** Part of the time that an agent waited for a core. */
  readonly waited: number;
}

/** When what happened, milliseconds since the epoch. */
interface Course {
  readonly phase: Phase;
  readonly agents: number;
  readonly beginMs: number;
  readonly endMs: number | null;
  readonly oneViewMs: number | null;
  readonly started: readonly AgentProcess[];
  readonly lostPackets: number | undefined;
  readonly nextMs: number;
}

interface Stop {
  readonly atMs: number;
  /** Addresses of the agents that could hear of it. */
  readonly connected: ReadonlySet<string>;
}

class Player {
  readonly #place: Place;
  readonly #firewall: Firewall;
  readonly #swarm: Swarm;
  readonly #starvation: Starvation;
  #lostPackets: number | undefined;
  #stop: Stop | null = null;

  constructor(place: Place) {
    this.#place = place;
    this.#firewall = new Firewall(place.net);
    this.#swarm = new Swarm(place.net, place.judge);
    this.#starvation = new Starvation(() => this.#swarm.agents.map(({ pid }) => pid));
  }

  async play(scenario: Scenario): Promise<Row[]> {
    try {
      this.#place.judge.forget();
      await this.#swarm.grow(scenario.agents(this.#place.net.hosts.length));
      await this.#swarm.untilOneView(JOIN_MS);
      // The first to be killed is the one published to: the others must know all that it knew.
      const run = await this.#swarm.publish(this.#swarm.agents.at(-1)!, this.#place.rate);
      await untilFull(this.#place, run);
      const courses: Course[] = [];
      for (const phase of scenario.phases) courses.push(await this.#run(phase));
      if (this.#stop === null) await this.#stopRun(this.#swarm.agents);
      await sleep(AFTERGLOW_MS);
      return this.#measure(scenario.name, courses, run);
    } finally {
      this.#starvation.stop();
      this.#firewall.heal();
      await this.#swarm.end();
    }
  }

  async #run(phase: Phase): Promise<Course> {
    const agents = this.#swarm.agents.length;
    this.#lostPackets = undefined;
    const beginMs = Date.now();
    await this.#apply(phase.fault);
    const endMs = LASTING.has(phase.fault.kind) ? Date.now() : null;
    const oneViewMs = await this.#swarm.oneViewAfter(1000 * phase.settleS);
    const lostPackets = this.#lostPackets;
    const started = this.#swarm.agents.filter(({ upMs }) => upMs >= beginMs);
    return { phase, agents, beginMs, endMs, oneViewMs, started, lostPackets, nextMs: Date.now() };
  }

  /** Resolves when the fault has ended, or has been done where it has no end. */
  async #apply(fault: Fault): Promise<void> {
    const { agents } = this.#swarm;
    const last = (count: number): readonly AgentProcess[] => agents.slice(agents.length - count);
    switch (fault.kind) {
      case "nothing":
        return;
      case "kill":
        return this.#swarm.kill(last(fault.count(agents.length)));
      case "pause": {
        const paused = last(fault.count(agents.length));
        for (const agent of paused) agent.pause();
        await sleep(1000 * fault.forS);
        for (const agent of paused) agent.resume();
        return;
      }
      case "split":
        return this.#split(fault);
      case "loss":
        this.#firewall.loss(fault.percent);
        await sleep(1000 * fault.forS);
        return this.#heal();
      case "grow":
        return this.#swarm.grow(fault.to(this.#place.net.hosts.length), 1);
      case "shrink":
        return this.#swarm.leave(last(agents.length - fault.to(this.#place.net.hosts.length)));
      case "restartEach":
        return this.#swarm.restartEach();
    }
  }

  async #split(fault: Extract<Fault, { kind: "split" }>): Promise<void> {
    const groups = partsOf(this.#swarm.agents, fault.parts);
    const hosts = groups.map((group) => group.map(({ host }) => host));
    const untilMs = Date.now() + 1000 * fault.forS;
    const { flapS = fault.forS, stopAfterS } = fault;
    while (Date.now() < untilMs) {
      this.#firewall.partition(hosts, fault);
      if (stopAfterS !== undefined) {
        await sleep(1000 * stopAfterS);
        await this.#stopRun(groups[0]!);
      }
      await sleep(Math.min(Date.now() + 1000 * flapS, untilMs) - Date.now());
      this.#heal();
      if (flapS < fault.forS) await sleep(Math.max(0, Math.min(1000 * flapS, untilMs - Date.now())));
    }
  }

  #heal(): void {
    this.#lostPackets = (this.#lostPackets ?? 0) + this.#firewall.lost();
    this.#firewall.heal();
  }

  /** Tells the first of these, who are connected with each other. */
  async #stopRun(connected: readonly AgentProcess[]): Promise<void> {
    this.#stop = { atMs: Date.now(), connected: new Set(connected.map(({ host }) => host.ip)) };
    await connected[0]!.ask("POST", "/api/v1/stop");
  }

  #measure(scenario: string, courses: readonly Course[], run: Run): Row[] {
    const { judge, metronome, rate } = this.#place;
    const hits = judge.hits(run.id);
    const schedule = { startMs: run.startMs, rate };
    const stall = (fromMs: number, toMs: number): number => longestStall(metronome, fromMs, toMs);
    const waited = (fromMs: number, toMs: number): number => this.#starvation.waitedMs(fromMs, toMs);
    const stop = this.#stop!;
    const connectedHits = hits.filter(({ from }) => stop.connected.has(from));
    const stopped = { connectedMs: lastAfter(connectedHits, stop.atMs), anyMs: lastAfter(hits, stop.atMs) };
    return courses.map(({ phase, agents, beginMs, endMs, oneViewMs, started, lostPackets, nextMs }) => {
      const kept = (fromMs: number, toMs: number): Recovery | undefined =>
        toMs > stop.atMs ? undefined : recovery(hits, fromMs, toMs, schedule, waited);
      return {
        scenario,
        phase,
        agents,
        worst: worstSecond(hits, beginMs, nextMs, rate, stall),
        twice: twice(hits, beginMs, nextMs),
        full: kept(beginMs, endMs ?? nextMs),
        fullAgain: endMs === null ? undefined : kept(endMs, nextMs),
        oneViewMs,
        usefulMs: longestUntilUseful(hits, started),
        stop: phase === courses.at(-1)!.phase ? stopped : undefined,
        lostPackets,
        stallMs: stall(beginMs, nextMs),
        waited: waited(beginMs, nextMs) / (nextMs - beginMs),
      };
    });
  }
}

/** Resolves when the whole rate is offered. @throws if it never is */
export async function untilFull({ judge, rate }: Pick<Place, "judge" | "rate">, run: Run): Promise<void> {
  for (const untilMs = run.startMs + WARM_UP_MS; Date.now() < untilMs; await sleep(POLL_MS)) {
    const toMs = Date.now() - POLL_MS;
    if (toMs - WARM_MS < run.startMs) continue;
    const { lowest } = recovery(judge.hits(run.id), toMs - WARM_MS, toMs, { startMs: run.startMs, rate }, () => 0);
    if (lowest === 1) return;
  }
  throw new Error("the whole rate was never offered");
}

/** Faults that are undone. */
const LASTING: ReadonlySet<Fault["kind"]> = new Set(["pause", "split", "loss"]);

/** Plays a scenario with a swarm of its own, of as many agents as there are hosts at most. */
export function play(scenario: Scenario, place: Place): Promise<Row[]> {
  return new Player(place).play(scenario);
}

/** Cuts a list into parts of these fractions. */
function partsOf<T>(list: readonly T[], fractions: readonly number[]): T[][] {
  let sum = 0;
  const ends = fractions.map((fraction) => Math.round((sum += fraction) * list.length));
  return ends.map((end, i) => list.slice(ends[i - 1] ?? 0, end));
}

/** From the start of an agent until its first request, the longest; null if there was none, undefined without agents. */
export function longestUntilUseful(hits: readonly Hit[], started: readonly AgentProcess[]): number | null | undefined {
  const waits = started.map(({ host, upMs }) => {
    const first = hits.find(({ from, atMs }) => from === host.ip && atMs >= upMs);
    return first === undefined ? null : first.atMs - upMs;
  });
  if (waits.length === 0) return undefined;
  return waits.includes(null) ? null : Math.max(...(waits as number[]));
}

export function longestStall(metronome: Metronome, fromMs: number, toMs: number): number {
  let longest = 0;
  for (let s = Math.floor(fromMs / 1000); s <= toMs / 1000; s++) longest = Math.max(longest, metronome.worstMs(s));
  return longest;
}
