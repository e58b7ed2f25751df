// The loop that never gives up: it holds links to the wanted members and knocks where other agents may be found.

import { peerIdFromString } from "@libp2p/peer-id";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { Logger } from "./logger.ts";
import type { MemberRecord } from "../core/events.ts";
import { discover, type HostPort, hostPortText } from "./discovery.ts";
import type { Host } from "./host.ts";
import type { Links } from "./links.ts";
import type { Reachable } from "./network.ts";

/** Between two rounds, +-50 %: a shorter one mends links sooner, a longer one spares the network after a mass crash. */
const ROUND_MS = 1000;
/** How often places where agents may be found are tried again while there are links: heals swarms that have not met. */
const REDISCOVER_MS = 5000;
/** The same where DNS has to be asked: 3,000 pods asking for 3,000 addresses must not be a load of their own. */
const REDISCOVER_NAMES_MS = 60_000;
/** Places knocked at per round while there is no link: a random few of thousands of pods. */
const KNOCKS = 8;
/** Places of which it is remembered who answered there. */
const MAX_FOUND = 10_000;
/** How often an unanswered join list is mentioned in the log. */
const COMPLAIN_MS = 10_000;
const DIAL_TIMEOUT_MS = 3000;
/** A dial that timed out later than it had to says that this process was stopped, not that the other one is silent. */
const OWN_STALL_MS = 1000;

export interface DialerOptions {
  readonly join: readonly HostPort[];
  readonly joinNames: readonly HostPort[];
  readonly log: Logger;
  /** Asked: whether the peer sits in the agreed view. */
  isMember(peer: string): boolean;
  /** A wanted member was dialled after its link had closed, and its host refused the connection. */
  refused(peer: string): void;
  /** A wanted or probed member was dialled, and nothing answered: its host is silent, or there is no way to it. */
  unreachable(peer: string): void;
}

export class Dialer {
  readonly #host: Host;
  readonly #links: Links;
  readonly #options: DialerOptions;
  #wanted = new Map<string, MemberRecord>();
  readonly #dialling = new Map<string, Promise<void>>();
  /** Members of whom somebody wants to know whether they can be reached. */
  readonly #probed = new Set<string>();
  /** Addresses that turned out to be our own. */
  readonly #own = new Set<string>();
  /** Who answered at which place of those where agents may be found. */
  readonly #found = new Map<string, string>();
  /** `H:P` of places where something answers with which no handshake succeeds. */
  readonly #deaf = new Set<string>();
  #discovering = false;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  #nextDiscoveryMs = 0;
  #nextComplaintMs = performance.now() + COMPLAIN_MS / 4;

  constructor(host: Host, links: Links, options: DialerOptions) {
    this.#host = host;
    this.#links = links;
    this.#options = options;
  }

  start(): void {
    this.#round();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  hold(members: readonly MemberRecord[]): void {
    this.#wanted = new Map(members.map((member) => [member.id, member]));
    for (const member of members) if (!this.#links.has(member.id)) void this.dial(member);
  }

  /** One attempt, of which `unreachable` may be told as well. */
  probe(member: Reachable): Promise<void> {
    this.#probed.add(member.id);
    return this.dial(member).finally(() => this.#probed.delete(member.id));
  }

  /** One attempt to reach a member at its addresses, or the one under way. Tells `refused` if every address refused. */
  dial(member: Reachable): Promise<void> {
    const underWay = this.#dialling.get(member.id);
    if (underWay !== undefined) return underWay;
    if (this.#stopped || member.addresses.length === 0) return Promise.resolve();
    const dialling = this.#attempt(member).finally(() => this.#dialling.delete(member.id));
    this.#dialling.set(member.id, dialling);
    return dialling;
  }

  async #attempt(member: Reachable): Promise<void> {
    await this.#links.closed(member.id);
    const signal = AbortSignal.timeout(DIAL_TIMEOUT_MS);
    const latestMs = performance.now() + DIAL_TIMEOUT_MS + OWN_STALL_MS;
    try {
      const peer = peerIdFromString(member.id);
      const addresses = member.addresses.map((address) => withPeer(address, peer.toString()));
      await this.#host.dial(addresses, { signal });
    } catch (cause) {
      if (wasRefused(cause)) return this.#options.refused(member.id);
      this.#options.log.debug({ peer: member.id, err: cause }, "member not reached");
      const silent = (signal.aborted && performance.now() < latestMs) || hasNoRoute(cause);
      const isAsked = this.#wanted.has(member.id) || this.#probed.has(member.id);
      // It may have dialled us meanwhile.
      if (silent && isAsked && !this.#stopped && !this.#links.has(member.id)) this.#options.unreachable(member.id);
    }
  }

  #round(): void {
    for (const member of this.#wanted.values()) if (!this.#links.has(member.id)) void this.dial(member);
    if (!this.#discovering) void this.#discoverOnce();
    this.#timer = setTimeout(() => this.#round(), ROUND_MS * (0.5 + Math.random()));
  }

  /** Beside the rounds: DNS that does not answer takes minutes, in which links must be mended all the same. */
  async #discoverOnce(): Promise<void> {
    this.#discovering = true;
    try {
      await this.#discover();
    } catch (cause) {
      this.#options.log.warn({ err: cause }, "discovery failed; trying again");
    } finally {
      this.#discovering = false;
    }
  }

  async #discover(): Promise<void> {
    const { join, joinNames, log } = this.#options;
    const now = performance.now();
    const alone = this.#links.count() === 0;
    if (join.length + joinNames.length === 0 || (!alone && now < this.#nextDiscoveryMs)) return;
    const every = joinNames.length > 0 ? REDISCOVER_NAMES_MS : REDISCOVER_MS;
    this.#nextDiscoveryMs = now + every * (0.5 + Math.random());
    const { addresses, failed } = await discover(join, joinNames);
    if (this.#stopped) return;
    const strangers = addresses.filter((address) => !this.#own.has(address) && !this.#isKnown(address));
    await Promise.all(sample(strangers, KNOCKS).map((address) => this.#knock(address)));
    if (this.#links.count() > 0 || now < this.#nextComplaintMs) return;
    this.#nextComplaintMs = now + COMPLAIN_MS;
    const places = [...join, ...joinNames].map(hostPortText);
    const message = `no agent answers at ${places.join(", ")} yet; serving alone and still trying${this.#doubt()}`;
    log.warn({ join: places, unresolved: failed }, message);
  }

  #doubt(): string {
    if (this.#deaf.size === 0) return "";
    const some = [...this.#deaf].slice(0, 3).join(", ");
    const question = "has it the same swarm key, and is that its --listen address?";
    return `; what answers there, at ${some}, does not understand this agent: ${question}`;
  }

  async #knock(address: string): Promise<void> {
    try {
      const signal = AbortSignal.timeout(DIAL_TIMEOUT_MS);
      const { remotePeer } = await this.#host.dial(multiaddr(address), { signal });
      if (this.#found.size > MAX_FOUND) this.#found.clear();
      this.#found.set(address, remotePeer.toString());
      this.#deaf.delete(hostPortOf(address));
    } catch (cause) {
      if (this.#deaf.size < MAX_FOUND && isDeaf(cause)) this.#deaf.add(hostPortOf(address));
      else this.#deaf.delete(hostPortOf(address));
      if (cause instanceof Error && /dial self|own peer/i.test(cause.message)) this.#own.add(address);
    }
  }

  /**
   * Linked by its address, or the peer that answered there is: by another one of its addresses, or over others, as a
   * member. Once that is lost it is knocked at again, whoever has come to its place.
   */
  #isKnown(address: string): boolean {
    const peer = this.#found.get(address);
    if (peer !== undefined && (this.#links.has(peer) || this.#isNear(peer))) return true;
    return this.#host.getConnections().some((one) => `${one.remoteAddr.toString()}/`.startsWith(`${address}/`));
  }

  /** A member, unless all of them seem to be gone. */
  #isNear(peer: string): boolean {
    return this.#links.count() > 0 && this.#options.isMember(peer);
  }
}

function withPeer(address: string, peer: string): Multiaddr {
  return multiaddr(address.includes("/p2p/") ? address : `${address}/p2p/${peer}`);
}

/** What the kernel says of a port where nothing listens, and noise of a stranger (libp2p keeps its message only). */
const GONE = /ECONNREFUSED|does not match expected remote identity key/;

/** True if the process is gone: at each of its addresses nothing listens, or somebody else does. */
export function wasRefused(cause: unknown): boolean {
  const leaves = leavesOf(cause);
  return leaves.length > 0 && leaves.every((leaf) => leaf.name === "UnexpectedPeerError" || GONE.test(leaf.message));
}

/** What the kernel says when packets find no way there at all. */
const NO_ROUTE = /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/;

function hasNoRoute(cause: unknown): boolean {
  return leavesOf(cause).some((leaf) => NO_ROUTE.test(leaf.message));
}

/** Somebody took the connection, and not what was said over it. */
function isDeaf(cause: unknown): boolean {
  return leavesOf(cause).some((leaf) => leaf.name === "EncryptionFailedError");
}

function hostPortOf(address: string): string {
  const [, , host, , port] = address.split("/");
  return hostPortText({ host: host!, port: Number(port) });
}

function leavesOf(cause: unknown): Error[] {
  if (cause instanceof AggregateError) return cause.errors.flatMap(leavesOf);
  if (!(cause instanceof Error)) return [];
  return cause.cause instanceof Error ? leavesOf(cause.cause) : [cause];
}

function sample<T>(from: readonly T[], count: number): T[] {
  const pool = [...from];
  const taken: T[] = [];
  while (taken.length < count && pool.length > 0) {
    taken.push(...pool.splice(Math.floor(Math.random() * pool.length), 1));
  }
  return taken;
}
