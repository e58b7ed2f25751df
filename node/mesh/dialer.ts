// The loop that never gives up: it holds links to the wanted members and knocks where other agents may be found.

import { peerIdFromString } from "@libp2p/peer-id";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { Logger } from "pino";
import type { MemberRecord } from "../core/events.ts";
import { discover, type HostPort } from "./discovery.ts";
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
/** How often an unanswered join list is mentioned in the log. */
const COMPLAIN_MS = 10_000;
const DIAL_TIMEOUT_MS = 3000;

export interface DialerOptions {
  readonly join: readonly HostPort[];
  readonly joinNames: readonly HostPort[];
  readonly log: Logger;
  /** A wanted member was dialled after its link had closed, and its host refused the connection. */
  refused(peer: string): void;
}

export class Dialer {
  readonly #host: Host;
  readonly #links: Links;
  readonly #options: DialerOptions;
  #wanted = new Map<string, MemberRecord>();
  readonly #dialling = new Map<string, Promise<void>>();
  /** Addresses that turned out to be our own. */
  readonly #own = new Set<string>();
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
    void this.#round();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  hold(members: readonly MemberRecord[]): void {
    this.#wanted = new Map(members.map((member) => [member.id, member]));
    for (const member of members) if (!this.#links.has(member.id)) void this.dial(member);
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
    try {
      const peer = peerIdFromString(member.id);
      const addresses = member.addresses.map((address) => withPeer(address, peer.toString()));
      await this.#host.dial(addresses, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) });
    } catch (cause) {
      if (wasRefused(cause)) this.#options.refused(member.id);
      else this.#options.log.debug({ peer: member.id, err: cause }, "member not reached");
    }
  }

  async #round(): Promise<void> {
    try {
      for (const member of this.#wanted.values()) if (!this.#links.has(member.id)) void this.dial(member);
      await this.#discover();
    } catch (cause) {
      this.#options.log.warn({ err: cause }, "discovery failed; trying again");
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#round(), ROUND_MS * (0.5 + Math.random()));
  }

  async #discover(): Promise<void> {
    const { join, joinNames, log } = this.#options;
    const now = performance.now();
    const alone = this.#links.count() === 0;
    if (join.length + joinNames.length === 0 || (!alone && now < this.#nextDiscoveryMs)) return;
    const every = joinNames.length > 0 ? REDISCOVER_NAMES_MS : REDISCOVER_MS;
    this.#nextDiscoveryMs = now + every * (0.5 + Math.random());
    const { addresses, failed } = await discover(join, joinNames);
    const strangers = addresses.filter((address) => !this.#own.has(address) && !this.#isConnectedTo(address));
    await Promise.all(sample(strangers, KNOCKS).map((address) => this.#knock(address)));
    if (this.#links.count() > 0 || now < this.#nextComplaintMs) return;
    this.#nextComplaintMs = now + COMPLAIN_MS;
    const places = [...join, ...joinNames].map(({ host, port }) => `${host}:${port}`);
    log.warn({ join: places, unresolved: failed }, `no agent answers at ${places.join(", ")} yet; serving alone and still trying`);
  }

  async #knock(address: string): Promise<void> {
    try {
      await this.#host.dial(multiaddr(address), { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) });
    } catch (cause) {
      if (cause instanceof Error && /dial self|own peer/i.test(cause.message)) this.#own.add(address);
    }
  }

  #isConnectedTo(address: string): boolean {
    return this.#host.getConnections().some((one) => `${one.remoteAddr.toString()}/`.startsWith(`${address}/`));
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

function leavesOf(cause: unknown): Error[] {
  if (cause instanceof AggregateError) return cause.errors.flatMap(leavesOf);
  if (!(cause instanceof Error)) return [];
  return cause.cause instanceof Error ? leavesOf(cause.cause) : [cause];
}

function sample<T>(from: readonly T[], count: number): T[] {
  const pool = [...from];
  const taken: T[] = [];
  while (taken.length < count && pool.length > 0) taken.push(...pool.splice(Math.floor(Math.random() * pool.length), 1));
  return taken;
}
