// Many agents' results on a network in this process, all in one agreed view, without the rest of their machines.

import { AgreedView } from "../../node/core/agreement/view.ts";
import { Chain } from "../../node/core/agreement/chain.ts";
import type { Effect } from "../../node/core/events.ts";
import type { Frame } from "../../node/core/frame.ts";
import type { Surroundings } from "../../node/core/gathers.ts";
import { Members } from "../../node/core/members.ts";
import { Outbox } from "../../node/core/outbox.ts";
import { Results } from "../../node/core/results.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import type { Snapshot } from "../../node/metrics/results.ts";
import { Random } from "../support/random.ts";
import { member, NOW, plan, runOf } from "./support.ts";

const CLOSED_MS = 30;

/** Ten seconds that ended a minute ago, or are on, as `nowMs` says. */
export const RUN = runOf(plan(10, 10), NOW);

export class Node {
  readonly id: string;
  readonly out = new Outbox();
  readonly results: Results;
  readonly excluded = new Set<string>();
  readonly view: AgreedView;
  state: "up" | "crashed" | "paused" = "up";
  wakeAtMs = Infinity;
  /** What came while it was paused. */
  readonly inbox: (() => void)[] = [];

  constructor(id: string, view: AgreedView, members: Members, roundTripMs: () => number) {
    this.id = id;
    this.view = view;
    const { excluded } = this;
    const chain = new Chain(view);
    const position = view.positionOf(id);
    const surroundings: Surroundings = {
      agreement: { lineage: { id: "lineage", bornMs: 0 }, view, chain, isExcluded: (other) => excluded.has(other) },
      members,
      neighbours: view.neighboursOf(position).map((one) => view.members[one]!.id),
    };
    this.results = new Results(id, surroundings, this.out, () => true, roundTripMs);
  }
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class GatherNet {
  readonly nodes = new Map<string, Node>();
  readonly ids: readonly string[];
  readonly members = new Members();
  readonly random: Random;
  nowMs = NOW + 70_000;
  /** Frames that were sent, and links that were made, since the last look. */
  sent: Frame[] = [];
  dials = 0;
  /** How many pass the question of the last gather on, one after another, until it has come to the last one. */
  hops = 0;
  /** What every frame takes longer, and what agents have learnt of that. */
  farMs = 0;
  roundTripMs = 0;
  /** Part of the frames that arrive twice, and of those that are lost and sent again so much later. */
  duplicates = 0;
  losses = 0;
  lossMs = 0;
  #queue: Event[] = [];
  #order = 0;
  readonly #arrivedMs = new Map<string, number>();
  readonly #listeners = new Map<string, (summary: Summary) => void>();
  readonly #hopsTo = new Map<string, number>();
  #about = RUN;

  /** `without` are members of the run that are not in the view any more. */
  constructor(size: number, seed: number, without: readonly string[] = []) {
    this.random = new Random(seed);
    this.ids = Array.from({ length: size }, (_, i) => `m${String(i).padStart(4, "0")}`);
    for (const id of this.ids) this.members.merge(member(id));
    for (const id of without) this.members.merge(member(id, { state: "lost", untilMs: NOW + 5000 }));
    const view = viewOf(this.ids, 7);
    for (const id of this.ids) this.nodes.set(id, new Node(id, view, this.members, () => this.roundTripMs));
    view.members.forEach(({ id }, position) => {
      for (const neighbour of view.neighboursOf(position)) this.of(id).out.links.add(view.members[neighbour]!.id);
    });
  }

  of(id: string): Node {
    return this.nodes.get(id)!;
  }

  /** Replaces an agent by one that follows another view. */
  follows(id: string, view: AgreedView): void {
    const { links } = this.of(id).out;
    const node = new Node(id, view, this.members, () => this.roundTripMs);
    for (const peer of links) node.out.links.add(peer);
    this.nodes.set(id, node);
  }

  /** From its own engine. */
  report(snapshot: Snapshot): void {
    this.#act(this.of(snapshot.member), (node) => node.results.own(snapshot));
  }

  /** Asks an agent and lets time pass until it has answered. */
  gather(id: string, run = RUN): { readonly summary: Summary; readonly tookMs: number } {
    const fromMs = this.nowMs;
    const found = this.ask(id, run);
    while (found.length === 0 && this.nowMs < fromMs + 10_000) this.pass(1);
    if (found[0] === undefined) throw new Error(`${id} gave no summary`);
    return { summary: found[0], tookMs: this.nowMs - fromMs };
  }

  ask(id: string, run = RUN, withSeries = true): Summary[] {
    const found: Summary[] = [];
    const node = this.of(id);
    this.#about = run;
    this.#hopsTo.clear();
    this.hops = 0;
    this.#listeners.set(id, (summary) => found.push(summary));
    this.#act(node, () => node.results.gather(run, withSeries, this.nowMs));
    return found;
  }

  /** kill -9: its links close. */
  crash(id: string): void {
    const node = this.of(id);
    node.state = "crashed";
    for (const peer of node.out.links) this.cut(id, peer);
  }

  /** SIGSTOP: its links stay. */
  pause(id: string): void {
    this.of(id).state = "paused";
  }

  resume(id: string): void {
    const node = this.of(id);
    node.state = "up";
    for (const run of node.inbox.splice(0)) run();
    this.#act(node, () => {});
  }

  /** The link between two closes. */
  cut(id: string, peer: string): void {
    for (const [one, other] of [[id, peer], [peer, id]] as const) {
      this.#later(CLOSED_MS * this.random.next(), one, (node) => {
        if (node.out.links.delete(other)) node.results.linkDown(other);
      });
    }
  }

  at(afterMs: number, run: () => void): void {
    this.#push(this.nowMs + afterMs, run);
  }

  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const event = this.#queue[0];
      if (event === undefined || event.atMs > untilMs) break;
      this.#queue.shift();
      this.nowMs = event.atMs;
      event.run();
    }
    this.nowMs = untilMs;
  }

  #act(node: Node, what: (node: Node) => void): void {
    if (node.state === "crashed") return;
    if (node.state === "paused") return void node.inbox.push(() => this.#act(node, what));
    what(node);
    for (const gathering of node.results.turn(this.nowMs)) {
      const summary = node.results.summary(gathering, this.#about, this.nowMs);
      if (summary !== null) this.#listeners.get(node.id)?.(summary);
    }
    for (const effect of node.out.take()) this.#run(node, effect);
    const nextMs = Math.max(this.nowMs, node.results.nextMs());
    if (nextMs >= node.wakeAtMs || nextMs === Infinity) return;
    node.wakeAtMs = nextMs;
    this.#push(nextMs, () => {
      node.wakeAtMs = Infinity;
      this.#act(node, () => {});
    });
  }

  #run(from: Node, effect: Effect): void {
    if (effect.kind !== "send") return;
    const { to, frame } = effect;
    this.sent.push(frame);
    if (frame.gather !== undefined) {
      const hops = (this.#hopsTo.get(from.id) ?? 0) + 1;
      this.#hopsTo.set(to, hops);
      this.hops = Math.max(this.hops, hops);
    }
    if (from.out.links.has(to)) return this.#send(from, to, frame);
    this.dials++;
    const node = this.nodes.get(to);
    if (node?.state === "paused") return;
    this.at(2 * this.#latencyMs(), () => {
      if (node === undefined || node.state !== "up") return this.#act(from, () => from.results.linkDown(to));
      from.out.links.add(to);
      node.out.links.add(from.id);
      this.#send(from, to, frame);
    });
  }

  #send(from: Node, to: string, frame: Frame): void {
    const copies = this.random.next() < this.duplicates ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      // A link keeps order.
      const link = `${from.id} ${to}`;
      const lostMs = this.losses > 0 && this.random.next() < this.losses ? this.lossMs : 0;
      const atMs = Math.max(this.nowMs + this.#latencyMs() + lostMs, this.#arrivedMs.get(link) ?? 0);
      this.#arrivedMs.set(link, atMs);
      this.#later(atMs - this.nowMs, to, (node) => node.results.hear(from.id, frame, this.nowMs));
    }
  }

  #later(ms: number, to: string, what: (node: Node) => void): void {
    this.at(ms, () => this.#act(this.of(to), what));
  }

  #latencyMs(): number {
    return this.farMs + 1 + 6 * this.random.next();
  }

  #push(atMs: number, run: () => void): void {
    const event = { atMs, order: this.#order++, run };
    let [low, high] = [0, this.#queue.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#queue[middle]!.atMs <= atMs) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, event);
  }
}

export function viewOf(ids: readonly string[], number: number): AgreedView {
  const members = ids.map((id) => ({ id, incarnation: 1, weight: 1, fromWindow: 0 }));
  return AgreedView.of({ number, fromWindow: 0, members });
}
