// A few machines on a network in this process: every frame takes a while, clocks may differ, links can fail.

import type { Effect, In, SelfDescription, SwarmEvent } from "../../node/core/events.ts";
import type { Frame } from "../../node/core/frame.ts";
import { SwarmMachine } from "../../node/core/machine.ts";
import type { Assignment } from "../../node/plan/schedule.ts";
import { CIRCLE } from "../../node/plan/stripe.ts";
import { NOW } from "./support.ts";

const REDIAL_MS = 500;
const TURNS_AT_ONCE = 10_000;

export interface AgentOptions extends Partial<SelfDescription> {
  /** How far its clock is ahead. */
  readonly clockMs?: number;
  /** Part of the time by which it runs too fast. */
  readonly drift?: number;
  /** How much later than it asked for it is woken. */
  readonly lateMs?: number;
}

export class Agent {
  readonly id: string;
  readonly machine: SwarmMachine;
  /** Its local time minus the true one, at NOW and growing from then on. */
  readonly #clockMs: number;
  readonly #drift: number;
  readonly #lateMs: number;
  readonly effects: Effect[] = [];
  readonly links = new Set<string>();
  wanted: readonly string[] = [];
  wakeAtMs = Number.NEGATIVE_INFINITY;
  leaseMs = Number.NEGATIVE_INFINITY;
  offsetMs = 0;
  assignment: Assignment | null = null;
  isUp = true;

  constructor(id: string, nowMs: number, { clockMs = 0, drift = 0, lateMs = 0, ...more }: AgentOptions) {
    this.id = id;
    this.#clockMs = clockMs;
    this.#drift = drift;
    this.#lateMs = lateMs;
    const self = { id, name: id, zone: "", addresses: [id], api: "", weight: 1, startLeadMs: 2000 };
    this.machine = new SwarmMachine({ ...self, ...more }, this.localMs(nowMs));
  }

  localMs(nowMs: number): number {
    return nowMs + this.#clockMs + (nowMs - NOW) * this.#drift;
  }

  /** The true time at which it is woken if nothing else happens. */
  get wakeMs(): number {
    return NOW + (this.wakeAtMs - this.#clockMs - NOW) / (1 + this.#drift) + this.#lateMs;
  }

  /** Swarm time as it knows it. */
  swarmMs(nowMs: number): number {
    return this.localMs(nowMs) + this.offsetMs;
  }

  events(): SwarmEvent[] {
    return this.effects.flatMap((effect) => (effect.kind === "emit" ? [effect.event] : []));
  }

  sent(to?: string): Frame[] {
    return this.effects.flatMap((one) => (one.kind === "send" && (to === undefined || one.to === to) ? [one.frame] : []));
  }

  /** `number:members` of the view it has adopted. */
  view(): string {
    const { number, members } = this.machine.view();
    return `${number}:${members.join("")}`;
  }

  /** Part of the rate of the last assigned run that it offers at an instant of true time. */
  offered(nowMs: number): number {
    const swarmMs = this.swarmMs(nowMs);
    const { assignment } = this;
    if (!this.isUp || assignment === null || this.localMs(nowMs) >= this.leaseMs) return 0;
    if (swarmMs < assignment.startAtMs || swarmMs >= assignment.endAtMs) return 0;
    return (assignment.segments.findLast((one) => one.fromMs <= swarmMs)?.stripe.width ?? 0) / CIRCLE;
  }
}

export class Swarm {
  readonly agents = new Map<string, Agent>();
  nowMs = NOW;
  /** What every frame takes, and the news that a link is up or down. */
  latencyMs: number;
  readonly #queue: { readonly atMs: number; readonly to: Agent; readonly input: In }[] = [];
  /** Between these and the others nothing comes through; links stay as they are, as TCP shows it. */
  #cut = new Set<string>();
  #redialMs = NOW;

  constructor(latencyMs = 1) {
    this.latencyMs = latencyMs;
  }

  start(id: string, more: AgentOptions = {}): Agent {
    const agent = new Agent(id, this.nowMs, more);
    this.agents.set(id, agent);
    this.input(id, { kind: "wake" });
    return agent;
  }

  /** Started one after another and linked to the first, until they are one view. */
  static of(ids: string, more: AgentOptions = {}): Swarm {
    const swarm = new Swarm();
    for (const id of ids) {
      swarm.start(id, more);
      if (id !== ids[0]) swarm.link(ids[0]!, id);
      swarm.pass(10);
    }
    swarm.pass(15_000);
    return swarm;
  }

  of(id: string): Agent {
    return this.agents.get(id)!;
  }

  views(): string[] {
    return [...new Set([...this.agents.values()].filter((agent) => agent.isUp).map((agent) => agent.view()))];
  }

  /** What all of them offer together. */
  offered(): number {
    return [...this.agents.values()].reduce((sum, agent) => sum + agent.offered(this.nowMs), 0);
  }

  /** Everything they want done at once is done; what takes time is not. Returns the effects. */
  input(id: string, input: In): Effect[] {
    const agent = this.of(id);
    if (!agent.isUp) return [];
    const effects = agent.machine.handle(input, agent.localMs(this.nowMs));
    agent.effects.push(...effects);
    for (const effect of effects) this.#run(agent, effect);
    return effects;
  }

  link(a: string, b: string): void {
    const [one, other] = [this.of(a), this.of(b)];
    if (one.links.has(b) || a === b) return;
    one.links.add(b);
    other.links.add(a);
    this.#later(one, { kind: "linkUp", peer: b });
    this.#later(other, { kind: "linkUp", peer: a });
  }

  unlink(a: string, b: string): void {
    const [one, other] = [this.of(a), this.of(b)];
    if (!one.links.delete(b)) return;
    other.links.delete(a);
    this.#later(one, { kind: "linkDown", peer: b });
    this.#later(other, { kind: "linkDown", peer: a });
  }

  /** Its process is gone: links close, and dialling it is refused. */
  crash(id: string): void {
    this.of(id).isUp = false;
    for (const peer of Array.from(this.of(id).links)) this.unlink(id, peer);
  }

  cut(ids: string): void {
    this.#cut = new Set(ids);
  }

  heal(): void {
    this.cut("");
  }

  /** Time passes; `look` is called every `everyMs` of it. */
  pass(ms: number, look: () => void = () => {}, everyMs = 50): void {
    const endMs = this.nowMs + ms;
    for (let lookMs = this.nowMs + everyMs; this.nowMs < endMs; lookMs += everyMs) {
      this.#passUntil(Math.min(lookMs, endMs));
      look();
    }
  }

  #passUntil(endMs: number): void {
    for (let turns = 0, sinceMs = this.nowMs; ; turns++) {
      const next = this.#queue[0]?.atMs ?? Number.POSITIVE_INFINITY;
      const awake = [...this.agents.values()].filter((agent) => agent.isUp);
      const wakeMs = Math.min(...awake.map((agent) => agent.wakeMs));
      const atMs = Math.max(this.nowMs, Math.min(next, wakeMs, this.#redialMs));
      if (atMs > endMs) break;
      if (atMs > sinceMs) [turns, sinceMs] = [0, atMs];
      if (turns > TURNS_AT_ONCE) throw new Error("agents keep each other, or themselves, awake without end");
      this.nowMs = atMs;
      if (this.#redialMs <= atMs) this.#redial();
      else if (next <= wakeMs) this.#arrive();
      else this.#wake(awake.find((agent) => agent.wakeMs === wakeMs)!);
    }
    this.nowMs = endMs;
  }

  #arrive(): void {
    const { to, input } = this.#queue.shift()!;
    const isStale = input.kind === "linkUp" && !to.links.has(input.peer);
    if (!isStale) this.input(to.id, input);
  }

  #wake(agent: Agent): void {
    agent.wakeAtMs = Number.POSITIVE_INFINITY;
    this.input(agent.id, { kind: "wake" });
  }

  #later(to: Agent, input: In): void {
    const atMs = this.nowMs + this.latencyMs;
    let i = this.#queue.length;
    while (i > 0 && this.#queue[i - 1]!.atMs > atMs) i--;
    this.#queue.splice(i, 0, { atMs, to, input });
  }

  #reaches(a: string, b: string): boolean {
    return this.#cut.has(a) === this.#cut.has(b);
  }

  #send(from: Agent, to: Agent, frame: Frame): void {
    if (this.#reaches(from.id, to.id)) this.#later(to, { kind: "frame", from: from.id, frame: structuredClone(frame) });
  }

  /** Over however many links: gossip goes everywhere. */
  #linkedTo(agent: Agent): Agent[] {
    const found = new Set([agent]);
    for (const one of found) for (const id of one.links) found.add(this.of(id));
    found.delete(agent);
    return [...found];
  }

  #dial(agent: Agent, id: string): void {
    const peer = this.agents.get(id);
    if (peer === undefined || agent.links.has(id) || !this.#reaches(agent.id, id)) return;
    if (peer.isUp) this.link(agent.id, id);
    else this.#later(agent, { kind: "refused", peer: id });
  }

  #redial(): void {
    this.#redialMs = this.nowMs + REDIAL_MS;
    for (const agent of this.agents.values()) if (agent.isUp) for (const id of agent.wanted) this.#dial(agent, id);
  }

  #run(agent: Agent, effect: Effect): void {
    switch (effect.kind) {
      case "send":
        if (agent.links.has(effect.to)) this.#send(agent, this.of(effect.to), effect.frame);
        return;
      case "broadcast":
        for (const other of this.#linkedTo(agent)) this.#send(agent, other, effect.frame);
        return;
      case "neighbours":
        agent.wanted = effect.members.map(({ id }) => id);
        for (const id of agent.wanted) this.#dial(agent, id);
        return;
      case "probe":
        return this.#dial(agent, effect.member.id);
      case "unlink":
        return this.unlink(agent.id, effect.peer);
      case "wakeAt":
        agent.wakeAtMs = effect.atMs;
        return;
      case "lease":
        agent.leaseMs = effect.untilMs;
        return;
      case "clock":
        agent.offsetMs = effect.offsetMs;
        return;
      case "assign":
        agent.assignment = effect.assignment;
        return;
    }
  }
}
