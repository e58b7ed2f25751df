// Reports handed to linked neighbours, who answer for an agent should it crash; whoever missed something asks for it.

import type { MemberId, RunId } from "./events.ts";
import type { Report } from "./frame.ts";
import type { Surroundings } from "./gathers.ts";
import { ACTIVE_RUNS, HOLDERS } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Reports } from "./reports.ts";
import { firstInHashOrder } from "./rings.ts";

/** A question with this is answered with reports, and no errand waits for the end of them. */
const NO_ERRAND = 0;

export class Handing {
  readonly #self: MemberId;
  readonly #membership: Surroundings;
  readonly #out: Outbox;
  readonly #reports: Reports;
  readonly #isKnown: (run: RunId) => boolean;
  /** What each linked peer was given of my reports: peer -> run -> sequence. */
  readonly #handed = new Map<MemberId, Map<RunId, number>>();
  /** Runs that were not known here when peers handed over reports on them. */
  readonly #missed = new Map<RunId, Set<MemberId>>();

  constructor(
    self: MemberId,
    membership: Surroundings,
    out: Outbox,
    reports: Reports,
    isKnown: (run: RunId) => boolean,
  ) {
    this.#self = self;
    this.#membership = membership;
    this.#out = out;
    this.#reports = reports;
    this.#isKnown = isKnown;
  }

  /** Gives my newest report to those who hold it for me. */
  hand(run: RunId): void {
    for (const peer of this.#holders()) {
      const handed = this.#handed.get(peer) ?? new Map<RunId, number>();
      const delta = this.#reports.after(run, this.#self, handed.get(run) ?? 0);
      if (delta === null) continue;
      handed.set(run, delta.snapshot.sequence);
      this.#handed.set(peer, handed);
      this.#out.send(peer, { reports: [delta] });
    }
  }

  /**
   * Before going: what I hold of myself and of others that are gone, or nobody might be left to answer for them. All of
   * it: nobody could ask any more for what it has missed.
   */
  handAll(): void {
    const { members } = this.#membership;
    const reports = this.#reports.all().filter(({ snapshot }) => members.get(snapshot.member)?.state !== "alive");
    for (const peer of this.#holders()) for (const report of reports) this.#out.send(peer, { reports: [report] });
  }

  /**
   * Reports that a peer hands over. Of runs that are known: what nobody could ask for is not kept. By and of agents that
   * were members: strangers have results of nobody.
   */
  take(reports: readonly Report[], from: MemberId): void {
    const { agreement, members } = this.#membership;
    const { dropped } = this.#out;
    if (!agreement.chain.remembers(from)) {
      dropped.reports += reports.length;
      return;
    }
    for (const report of reports) {
      const { run, member } = report.snapshot;
      const hadShare = (members.get(member)?.fromMs ?? Infinity) < Infinity;
      if (!hadShare) dropped.reports++;
      if (member === this.#self || !hadShare) continue;
      if (!this.#isKnown(run)) this.#miss(run, from);
      else if (this.#reports.sequence(run, member) < report.since) this.#askForAll(run, from);
      else this.#reports.add(report);
    }
  }

  /** A run has become known: whoever handed over reports on it before is asked for them. */
  learnt(run: RunId): void {
    if (!this.#isKnown(run)) return;
    for (const peer of this.#missed.get(run) ?? []) this.#askForAll(run, peer);
    this.#missed.delete(run);
  }

  /** Somebody else holds my reports in its place. */
  linkDown(peer: MemberId): void {
    const held = this.#handed.get(peer);
    this.#handed.delete(peer);
    for (const [run, peers] of this.#missed) if (peers.delete(peer) && peers.size === 0) this.#missed.delete(run);
    for (const run of held?.keys() ?? []) this.hand(run);
  }

  forget(run: RunId): void {
    for (const handed of this.#handed.values()) handed.delete(run);
  }

  #miss(run: RunId, from: MemberId): void {
    const peers = this.#missed.get(run) ?? new Set();
    // What is not noted here is asked for when the next report leaves a gap.
    if (!this.#out.links.has(from) || (peers.size === 0 && this.#missed.size >= ACTIVE_RUNS)) {
      this.#out.dropped.reports++;
      return;
    }
    this.#missed.set(run, peers.add(from));
  }

  /** Everything it has of itself since what is held here, as an asker of one agent alone gets it. */
  #askForAll(run: RunId, peer: MemberId): void {
    if (!this.#out.links.has(peer)) return;
    const have = this.#reports.members(run).map((member) => ({ member, sequence: this.#reports.sequence(run, member) }));
    this.#out.send(peer, { gather: { id: NO_ERRAND, run, have } });
  }

  /** Links to neighbours last. */
  #holders(): MemberId[] {
    const { members, neighbours } = this.#membership;
    const linked = [...this.#out.links].filter((peer) => members.get(peer)?.state === "alive");
    const lasting = linked.filter((peer) => neighbours.includes(peer));
    return firstInHashOrder(this.#self, lasting.length > 0 ? lasting : linked, HOLDERS);
  }
}
