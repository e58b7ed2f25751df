// A seeded world in virtual time: agents that run the production core, links with latency, joins, leaves and crashes.

import type { Answer, Effect, In, MemberRecord, SwarmEvent } from "../node/core/events.ts";
import type { Frame } from "../node/core/frame.ts";
import { SwarmMachine } from "../node/core/machine.ts";
import type { Plan } from "../node/plan/types.ts";
import { SimulatedEngine } from "./engine.ts";
import { EventQueue } from "./queue.ts";
import { Random } from "./random.ts";
import { Target } from "./target.ts";

/** When virtual time begins: any instant will do, but not 0, which hides missing offsets. */
export const EPOCH_MS = 1_700_000_000_000;

const START_LEAD_MS = 2000;
const ENGINE_TICK_MS = 20;
const REPORT_EVERY_MS = 1000;
/** A crash closes the sockets; peers notice within a round trip or so. */
const CLOSE_DELAY_MS = 50;
const REDIAL_MS = 1000;

interface SimulatedAgent {
  readonly id: string;
  readonly machine: SwarmMachine;
  readonly engine: SimulatedEngine;
  readonly links: Set<string>;
  wanted: readonly MemberRecord[];
  wakeAtMs: number;
  alive: boolean;
}

export class World {
  readonly target = new Target();
  readonly events: { readonly agent: string; readonly event: SwarmEvent }[] = [];
  readonly #random: Random;
  readonly #queue = new EventQueue(EPOCH_MS);
  readonly #agents = new Map<string, SimulatedAgent>();
  readonly #answers = new Map<number, (answer: Answer) => void>();
  /** When the last frame on a directed link arrives: links keep order. */
  readonly #lastArrivalMs = new Map<string, number>();
  #nextToken = 1;
  #born = 0;
  /** Hash of everything that happened, in order (FNV-1a). */
  #hash = 2166136261;
  frames = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  get nowMs(): number {
    return this.#queue.nowMs;
  }

  get eventHash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** Ids of agents that run, oldest first. */
  living(): string[] {
    return [...this.#agents.values()].filter((agent) => agent.alive).map((agent) => agent.id);
  }

  agent(id: string): SwarmMachine {
    return this.#get(id).machine;
  }

  /** Ids of the members an agent holds links to, or dials until it does. */
  wantedBy(id: string): string[] {
    return this.#get(id).wanted.map((member) => member.id);
  }

  /** Starts an agent that knocks at one that runs already, chosen at random. */
  join(): string {
    const others = this.living();
    const agent = this.#start();
    if (others.length > 0) this.#connect(agent, this.#random.pick(others));
    return agent.id;
  }

  /** Starts agents that know of each other only: a swarm of their own, until `introduce`. */
  joinApart(count: number): string[] {
    const group = Array.from({ length: count }, () => this.#start());
    for (const agent of group.slice(1)) this.#connect(agent, group[0]!.id);
    return group.map((agent) => agent.id);
  }

  /** Has one agent dial another. */
  introduce(id: string, to: string): void {
    this.#connect(this.#get(id), to);
  }

  #start(): SimulatedAgent {
    const id = `${Math.floor(this.#random.next() * 2 ** 32).toString(16)}-${this.#born++}`;
    const machine = new SwarmMachine(
      { id, name: id, zone: "", addresses: [id], api: "", weight: 1, startLeadMs: START_LEAD_MS },
      this.nowMs,
    );
    const engine = new SimulatedEngine(id, this.target);
    const agent = { id, machine, engine, links: new Set<string>(), wanted: [], wakeAtMs: Infinity, alive: true };
    this.#agents.set(id, agent);
    this.#note("join", id);
    this.#every(ENGINE_TICK_MS, agent, () => engine.run(this.nowMs));
    this.#every(REPORT_EVERY_MS, agent, () => this.#report(agent));
    this.#every(REDIAL_MS, agent, () => this.#redial(agent));
    return agent;
  }

  /** kill -9: nothing more is sent, and its links close. */
  crash(id: string): void {
    const agent = this.#get(id);
    agent.engine.run(this.nowMs);
    agent.alive = false;
    this.#note("crash", id);
    this.#cutAll(agent);
  }

  /** SIGTERM: resolved by the machine's own `left`. */
  leave(id: string): void {
    this.#note("leave", id);
    this.#input(this.#get(id), { kind: "leave" });
  }

  publish(id: string, plan: Plan): void {
    const token = this.#nextToken++;
    this.#input(this.#get(id), { kind: "publish", token, plan, document: "", planHash: "simulated", keyHash: null });
  }

  stop(id: string, run: string): void {
    this.#input(this.#get(id), { kind: "stop", token: this.#nextToken++, run });
  }

  /** Asks an agent and lets time pass until it has answered. */
  summary(id: string, run: string): Answer {
    const token = this.#nextToken++;
    const found: Answer[] = [];
    this.#answers.set(token, (answer) => found.push(answer));
    this.#input(this.#get(id), { kind: "summarise", token, run });
    for (let waited = 0; found.length === 0 && waited < 5000; waited += 10) this.runFor(10);
    if (found[0] === undefined) throw new Error(`${id} gave no summary of ${run} within 5 s`);
    return found[0];
  }

  runFor(ms: number): void {
    this.#queue.runUntil(this.nowMs + ms);
  }

  #get(id: string): SimulatedAgent {
    const agent = this.#agents.get(id);
    if (agent === undefined) throw new Error(`no agent ${id}`);
    return agent;
  }

  #every(ms: number, agent: SimulatedAgent, run: () => void): void {
    this.#queue.after(ms, () => {
      if (!agent.alive) return;
      run();
      this.#every(ms, agent, run);
    });
  }

  #input(agent: SimulatedAgent, input: In): void {
    if (!agent.alive) return;
    this.#note(input.kind, agent.id);
    for (const effect of agent.machine.handle(input, this.nowMs)) this.#run(agent, effect);
  }

  #run(agent: SimulatedAgent, effect: Effect): void {
    switch (effect.kind) {
      case "send":
        return this.#send(agent, effect.to, effect.frame);
      case "broadcast":
        // Gossip reaches those who can be reached; the links flood the same news, so the simulator leaves it to them.
        return;
      case "neighbours":
        agent.wanted = effect.members;
        return this.#redial(agent);
      case "probe":
        return this.#connect(agent, effect.member.id);
      case "wakeAt":
        return this.#wakeAt(agent, effect.atMs);
      case "assign":
        return agent.engine.assign(effect.assignment, this.nowMs);
      case "answer":
        return this.#answers.get(effect.token)?.(effect.answer);
      case "emit":
        this.events.push({ agent: agent.id, event: effect.event });
        return;
      case "left":
        agent.alive = false;
        return this.#cutAll(agent);
    }
  }

  #wakeAt(agent: SimulatedAgent, atMs: number): void {
    agent.wakeAtMs = atMs;
    if (atMs === Infinity) return;
    this.#queue.at(atMs, () => {
      if (agent.wakeAtMs === atMs) this.#input(agent, { kind: "wake" });
    });
  }

  #report(agent: SimulatedAgent): void {
    agent.engine.run(this.nowMs);
    for (const snapshot of agent.engine.reports(this.nowMs)) this.#input(agent, { kind: "report", snapshot });
  }

  // --- links ---

  #latencyMs(): number {
    return 1 + this.#random.exponential(3);
  }

  #redial(agent: SimulatedAgent): void {
    const others = this.living().filter((id) => id !== agent.id);
    if (agent.links.size === 0 && others.length > 0) this.#connect(agent, this.#random.pick(others));
    for (const member of agent.wanted) if (!agent.links.has(member.id)) this.#connect(agent, member.id);
  }

  #connect(agent: SimulatedAgent, to: string, then: () => void = () => {}): void {
    this.#queue.after(2 * this.#latencyMs(), () => {
      const other = this.#agents.get(to);
      if (!agent.alive) return;
      if (other === undefined || !other.alive) return this.#input(agent, { kind: "refused", peer: to });
      if (!agent.links.has(to)) {
        agent.links.add(to);
        other.links.add(agent.id);
        this.#input(agent, { kind: "linkUp", peer: to });
        this.#input(other, { kind: "linkUp", peer: agent.id });
      }
      then();
    });
  }

  #send(agent: SimulatedAgent, to: string, frame: Frame): void {
    if (!agent.links.has(to)) return this.#connect(agent, to, () => this.#send(agent, to, frame));
    const link = `${agent.id}>${to}`;
    const atMs = Math.max(this.nowMs + this.#latencyMs(), this.#lastArrivalMs.get(link) ?? 0);
    this.#lastArrivalMs.set(link, atMs);
    this.frames++;
    this.#queue.at(atMs, () => {
      const other = this.#get(to);
      if (other.links.has(agent.id)) this.#input(other, { kind: "frame", from: agent.id, frame });
    });
  }

  #cutAll(agent: SimulatedAgent): void {
    for (const peer of agent.links) {
      this.#queue.after(CLOSE_DELAY_MS * (0.5 + this.#random.next()), () => {
        const other = this.#get(peer);
        if (other.links.delete(agent.id)) this.#input(other, { kind: "linkDown", peer: agent.id });
      });
    }
  }

  #note(kind: string, agent: string): void {
    for (const text of [kind, agent, String(this.nowMs)]) {
      for (let i = 0; i < text.length; i++) this.#hash = Math.imul(this.#hash ^ text.charCodeAt(i), 16777619);
    }
  }
}
