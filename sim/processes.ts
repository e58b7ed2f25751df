// Runs the machines of all agents: hands them what is due, does what they say, and stops them as SIGSTOP would.

import type { Answer, Effect, In, SwarmEvent } from "../node/core/events.ts";
import type { Frame } from "../node/core/frame.ts";
import type { Agent } from "./agent.ts";
import type { Dialer } from "./dialer.ts";
import type { Directory } from "./directory.ts";
import { EventHash } from "./event-hash.ts";
import { KIND } from "./kinds.ts";
import type { Links } from "./links.ts";
import type { Network } from "./network.ts";
import type { EventQueue } from "./queue.ts";
import type { Wire } from "./wire.ts";

const REPORT_EVERY_MS = 1000;
/** More events than this at one instant: some agent asks for ever to be woken at once. */
const MOST_AT_ONCE = 5_000_000;

export interface ProcessesParts {
  readonly queue: EventQueue;
  readonly network: Network;
  readonly links: Links;
  readonly dialer: Dialer;
  readonly directory: Directory;
  event(agent: Agent, event: SwarmEvent): void;
}

export class Processes {
  readonly answers = new Map<number, (answer: Answer) => void>();
  readonly #parts: ProcessesParts;
  readonly #queue: EventQueue;
  readonly #hash = new EventHash();

  constructor(parts: ProcessesParts) {
    this.#parts = parts;
    this.#queue = parts.queue;
  }

  get eventHash(): string {
    return this.#hash.text;
  }

  started(agent: Agent): void {
    const { dialer, network } = this.#parts;
    // As mesh/shell.ts does, so that the machine can ask for what it needs from now on.
    this.input(agent, { kind: "wake" });
    dialer.start(agent);
    const report = (): void => {
      this.#report(agent);
      this.#queue.push(this.#queue.nowMs + REPORT_EVERY_MS, KIND.turn, agent, report);
    };
    this.#queue.push(this.#queue.nowMs + REPORT_EVERY_MS * network.random.next(), KIND.turn, agent, report);
  }

  runUntil(untilMs: number): void {
    const queue = this.#queue;
    let lastMs = queue.nowMs;
    let atOnce = 0;
    while (queue.take(untilMs)) {
      this.#dispatch(queue.kind, queue.subject, queue.payload);
      atOnce = queue.nowMs === lastMs ? atOnce + 1 : 0;
      lastMs = queue.nowMs;
      if (atOnce > MOST_AT_ONCE) throw new Error(`time stands still at ${lastMs} ms`);
    }
  }

  /** One input for an agent's machine, as soon as its main thread runs. */
  input(agent: Agent, input: In): void {
    if (!agent.isRunning) return;
    if (agent.isStalled) {
      agent.inbox.push({ kind: KIND.input, subject: agent, payload: input });
      return;
    }
    const nowMs = this.#queue.nowMs;
    this.#hash.add(input.kind, agent.index, nowMs);
    const effects = agent.machine.handle(input, agent.clock.at(nowMs));
    for (let i = 0; i < effects.length; i++) this.#run(agent, effects[i]!);
  }

  /** The main thread stands still until then. */
  stall(agent: Agent, untilMs: number): void {
    if (!agent.isRunning) return;
    agent.isStalled = true;
    agent.stalledUntilMs = Math.max(agent.stalledUntilMs, untilMs);
    this.#queue.push(untilMs, KIND.call, null, () => this.#resume(agent));
  }

  /** All threads stand still until then. */
  freeze(agent: Agent, untilMs: number): void {
    if (!agent.isRunning) return;
    if (!agent.isFrozen) agent.engine.run(agent.clock.at(this.#queue.nowMs));
    agent.isFrozen = true;
    agent.frozenUntilMs = Math.max(agent.frozenUntilMs, untilMs);
    this.stall(agent, untilMs);
  }

  /** The load threads first, with the lease they know of; then the timers that are due, then what came in. */
  #resume(agent: Agent): void {
    const nowMs = this.#queue.nowMs;
    if (!agent.isRunning) return;
    if (agent.isFrozen && nowMs >= agent.frozenUntilMs) {
      agent.isFrozen = false;
      agent.engine.thaw(agent.clock.at(nowMs));
    }
    if (!agent.isStalled || nowMs < agent.stalledUntilMs) return;
    agent.isStalled = false;
    if (agent.wakeAtMs <= nowMs) this.#wake(agent);
    // A turn may stall it again: then the rest waits on.
    const waiting = agent.inbox.splice(0);
    for (const { kind, subject, payload } of waiting) this.#dispatch(kind, subject, payload);
  }

  #dispatch(kind: number, subject: unknown, payload: unknown): void {
    switch (kind) {
      case KIND.frame: {
        const wire = subject as Wire;
        if (wire.to.isStalled) return this.#wait(wire.to, kind, subject, payload);
        return this.#parts.links.arrive(wire, payload as Frame);
      }
      case KIND.wake: {
        const agent = subject as Agent;
        // Another timer has taken this one's place.
        if (agent.timerAtMs !== this.#queue.nowMs) return;
        agent.timerAtMs = Number.POSITIVE_INFINITY;
        if (agent.isStalled) return;
        return agent.wakeAtMs > this.#queue.nowMs ? this.#setTimer(agent) : this.#wake(agent);
      }
      case KIND.retry:
        return this.#parts.links.retry(subject as Wire);
      case KIND.input:
        return this.input(subject as Agent, payload as In);
      case KIND.turn: {
        const agent = subject as Agent;
        if (!agent.isRunning) return;
        if (agent.isStalled) return this.#wait(agent, kind, subject, payload);
        return (payload as () => void)();
      }
      case KIND.call:
        return (payload as () => void)();
    }
  }

  #wait(agent: Agent, kind: number, subject: unknown, payload: unknown): void {
    if (agent.isRunning) agent.inbox.push({ kind, subject, payload });
  }

  #run(agent: Agent, effect: Effect): void {
    const { links, dialer, event } = this.#parts;
    // Nearly all of them are this one.
    if (effect.kind === "send") {
      const wire = agent.links.get(effect.to);
      return wire === undefined ? dialer.dial(agent, effect.to, true, effect.frame) : links.send(wire, effect.frame);
    }
    const localMs = agent.clock.at(this.#queue.nowMs);
    switch (effect.kind) {
      case "broadcast":
        // Gossip reaches those who can be reached; the links flood the same news, so the simulator leaves it to them.
        return;
      case "neighbours":
        return dialer.hold(agent, effect.members);
      case "probe":
        return dialer.dial(agent, effect.member.id, true);
      case "unlink": {
        const wire = agent.links.get(effect.peer);
        return wire === undefined ? undefined : links.unlink(wire);
      }
      case "wakeAt":
        agent.wakeAtMs = effect.atMs === Number.POSITIVE_INFINITY ? effect.atMs : agent.clock.fires(effect.atMs);
        return this.#setTimer(agent);
      case "clock":
        return agent.engine.clock(effect.offsetMs, localMs);
      case "lease":
        return agent.engine.lease(effect.untilMs, localMs);
      case "assign":
        return agent.engine.assign(effect.assignment, localMs);
      case "answer": {
        const then = this.answers.get(effect.token);
        this.answers.delete(effect.token);
        return then?.(effect.answer);
      }
      case "emit":
        return event(agent, effect.event);
      case "left":
        return this.#gone(agent);
    }
  }

  /** An event earlier than needed is left in the queue, and looks again when it comes. */
  #setTimer(agent: Agent): void {
    if (agent.wakeAtMs >= agent.timerAtMs || agent.wakeAtMs === Number.POSITIVE_INFINITY) return;
    agent.timerAtMs = Math.max(agent.wakeAtMs, this.#queue.nowMs);
    this.#queue.push(agent.timerAtMs, KIND.wake, agent, null);
  }

  #wake(agent: Agent): void {
    agent.wakeAtMs = Number.POSITIVE_INFINITY;
    this.input(agent, { kind: "wake" });
  }

  #report(agent: Agent): void {
    const localMs = agent.clock.at(this.#queue.nowMs);
    agent.engine.run(localMs);
    for (const snapshot of agent.engine.reports(localMs)) this.input(agent, { kind: "report", snapshot });
  }

  #gone(agent: Agent): void {
    agent.engine.end(agent.clock.at(this.#queue.nowMs));
    agent.state = "left";
    this.#parts.directory.forget(agent);
    this.#parts.links.closeAll(agent, true);
  }
}
