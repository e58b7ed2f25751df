// What goes over the links: news in batches, where everybody stands, and complete state for those who have missed something.

import type { MemberId } from "./events.ts";
import type { Frame, LineageId, Standing } from "./frame.ts";
import {
  APART_KEPT, FLUSH_LATE_FACTOR, FLUSH_MS, FLUSH_SOON_MS, PULL_APART_EVERY_MS, PULL_EVERY_MS, QUIET_FLUSH_MS,
  SPARE_LINK_MS, WINDOW_MS, windowOf, ZOMBIE_LINK_MS,
} from "./limits.ts";
import type { Membership } from "./membership.ts";
import type { Outbox } from "./outbox.ts";
import type { Neighbour, TimeSync } from "./time-sync.ts";

const LONG_AGO = Number.NEGATIVE_INFINITY;

/** A linked agent. */
export interface Peer {
  readonly id: MemberId;
  readonly clock: Neighbour;
  /** As it last said; null if it has not. */
  standing: Standing | null;
  heardMs: number;
  pulledMs: number;
  /** When it was last told everything. */
  toldMs: number;
  /** Since when it has known other things than I; Infinity while it does not. */
  differsMs: number;
  /** When the link was last of use. */
  usedMs: number;
  /** The link is closing on purpose. */
  isLeaving: boolean;
}

/** What `Gossip` has to know of the rest of the machine. */
export interface Surroundings {
  rank(): Standing["rank"];
  /** Digest of the runs known. */
  runsDigest(): number;
  /** Sends a peer everything there is to know. */
  tellAll(peer: MemberId): void;
}

/** Times are local: they go on when an agent changes over to another lineage and its time. */
export class Gossip {
  readonly #out: Outbox;
  readonly #membership: Membership;
  readonly #time: TimeSync;
  readonly #surroundings: Surroundings;
  readonly #peers = new Map<MemberId, Peer>();
  #flushedMs = LONG_AGO;
  #flushAtMs = Number.POSITIVE_INFINITY;
  /** How late turns have come since then, at most. */
  #lateMs = 0;
  /** News that somebody waits for is gathered for so long. */
  #gatherMs = FLUSH_MS;
  /** When there was last something to decide, or to tell. */
  #lookedMs = LONG_AGO;
  #tendedMs = LONG_AGO;
  /** Whether the whole swarm was at rest when this agent last looked. */
  #isResting = false;
  /** When members last had something new to say: while they do, everybody differs from everybody. */
  #newsMs = LONG_AGO;
  /** When somebody was last asked because he knows other things. */
  #comparedMs = LONG_AGO;
  /** Other lineages that are busy as well: what each knew when somebody of it was last asked. */
  readonly #apart = new Map<LineageId, number>();
  #askedApartMs = LONG_AGO;

  constructor(out: Outbox, membership: Membership, time: TimeSync, surroundings: Surroundings) {
    this.#out = out;
    this.#membership = membership;
    this.#time = time;
    this.#surroundings = surroundings;
  }

  /** Where I stand; every frame of the swarm's own affairs begins with it. */
  standing(localMs: number): Standing {
    const { lineage, view, rhythm } = this.#membership.agreement;
    return {
      lineage: lineage.id,
      bornMs: lineage.bornMs,
      rank: this.#surroundings.rank(),
      view: view.number,
      digest: this.#digest(),
      sentAtMs: this.#time.stamp(localMs),
      restsFrom: rhythm.restsFrom,
    };
  }

  linkUp(peer: MemberId, localMs: number): void {
    const never = Number.POSITIVE_INFINITY;
    this.#peers.set(peer, {
      id: peer,
      clock: this.#time.linkUp(localMs),
      standing: null,
      heardMs: localMs,
      pulledMs: LONG_AGO,
      toldMs: LONG_AGO,
      differsMs: never,
      usedMs: localMs,
      isLeaving: false,
    });
    this.#out.send(peer, { standing: this.standing(localMs) });
  }

  /** Returns whether the link was closed on purpose. */
  linkDown(peer: MemberId): boolean {
    const known = this.#peers.get(peer);
    if (known === undefined) return false;
    this.#peers.delete(peer);
    this.#time.linkDown(known.clock);
    return known.isLeaving;
  }

  peer(id: MemberId): Peer | undefined {
    return this.#peers.get(id);
  }

  /** Where the sender of a frame stands. Returns whether it is of my lineage, so that the rest of the frame concerns me. */
  received(peer: Peer, frame: Frame, localMs: number): boolean {
    peer.heardMs = localMs;
    if (frame.goodbye === true) peer.isLeaving = true;
    if (frame.gather !== undefined || frame.gathered !== undefined || frame.reports !== undefined) peer.usedMs = localMs;
    if (frame.pull === true && localMs >= peer.toldMs + PULL_EVERY_MS / 2) {
      peer.toldMs = localMs;
      this.#surroundings.tellAll(peer.id);
    }
    if (frame.standing === undefined) return false;
    const { standing, echo } = frame;
    const isFirst = peer.standing === null;
    peer.standing = standing;
    if (!this.#isMine(standing)) {
      this.#membership.agreement.disturb(this.#time.swarmMs(localMs));
      return false;
    }
    if (isFirst) this.#tellUndecided(peer, localMs);
    peer.clock.sentAtMs = standing.sentAtMs;
    peer.clock.receivedMs = localMs;
    // Whoever is still coming in has no share to keep in step with, and perhaps a clock that is hours off; of many that come in
    // together each would hold the time of the others to be the swarm's.
    const seat = this.#membership.agreement.view.memberOf(peer.id);
    if (echo === undefined || seat === undefined) return true;
    const isSettled = seat.fromWindow <= windowOf(this.#time.swarmMs(localMs));
    this.#time.echoed(peer.clock, echo, standing.sentAtMs, localMs, isSettled);
    return true;
  }

  /** After a frame was dealt with: asks its sender for what that did not make clear. */
  compare(peer: Peer, localMs: number): void {
    const { standing } = peer;
    if (standing === null) return;
    if (!this.#isMine(standing)) {
      const rank = this.#surroundings.rank();
      if (this.#membership.yieldsTo(standing, rank)) this.#pull(peer, localMs);
      else if (rank === 2 && standing.rank === 2) this.#askApart(peer, standing, localMs);
      return;
    }
    // The first exchange at once: a newcomer has to know the time before it may come in.
    const echo = peer.clock.echoes === 0 ? this.#time.echo(peer.clock, localMs) : null;
    if (echo !== null) this.#out.send(peer.id, { standing: this.standing(localMs), echo });
    const mine = this.#membership.agreement.view.number;
    if (standing.view > mine) return this.#pull(peer, localMs);
    const isSame = standing.view < mine || standing.digest === this.#digest();
    if (isSame) peer.differsMs = Number.POSITIVE_INFINITY;
    else if (peer.differsMs === Number.POSITIVE_INFINITY) peer.differsMs = localMs;
    else if (localMs >= Math.max(peer.differsMs, this.#newsMs, this.#comparedMs) + PULL_EVERY_MS) {
      this.#comparedMs = localMs;
      this.#pull(peer, localMs);
    }
  }

  /** Both have runs on, so that neither follows the other: each is to know at least of the other's runs. */
  #askApart(peer: Peer, { lineage, digest }: Standing, localMs: number): void {
    if (localMs < this.#askedApartMs + PULL_APART_EVERY_MS || this.#apart.get(lineage) === digest) return;
    if (!this.#apart.has(lineage)) this.#out.emit({ type: "apart", lineage, atMs: this.#time.swarmMs(localMs) });
    if (this.#apart.size >= APART_KEPT) this.#apart.clear();
    this.#apart.set(lineage, digest);
    this.#askedApartMs = localMs;
    this.#pull(peer, localMs);
  }

  /** The neighbours are about to be told: what was heard until now has to be thought about before. */
  isDue(localMs: number): boolean {
    return this.#isResting || this.#peers.size === 0 || localMs >= this.#flushAtMs || localMs >= this.#flushedMs + WINDOW_MS;
  }

  /** Time passes, and this turn came so late: what is news is told, links that are of no use are closed. */
  turn(localMs: number, lateMs: number): void {
    this.#lateMs = Math.max(this.#lateMs, lateMs);
    const { agreement } = this.#membership;
    const nowMs = this.#time.swarmMs(localMs);
    const isUrgent = this.#isUrgent(nowMs);
    if (isUrgent) agreement.disturb(nowMs);
    const wasResting = this.#isResting;
    this.#isResting = agreement.rhythm.isResting(nowMs);
    if (this.#isResting) this.#flushAtBeat(nowMs, localMs);
    else this.#flushInTurn(wasResting, isUrgent, localMs);
    if (localMs >= this.#tendedMs + WINDOW_MS) this.#tend(localMs);
  }

  /** News of one moment go together; roll calls of quiet times wait for each other, and what is undecided for the rest. */
  #flushInTurn(wasResting: boolean, isUrgent: boolean, localMs: number): void {
    const hasNews = wasResting || this.#hasNews();
    if (this.isDue(localMs)) {
      if (hasNews || localMs >= this.#flushedMs + WINDOW_MS) return this.#flush(localMs);
      this.#lookedMs = localMs;
      this.#flushAtMs = Number.POSITIVE_INFINITY;
    }
    const soonMs = localMs + FLUSH_SOON_MS;
    const everyMs = isUrgent ? this.#gatherMs : QUIET_FLUSH_MS;
    if (hasNews) this.#flushAtMs = Math.min(this.#flushAtMs, Math.max(this.#flushedMs + everyMs, soonMs));
    if (!this.#membership.agreement.isUndecided()) return;
    this.#flushAtMs = Math.min(this.#flushAtMs, Math.max(Math.max(this.#flushedMs, this.#lookedMs) + this.#gatherMs, soonMs));
  }

  /** At once, whatever the rhythm. */
  tellNews(localMs: number): void {
    this.#flush(localMs);
  }

  /** At rest nothing is due but with the roll call. */
  nextMs(): number {
    if (this.#isResting || this.#peers.size === 0) return Number.POSITIVE_INFINITY;
    return Math.min(this.#flushAtMs, this.#flushedMs + WINDOW_MS);
  }

  /** At the same instant everywhere, so that the frames of all neighbours wake an agent once. */
  #flushAtBeat(nowMs: number, localMs: number): void {
    this.#flushAtMs = Number.POSITIVE_INFINITY;
    const beatMs = this.#membership.agreement.rhythm.lastBeatMs(nowMs);
    if (this.#time.swarmMs(this.#flushedMs) < beatMs) this.#flush(localMs);
  }

  #digest(): number {
    return (this.#membership.members.digest ^ this.#surroundings.runsDigest()) >>> 0;
  }

  #isMine(standing: Standing): boolean {
    return standing.lineage === this.#membership.agreement.lineage.id;
  }

  #hasNews(): boolean {
    return this.#membership.agreement.hasNews() || this.#membership.hasNews();
  }

  /** Anything but the roll call of quiet times: somebody waits for it. */
  #isUrgent(nowMs: number): boolean {
    return this.#membership.hasNews() || this.#membership.agreement.isUnquiet(nowMs);
  }

  /** One frame for all, so that it is encoded once; now and then with a timestamp back to its receiver. */
  #flush(localMs: number): void {
    this.#flushedMs = localMs;
    this.#flushAtMs = Number.POSITIVE_INFINITY;
    this.#gatherMs = Math.min(QUIET_FLUSH_MS, FLUSH_MS + FLUSH_LATE_FACTOR * this.#lateMs);
    this.#lateMs = 0;
    const members = this.#membership.takeNews();
    if (members.length > 0) this.#newsMs = localMs;
    const standing = this.standing(localMs);
    const news = this.#membership.agreement.takeNews();
    const frame: Frame = members.length === 0 ? { standing, ...news } : { standing, ...news, members };
    for (const peer of this.#peers.values()) {
      const echo = this.#time.echo(peer.clock, localMs);
      const isSpare = this.#isSpare(peer);
      if (echo !== null) this.#out.send(peer.id, isSpare ? { standing, echo } : { ...frame, echo });
      else if (!isSpare) this.#out.send(peer.id, frame);
    }
  }

  /** News goes out once, over the links there are: over a new one goes what its other end may have missed. */
  #tellUndecided(peer: Peer, localMs: number): void {
    const undecided = this.#membership.agreement.undecided();
    if (Object.keys(undecided).length > 0) this.#out.send(peer.id, { standing: this.standing(localMs), ...undecided });
  }

  /** A member that is no neighbour: we were linked once, to gather results or because the view was another. */
  #isSpare({ id, standing }: Peer): boolean {
    const { agreement, neighbours } = this.#membership;
    if (neighbours.includes(id) || standing === null || !this.#isMine(standing)) return false;
    return standing.view === agreement.view.number && agreement.view.positionOf(id) >= 0 && agreement.isMember();
  }

  #tend(localMs: number): void {
    this.#tendedMs = localMs;
    for (const peer of this.#peers.values()) {
      if (!this.#isSpare(peer)) {
        peer.usedMs = localMs;
        // Nothing came over it for so long that it is dead: only without it can the peer be dialled anew.
        if (localMs >= peer.heardMs + ZOMBIE_LINK_MS) this.#unlink(peer);
      } else if (localMs >= peer.usedMs + SPARE_LINK_MS) {
        this.#out.send(peer.id, { goodbye: true });
        this.#unlink(peer);
      }
    }
  }

  #unlink(peer: Peer): void {
    if (peer.isLeaving) return;
    peer.isLeaving = true;
    this.#out.push({ kind: "unlink", peer: peer.id });
  }

  #pull(peer: Peer, localMs: number): void {
    if (localMs < peer.pulledMs + PULL_EVERY_MS) return;
    peer.pulledMs = localMs;
    this.#out.send(peer.id, { standing: this.standing(localMs), pull: true });
  }
}
