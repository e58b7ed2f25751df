// Dialling in the simulator, as mesh/dialer.ts does it: hold links to wanted members, knock where agents may be found.

import type { In, MemberId, MemberRecord } from "../node/core/events.ts";
import type { Frame } from "../node/core/frame.ts";
import type { Agent, Dial } from "./agent.ts";
import type { Cuts } from "./cuts.ts";
import type { Directory } from "./directory.ts";
import { KIND } from "./kinds.ts";
import type { Links } from "./links.ts";
import type { Network } from "./network.ts";
import type { EventQueue } from "./queue.ts";

/** The figures of mesh/dialer.ts. */
const ROUND_MS = 1000;
const REDISCOVER_MS = 5000;
const KNOCKS = 8;
const DIAL_TIMEOUT_MS = 3000;
/** How often a kernel that gets no answer asks again, or looks whether a process that hangs takes the connection. */
const ASK_AGAIN_MS = 1000;
const ACCEPT_POLL_MS = 100;

export interface DialerParts {
  readonly queue: EventQueue;
  readonly network: Network;
  readonly cuts: Cuts;
  readonly links: Links;
  readonly directory: Directory;
  input(agent: Agent, input: In): void;
}

export class Dialer {
  readonly #parts: DialerParts;

  constructor(parts: DialerParts) {
    this.#parts = parts;
  }

  /** The loop of an agent, from its start on. */
  start(agent: Agent): void {
    if (!agent.isRunning) return;
    for (const member of agent.wanted) this.dial(agent, member.id, true);
    this.#discover(agent);
    const { queue, network } = this.#parts;
    queue.push(queue.nowMs + ROUND_MS * network.random.between(0.5, 1.5), KIND.turn, agent, () => this.start(agent));
  }

  hold(agent: Agent, members: readonly MemberRecord[]): void {
    agent.wanted = members;
    for (const member of members) this.dial(agent, member.id, true);
  }

  /** Dials unless there is a link or a dial under way. `reports`: the machine hears if it fails. */
  dial(agent: Agent, to: MemberId, reports: boolean, frame?: Frame): void {
    if (to === agent.id || agent.links.has(to)) return;
    const { queue, network } = this.#parts;
    const underWay = agent.dialling.get(to);
    if (underWay !== undefined) {
      underWay.reports ||= reports;
      if (frame !== undefined) underWay.frames.push(frame);
      return;
    }
    const frames = frame === undefined ? [] : [frame];
    const dial: Dial = { reports, frames, deadlineMs: queue.nowMs + DIAL_TIMEOUT_MS };
    agent.dialling.set(to, dial);
    this.#ask(agent, to, dial, 2 * network.latencyMs() + (network.isHostile ? network.handshakeLossMs() : 0));
  }

  #discover(agent: Agent): void {
    const { queue, network, directory } = this.#parts;
    const alone = agent.links.size === 0;
    if (!alone && queue.nowMs < agent.nextKnockMs) return;
    agent.nextKnockMs = queue.nowMs + REDISCOVER_MS * network.random.between(0.5, 1.5);
    for (const other of directory.sample(agent, alone ? KNOCKS : 1, network.random)) this.dial(agent, other.id, false);
  }

  #ask(agent: Agent, to: MemberId, dial: Dial, afterMs: number): void {
    const { queue } = this.#parts;
    const atMs = Math.min(queue.nowMs + afterMs, dial.deadlineMs);
    queue.push(atMs, KIND.call, null, () => this.#answer(agent, to, dial));
  }

  #answer(agent: Agent, to: MemberId, dial: Dial): void {
    if (!agent.isRunning) return;
    const { queue, cuts, links, directory } = this.#parts;
    const other = directory.get(to);
    const path = other === undefined ? "open" : cuts.path(agent.index, other.index);
    if (path === "reject") return this.#fail(agent, to, dial, "refused");
    if (queue.nowMs >= dial.deadlineMs) return this.#fail(agent, to, dial, "unreachable");
    if (other?.state === "unplugged" || path === "silent" || (other && cuts.path(other.index, agent.index) !== "open")) {
      return this.#ask(agent, to, dial, ASK_AGAIN_MS);
    }
    if (other === undefined || !other.isRunning) return this.#fail(agent, to, dial, "refused");
    // Its kernel takes the connection, but nobody does the handshake.
    if (other.isStalled) return this.#ask(agent, to, dial, ACCEPT_POLL_MS);
    agent.dialling.delete(to);
    links.establish(agent, other);
    const wire = agent.links.get(to);
    if (wire !== undefined) for (const frame of dial.frames) links.send(wire, frame);
  }

  #fail(agent: Agent, to: MemberId, dial: Dial, kind: "refused" | "unreachable"): void {
    agent.dialling.delete(to);
    // Somebody else's dial may have made the link in the meantime.
    if (dial.reports && !agent.links.has(to)) this.#parts.input(agent, { kind, peer: to });
  }
}
