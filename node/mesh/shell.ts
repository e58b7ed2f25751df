// The shell around the swarm machine: feeds it what happens, with the time, and does what it says.

import type { Logger } from "pino";
import type { Answer, Effect, In, SwarmEvent } from "../core/events.ts";
import type { Frame } from "../core/frame.ts";
import { type SelfDescription, SwarmMachine } from "../core/machine.ts";
import type { Assignment } from "../plan/schedule.ts";
import type { SwarmClock } from "./clock.ts";
import type { Network, NetworkEvents } from "./network.ts";

export interface ShellOptions {
  readonly self: SelfDescription;
  readonly clock: SwarmClock;
  readonly network: Network;
  readonly log: Logger;
  assign(assignment: Assignment): void;
  event(event: SwarmEvent): void;
}

/** setTimeout fires at once for longer delays. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** An input that is answered, without the token that finds its way back. */
type Question =
  | Omit<Extract<In, { kind: "publish" }>, "token">
  | Omit<Extract<In, { kind: "stop" }>, "token">
  | Omit<Extract<In, { kind: "summarise" }>, "token">;

export class Shell implements NetworkEvents {
  readonly machine: SwarmMachine;
  readonly #options: ShellOptions;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  /** Still to be handled. */
  readonly #inputs: In[] = [];
  #busy = false;
  #stopped = false;
  #nextToken = 1;
  #timer: NodeJS.Timeout | null = null;
  #whenLeft: () => void = () => {};
  /** Resolves when a leave is complete: shares moved on, results handed over. */
  readonly left: Promise<void>;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.machine = new SwarmMachine(options.self, options.clock.nowMs());
    this.left = new Promise((resolve) => {
      this.#whenLeft = resolve;
    });
  }

  /** In order: what an effect sets off at once (a link that breaks as it is written to) waits until all are run. */
  input(input: In): void {
    if (this.#stopped) return;
    this.#inputs.push(input);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const effect of this.machine.handle(next, this.#options.clock.nowMs())) this.#run(effect);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** An input that is answered, now or when others have answered. */
  ask(question: Question): Promise<Answer> {
    const token = this.#nextToken++;
    return new Promise((resolve) => {
      this.#answers.set(token, resolve);
      this.input({ ...question, token } as In);
    });
  }

  /** What comes later is not handled any more. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  linkUp(peer: string): void {
    this.input({ kind: "linkUp", peer });
  }

  linkDown(peer: string): void {
    this.input({ kind: "linkDown", peer });
  }

  refused(peer: string): void {
    this.input({ kind: "refused", peer });
  }

  frame(from: string, frame: Frame): void {
    this.input({ kind: "frame", from, frame });
  }

  topic(frame: Frame): void {
    this.input({ kind: "frame", from: "", frame: { runs: frame.runs ?? [] } });
  }

  #run(effect: Effect): void {
    const { network } = this.#options;
    switch (effect.kind) {
      case "send": {
        const member = this.machine.members.get(effect.to);
        network.send({ id: effect.to, addresses: member?.addresses ?? [] }, effect.frame);
        return;
      }
      case "broadcast":
        return network.broadcast(effect.frame);
      case "neighbours":
        return network.hold(effect.members);
      case "probe":
        return network.probe(effect.member);
      case "wakeAt":
        return this.#wakeAt(effect.atMs);
      case "assign":
        return this.#options.assign(effect.assignment);
      case "answer": {
        const resolve = this.#answers.get(effect.token);
        this.#answers.delete(effect.token);
        return resolve?.(effect.answer);
      }
      case "emit":
        return this.#options.event(effect.event);
      case "left":
        return this.#whenLeft();
    }
  }

  #wakeAt(atMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (atMs === Number.POSITIVE_INFINITY) return;
    const inMs = Math.max(0, Math.ceil(atMs - this.#options.clock.nowMs()));
    this.#timer = setTimeout(() => this.input({ kind: "wake" }), Math.min(inMs, LONGEST_TIMER_MS));
  }
}
