// Does to a world what a scenario says, and notes when what happened.

import type { Agent } from "./agent.ts";
import { draw, howMany, sides, type TimedFault } from "./expand.ts";
import type { Conditions } from "./network.ts";
import { Random } from "./random.ts";
import type { Fault, Mark, MarkKind } from "./scenario.ts";
import type { World } from "./world.ts";

type Of<K extends Fault["kind"]> = Extract<Fault, { readonly kind: K }>;

export interface Line {
  /** Milliseconds since the simulation began. */
  readonly atMs: number;
  readonly text: string;
}

/** What only the one who published can do. */
export interface Control {
  stop(on: Agent): void;
  republish(on: Agent): void;
}

export class Attack {
  readonly #world: World;
  /** As many agents as the scenario is run with. */
  readonly #agents: number;
  readonly #control: Control;
  /** Of the fault that is being applied. */
  #number: number | null = null;
  readonly marks: Mark[];
  readonly timeline: Line[] = [];
  /** Agents that an unhealed cut has separated from most others, by index. */
  readonly #cutOff = new Map<object, ReadonlySet<number>>();
  /** What the network is like without the changes that last, and those. */
  #undisturbed: Conditions | null = null;
  readonly #disturbances = new Set<Partial<Conditions>>();
  /** Of `stop`: who could hear of it at that moment. */
  couldHear: ((agent: number) => boolean) | null = null;

  /** `marks`: what has happened before. */
  constructor(world: World, agents: number, control: Control, marks: Mark[]) {
    this.#world = world;
    this.#agents = agents;
    this.#control = control;
    this.marks = marks;
  }

  apply({ fault, seed, number }: TimedFault): void {
    const random = new Random(seed);
    this.#number = number;
    switch (fault.kind) {
      case "crash":
      case "unplug":
        return this.#kill(fault, random);
      case "leave":
        return this.#leave(fault, random);
      case "join":
        return this.#join(fault, random);
      case "restart":
        return this.#restart(fault, random);
      case "pause":
        return this.#pause(fault, random);
      case "slow":
        return this.#slow(fault, random);
      case "cut":
        return this.#cut(fault, random);
      case "network":
        return this.#network(fault);
      case "age":
        return this.#age(fault, random);
      case "saturate":
        return this.#saturate(fault, random);
      case "stop": {
        const on = this.#oneOfMost(random);
        const cutOff = [...this.#cutOff.values()];
        this.couldHear = (agent) => cutOff.every((some) => !some.has(agent));
        this.#control.stop(on);
        return this.#note("stop", `stop, asked of one agent`);
      }
      case "republish":
        this.#control.republish(random.pick(this.#world.running()));
        return this.#say("the same plan is published to another agent");
      case "merge":
        this.#world.merge();
        return this.#note("merge", "the swarms can find each other");
    }
  }

  /** Running agents chosen by the fault's own seed. Who stands still is spared: it would only be worse off. */
  #choose(who: Parameters<typeof howMany>[0], random: Random): Agent[] {
    const there = this.#world.running().filter((agent) => !agent.isFrozen);
    return random.shuffled(there).slice(0, howMany(who, this.#agents, there.length));
  }

  /** On the side of the majority while the network is cut. */
  #oneOfMost(random: Random): Agent {
    const cutOff = [...this.#cutOff.values()];
    const well = this.#world.running().filter((agent) => !agent.isFrozen && cutOff.every((some) => !some.has(agent.index)));
    return random.pick(well.length > 0 ? well : this.#world.running());
  }

  #kill({ kind, who }: Of<"crash" | "unplug">, random: Random): void {
    const chosen = this.#choose(who, random);
    for (const agent of chosen) this.#world[kind](agent.id);
    this.#note(kind, `${kind === "crash" ? "kill -9" : "power lost"}: ${people(chosen.length)}`);
  }

  #leave({ who, oldestFirst }: Of<"leave">, random: Random): void {
    const there = this.#world.running();
    const count = howMany(who, this.#agents, there.length);
    const chosen = oldestFirst === true ? there.slice(0, count) : this.#choose(who, random);
    for (const agent of chosen) this.#world.leave(agent.id);
    this.#note("leave", `SIGTERM: ${people(chosen.length)}`);
  }

  #join({ who, overS = 0 }: Of<"join">, random: Random): void {
    const count = howMany(who, this.#agents);
    for (let i = 0; i < count; i++) {
      if (overS === 0) this.#world.join();
      else this.#after(random.between(0, overS), () => void this.#world.join());
    }
    this.#note("join", `${people(count)} ${count === 1 ? "starts" : "start"}${overS === 0 ? "" : ` within ${overS} s`}`);
    if (overS > 0) this.#after(overS, () => this.#mark("join"));
  }

  #restart({ who, afterS }: Of<"restart">, random: Random): void {
    const chosen = this.#choose(who, random);
    for (const agent of chosen) {
      this.#world.crash(agent.id);
      this.#after(draw(afterS, random), () => {
        this.#world.join();
        this.#mark("join");
      });
    }
    this.#note("crash", `kill -9: ${people(chosen.length)}, each started afresh`);
  }

  #pause({ who, forS }: Of<"pause">, random: Random): void {
    const chosen = this.#choose(who, random);
    const seconds = draw(forS, random);
    for (const agent of chosen) this.#world.pause(agent.id, seconds * 1000);
    this.#note("pause", `SIGSTOP for ${seconds.toFixed(1)} s: ${people(chosen.length)}`);
    this.#after(seconds, () => this.#note("resume", `SIGCONT: ${people(chosen.length)}`));
  }

  #slow({ who, byMs, forS }: Of<"slow">, random: Random): void {
    const chosen = this.#choose(who, random);
    const seconds = draw(forS, random);
    for (const agent of chosen) this.#world.slow(agent.id, byMs, seconds * 1000);
    this.#note("pause", `main thread late by ${byMs.join("-")} ms for ${seconds.toFixed(1)} s: ${people(chosen.length)}`);
    this.#after(seconds, () => this.#note("resume", "main threads are well again"));
  }

  #cut(fault: Of<"cut">, random: Random): void {
    const endMs = this.#world.elapsedMs + 1000 * draw(fault.forS, random);
    const { flappingS } = fault;
    const phase = (isCut: boolean): void => {
      if (this.#world.elapsedMs >= endMs) return;
      const leftS = (endMs - this.#world.elapsedMs) / 1000;
      const forS = flappingS === undefined ? leftS : Math.min(leftS, random.between(flappingS[0], flappingS[1]));
      if (isCut) this.#cutOnce(fault, forS, random);
      this.#after(forS, () => phase(!isCut));
    };
    phase(true);
  }

  #cutOnce({ parts, style, oneWay = false, bothWaysAfterS }: Of<"cut">, forS: number, random: Random): void {
    const agents = random.shuffled(this.#world.running());
    const sizes = sides(parts, agents.length);
    const groups = sizes.map((size) => agents.splice(0, size));
    const cutNow = (isOneWay: boolean) =>
      this.#world.cut({ parts, style, oneWay: isOneWay }, groups.map((group) => group.map((agent) => agent.id)));
    const cut = cutNow(oneWay);
    const most = Math.max(...sizes);
    const isLost = (size: number, side: number): boolean => side !== sizes.indexOf(most) || 2 * size <= this.#agents;
    this.#cutOff.set(cut, new Set(groups.filter((group, side) => isLost(group.length, side)).flat().map((agent) => agent.index)));
    const how = `${style}${oneWay ? ", one way" : ""}`;
    this.#note("cut", `the network is cut, ${how}: ${sizes.join(" | ")}`);
    if (bothWaysAfterS !== undefined) {
      const afterS = Math.min(forS, draw(bothWaysAfterS, random));
      this.#after(afterS, () => {
        const other = cutNow(false);
        this.#say("and the other way");
        this.#after(forS - afterS, () => this.#world.heal(other));
      });
    }
    this.#after(forS, () => {
      this.#world.heal(cut);
      this.#cutOff.delete(cut);
      this.#note("heal", "the cut is healed");
    });
  }

  #network({ change, forS }: Of<"network">): void {
    const { network } = this.#world;
    const before = this.#disturbances.size === 0 ? network.conditions : this.#undisturbed!;
    this.#undisturbed = before;
    this.#disturbances.add(change);
    const become = (): void => network.become(Object.assign({ ...before }, ...this.#disturbances));
    become();
    this.#note("network", `the network: ${JSON.stringify(change)} for ${forS} s`);
    this.#after(forS, () => {
      this.#disturbances.delete(change);
      become();
      this.#note("network", "the network is calm again");
    });
  }

  #age({ who }: Of<"age">, random: Random): void {
    const chosen = this.#choose(who, random);
    for (const agent of chosen) this.#world.age(agent.id);
    this.#say(`${people(chosen.length)} speak an older version`);
  }

  #saturate({ who, to, forS }: Of<"saturate">, random: Random): void {
    const chosen = this.#choose(who, random);
    const become = (capacity: number): void => {
      for (const agent of chosen) this.#world.saturate(agent.id, capacity);
    };
    become(to);
    this.#note("saturate", `${people(chosen.length)} can send ${Math.round(100 * to)} % of what is theirs for ${forS} s`);
    this.#after(forS, () => become(1));
  }

  #after(seconds: number, then: () => void): void {
    const number = this.#number;
    this.#world.at(this.#world.elapsedMs + 1000 * seconds, () => {
      this.#number = number;
      then();
    });
  }

  #note(kind: MarkKind, text: string): void {
    this.#mark(kind);
    this.#say(text);
  }

  #mark(kind: MarkKind): void {
    this.marks.push({ atMs: this.#world.elapsedMs, kind });
  }

  #say(text: string): void {
    this.timeline.push({ atMs: this.#world.elapsedMs, text: `[${this.#number}] ${text}` });
  }
}

function people(count: number): string {
  return `${count} agent${count === 1 ? "" : "s"}`;
}
