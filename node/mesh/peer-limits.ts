// What one peer may take of this agent's time and memory, and for how long it is refused when it talks nonsense.
//
// The swarm key is what keeps strangers out; these limits hold off the faults and floods of peers that have it, and no more
// than that. Whoever has the key can still
// - publish, stop and move runs, as any agent may, and so make the swarm load whatever --allow-target admits;
// - make as many peer ids as it likes, each with limits of its own (how many of them are linked: strangers.ts);
// - found a lineage of its own, which idle agents follow if it claims to be busy, and lie to newcomers that meet it first;
// - join as a member, carry a share, and offer what it likes of it, or nothing; then also say of others what they do not
//   sign: who was heard in a window, votes, locks, accusations, views made of such; vouch for members that are none;
//   tell reports of results in a member's name, and its own swarm time.
// It cannot speak for a member where that speaks for itself: its weight, its addresses, that it comes or leaves.

import { TokenBucket } from "./token-bucket.ts";

const MIB = 1024 * 1024;

/** Agents send two to ten a second. More are not dropped, only read later. */
const FRAMES = { perSecond: 200, burst: 1000 };
/** Decoding takes up to 0.1 s per MiB. The burst lets a few complete states pass at once. */
const FRAME_BYTES = { perSecond: 2 * MIB, burst: 16 * MIB };
/** Milliseconds of the main thread, which frames of a swarm take few of; a plan of a megabyte takes 500. */
const WORK = { perSecond: 100, burst: 1500 };
/** The same for all together that are no members, before their frames are looked at: newcomers wait, the load goes on. */
const WORK_FOR_STRANGERS = { perSecond: 200, burst: 2000 };
/** News of runs is rare; what is more is not taken and not passed on: the links carry it. */
const MESSAGES = { perSecond: 20, burst: 200 };
const MESSAGE_BYTES = { perSecond: MIB, burst: 8 * MIB };
/** Everything gossipsub says, its own affairs and duplicates included. It cannot be made to wait: more is nonsense. */
const GOSSIP = { perSecond: 500, burst: 2000 };
/** Agents send no nonsense at all, but a newer version may seem to. */
const MALFORMED = { perSecond: 10 / 60, burst: 10 };
const REFUSED_MS = 60_000;
/** Peers remembered. */
const MAX_PEERS = 4096;

interface Peer {
  readonly frames: TokenBucket;
  readonly frameBytes: TokenBucket;
  readonly work: TokenBucket;
  readonly messages: TokenBucket;
  readonly messageBytes: TokenBucket;
  readonly gossip: TokenBucket;
  readonly malformed: TokenBucket;
  refusedUntilMs: number;
}

/** All times are of one monotonic clock, in ms. */
export class PeerLimits {
  readonly #refuse: (peer: string) => void;
  readonly #peers = new Map<string, Peer>();
  /** Times that a peer was refused from then on. */
  refusals = 0;

  readonly #workForStrangers = new TokenBucket(WORK_FOR_STRANGERS.perSecond, WORK_FOR_STRANGERS.burst, 0);

  /** `refuse` is to close every connection to a peer; until `isRefused` says otherwise no new one is to be taken. */
  constructor(refuse: (peer: string) => void) {
    this.#refuse = refuse;
  }

  /** A frame was read from a link. Returns for how many ms no further one may be. */
  frame(peer: string, sizeBytes: number, nowMs: number): number {
    const { frames, frameBytes, work } = this.#of(peer, nowMs);
    return Math.max(frames.take(1, nowMs), frameBytes.take(sizeBytes, nowMs), work.take(0, nowMs));
  }

  /** What a peer sent has kept the main thread busy for so long. */
  worked(peer: string, workMs: number, isMember: boolean, nowMs: number): void {
    this.#of(peer, nowMs).work.take(workMs, nowMs);
    if (!isMember) this.#workForStrangers.take(workMs, nowMs);
  }

  /** For how many ms nothing that strangers have sent is to be looked at. */
  strangersWaitMs(nowMs: number): number {
    return this.#workForStrangers.take(0, nowMs);
  }

  /** A new gossip message came. Returns whether it may be taken. */
  message(peer: string, sizeBytes: number, nowMs: number): boolean {
    const { messages, messageBytes } = this.#of(peer, nowMs);
    return messages.takeIfAny(1, nowMs) && messageBytes.takeIfAny(sizeBytes, nowMs);
  }

  /** So many things came from gossipsub. Returns whether they may be looked at. */
  gossip(peer: string, things: number, nowMs: number): boolean {
    const known = this.#of(peer, nowMs);
    if (nowMs < known.refusedUntilMs) return false;
    if (known.gossip.take(things, nowMs) === 0) return true;
    this.#refuseNow(peer, known, nowMs);
    return false;
  }

  /** Something came that no agent sends. */
  malformed(peer: string, nowMs: number): void {
    const known = this.#of(peer, nowMs);
    if (nowMs < known.refusedUntilMs || known.malformed.take(1, nowMs) === 0) return;
    this.#refuseNow(peer, known, nowMs);
  }

  isRefused(peer: string, nowMs: number): boolean {
    return nowMs < (this.#peers.get(peer)?.refusedUntilMs ?? 0);
  }

  #refuseNow(peer: string, known: Peer, nowMs: number): void {
    known.refusedUntilMs = nowMs + REFUSED_MS;
    this.refusals++;
    this.#refuse(peer);
  }

  #of(peer: string, nowMs: number): Peer {
    const known = this.#peers.get(peer);
    if (known !== undefined) return known;
    if (this.#peers.size >= MAX_PEERS) this.#forgetSome(nowMs);
    const bucket = ({ perSecond, burst }: typeof FRAMES) => new TokenBucket(perSecond, burst, nowMs);
    const fresh = {
      frames: bucket(FRAMES),
      frameBytes: bucket(FRAME_BYTES),
      work: bucket(WORK),
      messages: bucket(MESSAGES),
      messageBytes: bucket(MESSAGE_BYTES),
      gossip: bucket(GOSSIP),
      malformed: bucket(MALFORMED),
      refusedUntilMs: 0,
    };
    this.#peers.set(peer, fresh);
    return fresh;
  }

  /** Those who could begin anew just as well; if there are none, whoever has been known longest. */
  #forgetSome(nowMs: number): void {
    for (const [peer, { refusedUntilMs, ...known }] of this.#peers) {
      const buckets = Object.values(known);
      if (nowMs >= refusedUntilMs && buckets.every((bucket) => bucket.isFull(nowMs))) this.#peers.delete(peer);
    }
    if (this.#peers.size >= MAX_PEERS) this.#peers.delete(this.#peers.keys().next().value!);
  }
}
