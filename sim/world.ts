// A seeded world in virtual time: agents that run the production core, a network between them, and what befalls both.

import type { Answer, In, SwarmEvent } from "../node/core/events.ts";
import type { Frame } from "../node/core/frame.ts";
import type { SwarmMachine } from "../node/core/machine.ts";
import type { Plan } from "../node/plan/types.ts";
import { Agent } from "./agent.ts";
import { EPOCH_MS, LocalClock } from "./clock.ts";
import { Cut, type CutOptions, Cuts } from "./cuts.ts";
import { Dialer } from "./dialer.ts";
import { Directory } from "./directory.ts";
import { SimulatedEngine } from "./engine.ts";
import { givesLeases, type Machine, type MakeMachine, productionCore } from "./inspect.ts";
import { KIND } from "./kinds.ts";
import { Links } from "./links.ts";
import { Network } from "./network.ts";
import { Processes } from "./processes.ts";
import { EventQueue } from "./queue.ts";
import { Random } from "./random.ts";
import { compactTables } from "./records.ts";
import { Target } from "./target.ts";

export { EPOCH_MS } from "./clock.ts";

const START_LEAD_MS = 2000;

export interface WorldOptions {
  readonly make: MakeMachine;
  /** `arrivals`: every single one, for small swarms. `shares`: only who offers what part of the rate. */
  readonly fidelity: "arrivals" | "shares";
  /** Clocks are wrong by up to this when agents start, and fast or slow by up to that. */
  readonly skewMs: number;
  readonly driftPpm: number;
  /** What an agent that speaks an older version makes of a frame. */
  age(frame: Frame): Frame;
  event(agent: Agent, event: SwarmEvent): void;
}

const DEFAULTS: WorldOptions = {
  make: productionCore,
  fidelity: "arrivals",
  skewMs: 0,
  driftPpm: 0,
  age: (frame) => frame,
  event: () => {},
};

export class World {
  readonly #options: WorldOptions;
  readonly #random: Random;
  readonly #queue = new EventQueue();
  readonly #directory = new Directory();
  readonly #cuts = new Cuts();
  readonly #links: Links;
  readonly #dialer: Dialer;
  readonly #target = new Target();
  readonly #tables = compactTables();
  readonly #processes: Processes;
  readonly network: Network;
  #nextToken = 1;
  #nextRealm = 1;

  constructor(seed: number, options: Partial<WorldOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
    this.#random = new Random(seed);
    this.network = new Network(this.#random);
    const { age, event } = this.#options;
    const input = (agent: Agent, what: In): void => this.#processes.input(agent, what);
    const parts = { queue: this.#queue, network: this.network, cuts: this.#cuts, directory: this.#directory };
    this.#links = new Links(this.#queue, this.network, this.#cuts, { input, age });
    this.#dialer = new Dialer({ ...parts, links: this.#links, input });
    this.#processes = new Processes({ ...parts, links: this.#links, dialer: this.#dialer, event });
  }

  get nowMs(): number {
    return EPOCH_MS + this.#queue.nowMs;
  }

  /** Since the simulation began. */
  get elapsedMs(): number {
    return this.#queue.nowMs;
  }

  get eventHash(): string {
    return this.#processes.eventHash;
  }

  /** What has arrived by now. */
  get target(): Target {
    for (const agent of this.#directory.agents) {
      if (agent.isRunning && !agent.isFrozen) agent.engine.run(agent.clock.at(this.#queue.nowMs));
    }
    return this.#target;
  }

  get frames(): number {
    return this.#links.frames;
  }

  get eventsTaken(): number {
    return this.#queue.taken;
  }

  /** All agents there have ever been, oldest first. */
  get agents(): readonly Agent[] {
    return this.#directory.agents;
  }

  running(): Agent[] {
    return this.#directory.agents.filter((agent) => agent.isRunning);
  }

  /** Ids of agents that run, oldest first. */
  living(): string[] {
    return this.running().map((agent) => agent.id);
  }

  /** The machine of an agent in a world of production cores. */
  agent(id: string): SwarmMachine {
    return this.#get(id).machine as Machine & SwarmMachine;
  }

  /** Ids of the members an agent holds links to, or dials until it does. */
  wantedBy(id: string): string[] {
    return this.#get(id).wanted.map((member) => member.id);
  }

  find(id: string): Agent | undefined {
    return this.#directory.get(id);
  }

  /** Starts an agent that knocks at some that run already, chosen at random. */
  join(): string {
    return this.#start(0).id;
  }

  /** Starts agents that know of each other only: a swarm of their own, until `introduce` or `merge`. */
  joinApart(count: number): string[] {
    const realm = this.#nextRealm++;
    return Array.from({ length: count }, () => this.#start(realm).id);
  }

  /** Has one agent dial another. */
  introduce(id: string, to: string): void {
    this.#dialer.dial(this.#get(id), to, false);
  }

  /** From now on all agents find each other's addresses. */
  merge(): void {
    this.#directory.merge();
  }

  /** kill -9: nothing more is sent, and its links close. */
  crash(id: string): void {
    this.#kill(this.#get(id), "crashed");
  }

  /** The machine loses power: nothing closes, nothing answers. */
  unplug(id: string): void {
    this.#kill(this.#get(id), "unplugged");
  }

  /** SIGTERM: resolved by the machine's own `left`. */
  leave(id: string): void {
    this.#processes.input(this.#get(id), { kind: "leave" });
  }

  /** SIGSTOP for a while: nothing runs, its links stay up, and what comes in waits. */
  pause(id: string, forMs: number): void {
    this.#processes.freeze(this.#get(id), this.#queue.nowMs + forMs);
  }

  /** Its main thread comes round only after as long as this, again and again; its load threads are well. */
  slow(id: string, [fromMs, toMs]: readonly [number, number], forMs: number): void {
    const agent = this.#get(id);
    const untilMs = this.#queue.nowMs + forMs;
    const turn = (): void => {
      if (!agent.isRunning || this.#queue.nowMs >= untilMs) return;
      const nextMs = this.#queue.nowMs + this.#random.between(fromMs, toMs);
      this.#processes.stall(agent, nextMs);
      this.at(nextMs, turn);
    };
    turn();
  }

  /** It speaks an older version from now on. */
  age(id: string): void {
    this.#get(id).isOld = true;
    this.#links.someAreOld = true;
  }

  /** It can send only this part of what is its share. */
  saturate(id: string, capacity: number): void {
    const agent = this.#get(id);
    if (agent.isRunning) agent.engine.saturate(capacity, agent.clock.at(this.#queue.nowMs));
  }

  /** Cuts the network until the cut is healed. Sides are lists of agents. */
  cut(options: CutOptions, sides: readonly (readonly string[])[]): Cut {
    const indices = sides.map((side) => side.map((id) => this.#get(id).index));
    const cut = new Cut(options, indices, this.#random.seed());
    this.#cuts.add(cut);
    this.#links.refresh(this.running());
    return cut;
  }

  heal(cut: Cut): void {
    this.#cuts.remove(cut);
    this.#links.refresh(this.running());
  }

  publish(id: string, plan: Plan, then: (answer: Answer) => void = () => {}, keyHash: string | null = null): void {
    const token = this.#nextToken++;
    this.#processes.answers.set(token, then);
    this.#processes.input(this.#get(id), { kind: "publish", token, plan, document: "", planHash: "simulated", keyHash });
  }

  stop(id: string, run: string): void {
    this.#processes.input(this.#get(id), { kind: "stop", token: this.#nextToken++, run });
  }

  /** One input for an agent's machine, as soon as its main thread runs. */
  input(id: string, input: In): void {
    this.#processes.input(this.#get(id), input);
  }

  /** Asks an agent; calls back when it answers. */
  ask(id: string, run: string, then: (answer: Answer) => void): void {
    const token = this.#nextToken++;
    this.#processes.answers.set(token, then);
    this.#processes.input(this.#get(id), { kind: "summarise", token, run });
  }

  /** Asks an agent and lets time pass until it has answered. */
  summary(id: string, run: string): Answer {
    const found: Answer[] = [];
    this.ask(id, run, (answer) => found.push(answer));
    for (let waited = 0; found.length === 0 && waited < 5000; waited += 10) this.runFor(10);
    if (found[0] === undefined) throw new Error(`${id} gave no summary of ${run} within 5 s`);
    return found[0];
  }

  /** Calls back at that time, in milliseconds since the simulation began. */
  at(elapsedMs: number, then: () => void): void {
    this.#queue.push(elapsedMs, KIND.call, null, then);
  }

  runFor(ms: number): void {
    this.#processes.runUntil(this.#queue.nowMs + ms);
  }

  #get(id: string): Agent {
    const agent = this.#directory.get(id);
    if (agent === undefined) throw new Error(`no agent ${id}`);
    return agent;
  }

  #start(realm: number): Agent {
    const { make, fidelity, skewMs, driftPpm } = this.#options;
    const index = this.agents.length;
    const id = interned(`${this.#random.seed().toString(16)}-${index}`);
    const clock = new LocalClock(this.#random.between(-skewMs, skewMs), this.#random.between(-driftPpm, driftPpm));
    const self = { id, name: id, zone: "", addresses: [id], api: "", weight: 1, startLeadMs: START_LEAD_MS };
    const startedAtMs = this.#queue.nowMs;
    const machine = make(self, clock.at(startedAtMs), this.#tables);
    const target = fidelity === "arrivals" ? this.#target : null;
    const engine = new SimulatedEngine({ member: id, clock, target, needsLease: givesLeases(machine) });
    const agent = new Agent({ index, id, realm, clock, machine, engine, startedAtMs });
    this.#directory.add(agent);
    this.#processes.started(agent);
    return agent;
  }

  #kill(agent: Agent, state: "crashed" | "unplugged"): void {
    if (!agent.isRunning) return;
    agent.engine.end(agent.clock.at(this.#queue.nowMs));
    agent.state = state;
    if (state === "unplugged") return this.#links.refresh(this.running());
    this.#directory.forget(agent);
    this.#links.closeAll(agent, false);
  }
}

/** The same text as names of properties are kept: two of these are told apart without looking into them. */
function interned(text: string): string {
  return Object.keys({ [text]: true })[0]!;
}
