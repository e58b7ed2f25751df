// The shell around the swarm machine: feeds it what happens, with the time, and does what it says.

import type { Logger } from "./logger.ts";
import type { Answer, Effect, In, SelfDescription, SwarmEvent } from "../core/events.ts";
import type { Frame } from "../core/frame.ts";
import { SwarmMachine } from "../core/machine.ts";
import type { Assignment } from "../plan/schedule.ts";
import type { SwarmClock } from "./clock.ts";
import type { Network, NetworkEvents } from "./network.ts";

export interface ShellOptions {
  readonly self: SelfDescription;
  readonly clock: SwarmClock;
  readonly network: Network;
  readonly log: Logger;
  assign(assignment: Assignment): void;
  /** No load after this local time. */
  lease(untilMs: number): void;
  /** Swarm time is local time plus this from now on. */
  clockOffset(offsetMs: number): void;
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
  /** Local time at which the machine wants to be woken, and at which the timer will look. */
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #looksAtMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #whenLeft: () => void = () => {};
  /** Resolves when a leave is complete: shares moved on, results handed over. */
  readonly left: Promise<void>;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.machine = new SwarmMachine(options.self, options.clock.localMs());
    this.left = new Promise((resolve) => {
      this.#whenLeft = resolve;
    });
  }

  /** Lets the machine begin: what it asks for at the start is done from now on. */
  start(): void {
    this.input({ kind: "wake" });
  }

  /** In order: what an effect sets off at once (a link that breaks as it is written to) waits until all are run. */
  input(input: In): void {
    if (this.#stopped) return;
    this.#inputs.push(input);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const effect of this.machine.handle(next, this.#options.clock.localMs())) this.#run(effect);
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

  isMember(peer: string): boolean {
    const known = this.machine.members.get(peer);
    return known !== undefined && known.fromMs < Number.POSITIVE_INFINITY && known.untilMs === Number.POSITIVE_INFINITY;
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

  unreachable(peer: string): void {
    this.input({ kind: "unreachable", peer });
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
      case "unlink":
        return network.unlink(effect.peer);
      case "wakeAt":
        return this.#wakeAt(effect.atMs);
      case "clock":
        return this.#options.clockOffset(effect.offsetMs);
      case "lease":
        return this.#options.lease(effect.untilMs);
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

  /** Mostly later than before: then the timer stays, and when it looks it sets itself anew. */
  #wakeAt(atMs: number): void {
    this.#wakeAtMs = atMs;
    if (atMs < this.#looksAtMs && !this.#stopped) this.#lookIn(atMs - this.#options.clock.localMs());
  }

  #lookIn(waitMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#looksAtMs = this.#wakeAtMs;
    this.#timer = setTimeout(this.#look, Math.min(Math.max(0, Math.ceil(waitMs)), LONGEST_TIMER_MS));
  }

  readonly #look = (): void => {
    this.#timer = null;
    this.#looksAtMs = Number.POSITIVE_INFINITY;
    const waitMs = this.#wakeAtMs - this.#options.clock.localMs();
    if (waitMs > 0) {
      if (waitMs < Number.POSITIVE_INFINITY) this.#lookIn(waitMs);
      return;
    }
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.input({ kind: "wake" });
  };
}
