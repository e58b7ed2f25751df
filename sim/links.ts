// Links: TCP connections between agents, how they are made, what gets across, and how they end.

import type { In } from "../node/core/events.ts";
import type { Frame } from "../node/core/frame.ts";
import { FRAME_LISTS } from "../node/core/limits.ts";
import type { Agent } from "./agent.ts";
import type { Cuts } from "./cuts.ts";
import { KIND } from "./kinds.ts";
import { type Network, RETRANSMIT_MS } from "./network.ts";
import type { EventQueue } from "./queue.ts";
import { Wire } from "./wire.ts";

/** How long an end tries before it gives the link up. */
const GIVE_UP_MS = 15_000;
/** A crash closes the sockets; peers notice within a round trip or so. */
const CLOSE_DELAY_MS = 50;
/** A firewall's answer. */
const REJECT_DELAY_MS = 10;

const LISTS = Object.keys(FRAME_LISTS) as (keyof typeof FRAME_LISTS)[];

/** The end of the stream, in order with the frames before it. */
const CLOSE: Frame = Object.freeze({});

export interface LinksHost {
  input(agent: Agent, input: In): void;
  /** What an agent that speaks an older version makes of a frame. */
  age(frame: Frame): Frame;
}

export class Links {
  readonly #queue: EventQueue;
  readonly #network: Network;
  readonly #cuts: Cuts;
  readonly #host: LinksHost;
  /** Frames sent. */
  frames = 0;
  /** Some agents speak an older version: their frames have to be looked at. */
  someAreOld = false;
  /** When the last frame on each wire arrives, since links keep order. In one place: a field would be boxed anew each time. */
  #lastArrivalMs = new Float64Array(1024);
  #wires = 0;
  #aged: { readonly from: Frame; readonly to: Frame } | null = null;

  constructor(queue: EventQueue, network: Network, cuts: Cuts, host: LinksHost) {
    this.#queue = queue;
    this.#network = network;
    this.#cuts = cuts;
    this.#host = host;
  }

  /** A connection has been made. An end that the peer still holds of an older one is closed first. */
  establish(from: Agent, to: Agent): void {
    if (from.links.has(to.id)) return;
    const stale = to.links.get(from.id);
    if (stale !== undefined) this.#end(stale);
    const there = this.#wire(from, to);
    const back = this.#wire(to, from);
    there.back = back;
    back.back = there;
    from.links.set(to.id, there);
    to.links.set(from.id, back);
    this.#host.input(from, { kind: "linkUp", peer: to.id });
    this.#host.input(to, { kind: "linkUp", peer: from.id });
  }

  /** @throws on a frame that no agent would take */
  send(wire: Wire, frame: Frame): void {
    for (const list of LISTS) {
      const count = frame[list]?.length ?? 0;
      if (count > FRAME_LISTS[list]) throw new Error(`${wire.from.id} tells ${count} ${list} in a frame`);
    }
    this.frames++;
    this.#transmit(wire, this.someAreOld && (wire.from.isOld || wire.to.isOld) ? this.#age(frame) : frame);
  }

  /** What was sent before still gets across. */
  unlink(wire: Wire): void {
    const { from, to } = wire;
    this.#transmit(wire, CLOSE);
    wire.isUp = false;
    wire.lingers = true;
    if (from.links.get(to.id) === wire) from.links.delete(to.id);
    this.#queue.push(this.#queue.nowMs, KIND.input, from, { kind: "linkDown", peer: to.id });
  }

  /** The process is gone: its kernel closes what it held. `atOnce` if it had time to close them itself. */
  closeAll(agent: Agent, atOnce: boolean): void {
    for (const wire of agent.links.values()) {
      const delayMs = atOnce ? 0 : CLOSE_DELAY_MS * this.#network.random.between(0.5, 1.5);
      this.#queue.push(this.#queue.nowMs + delayMs, KIND.call, null, () => {
        if (!wire.isUp) return;
        this.#transmit(wire, CLOSE);
        wire.isUp = false;
        wire.lingers = atOnce;
      });
    }
    agent.links.clear();
  }

  arrive(wire: Wire, frame: Frame): void {
    const { back } = wire;
    if (!back.isUp) return frame === CLOSE || back.lingers ? undefined : this.#reset(wire);
    if (!wire.to.isRunning) return;
    if (frame === CLOSE) return this.#end(back);
    this.#host.input(wire.to, { kind: "frame", from: wire.from.id, frame });
  }

  retry(wire: Wire): void {
    if (wire.held.length === 0) return;
    const nowMs = this.#queue.nowMs;
    if (!this.#isBlocked(wire.from, wire.to)) {
      const { held } = wire;
      wire.held = [];
      wire.isHeld = false;
      for (const frame of held) this.#transmit(wire, frame);
      return;
    }
    const giveUpMs = wire.heldSinceMs + GIVE_UP_MS;
    if (nowMs >= giveUpMs) {
      wire.held = [];
      if (wire.isUp) this.#end(wire);
      return;
    }
    wire.retryMs *= 2;
    this.#queue.push(Math.min(nowMs + wire.retryMs, giveUpMs), KIND.retry, wire, null);
  }

  /** After cuts have changed, or a machine has lost power. */
  refresh(agents: Iterable<Agent>): void {
    for (const { links } of agents) {
      for (const wire of links.values()) {
        const isBlocked = this.#isBlocked(wire.from, wire.to);
        wire.isHeld = isBlocked || wire.held.length > 0;
        if (!isBlocked || this.#cuts.path(wire.from.index, wire.to.index) !== "reject") continue;
        const atMs = this.#queue.nowMs + this.#network.random.between(0, REJECT_DELAY_MS);
        this.#queue.push(atMs, KIND.turn, wire.from, () => this.#end(wire));
      }
    }
  }

  #wire(from: Agent, to: Agent): Wire {
    const index = this.#wires++;
    if (index === this.#lastArrivalMs.length) {
      const before = this.#lastArrivalMs;
      this.#lastArrivalMs = new Float64Array(2 * index);
      this.#lastArrivalMs.set(before);
    }
    return new Wire(index, from, to, this.#isBlocked(from, to));
  }

  #isBlocked(from: Agent, to: Agent): boolean {
    if (from.state === "unplugged" || to.state === "unplugged") return true;
    return this.#cuts.path(from.index, to.index) !== "open";
  }

  #transmit(wire: Wire, frame: Frame): void {
    if (wire.isHeld) return this.#hold(wire, frame);
    const network = this.#network;
    const nowMs = this.#queue.nowMs;
    let atMs = nowMs + network.latencyMs();
    if (network.isHostile) {
      atMs += network.retransmissionMs();
      if (network.duplicates()) this.#queue.push(atMs + network.latencyMs(), KIND.frame, wire, frame);
      if (network.reorders()) return this.#queue.push(atMs + network.detourMs(), KIND.frame, wire, frame);
    }
    const last = this.#lastArrivalMs;
    if (atMs < last[wire.index]!) atMs = last[wire.index]!;
    last[wire.index] = atMs;
    this.#queue.push(atMs, KIND.frame, wire, frame);
  }

  #hold(wire: Wire, frame: Frame): void {
    if (wire.held.length === 0) {
      wire.isHeld = true;
      wire.heldSinceMs = this.#queue.nowMs;
      wire.retryMs = RETRANSMIT_MS;
      this.#queue.push(this.#queue.nowMs + RETRANSMIT_MS, KIND.retry, wire, null);
    }
    wire.held.push(frame);
  }

  /** Nobody holds the other end any more: its host says so, if it can be heard. */
  #reset(wire: Wire): void {
    if (!wire.isUp || this.#isBlocked(wire.to, wire.from)) return;
    this.#queue.push(this.#queue.nowMs + this.#network.latencyMs(), KIND.frame, wire.back, CLOSE);
  }

  /** `from` learns that its end is closed. */
  #end(wire: Wire): void {
    if (!wire.isUp) return;
    const { from, to } = wire;
    wire.isUp = false;
    wire.held = [];
    if (from.links.get(to.id) === wire) from.links.delete(to.id);
    this.#host.input(from, { kind: "linkDown", peer: to.id });
  }

  /** The same frame goes to many: it is made older once. */
  #age(frame: Frame): Frame {
    if (frame === CLOSE) return frame;
    if (this.#aged?.from !== frame) this.#aged = { from: frame, to: this.#host.age(frame) };
    return this.#aged.to;
  }
}
