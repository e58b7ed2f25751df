// How many peers that are no members may be linked at once, and how fast new connections may come from one address.
//
// Whoever holds the swarm key can make as many peer ids as it likes, each with limits of its own (peer-limits.ts) and a
// handshake that costs us 10 ms. What it cannot make is addresses.

import { isIPv6 } from "node:net";
import { TokenBucket } from "./token-bucket.ts";

/** Of one address. The burst lets every agent of a large machine, or of many behind one NAT, come at once. */
const CONNECTIONS = { perSecond: 20, burst: 300 };
/** Handshakes of any address that begin. Each takes 10 ms in several turns: many that begin at once keep all else waiting. */
const HANDSHAKES = { perSecond: 100, burst: 4 };
/** Who would have to wait longer is not answered: its own patience is 5 s, and it comes again. */
const MAX_WAIT_MS = 3000;
/** Addresses remembered. */
const MAX_ADDRESSES = 4096;
/** Newcomers are members within 3 s; of more than these at once the rest tries again each second. A link takes 0.2 MiB, what waits in it as much. */
export const MAX_STRANGERS = 128;
/** How long a stranger keeps its place when others want it. */
export const STRANGER_MS = 10_000;

/** All times are of one monotonic clock, in ms. */
export class Strangers {
  readonly #addresses = new Map<string, TokenBucket>();
  readonly #handshakes = new TokenBucket(HANDSHAKES.perSecond, HANDSHAKES.burst, 0);
  /** Connections that were not taken, and links that had to make room. */
  refused = 0;

  /** Somebody connects from an IP address. Returns in how many ms that may be answered; null if it may not. */
  connects(ip: string, nowMs: number): number | null {
    const network = networkOf(ip);
    let bucket = this.#addresses.get(network);
    if (bucket === undefined) {
      if (this.#addresses.size >= MAX_ADDRESSES) this.#forgetSome(nowMs);
      bucket = new TokenBucket(CONNECTIONS.perSecond, CONNECTIONS.burst, nowMs);
      this.#addresses.set(network, bucket);
    }
    if (this.#handshakes.take(0, nowMs) <= MAX_WAIT_MS && bucket.takeIfAny(1, nowMs)) return this.#handshakes.take(1, nowMs);
    this.refused++;
    return null;
  }

  /**
   * One more stranger wants a link, beside those that have been linked for so long, in ms. Returns whether there is
   * room, and whom it takes the place of, by index.
   */
  arrives(agesMs: readonly number[]): { readonly isTaken: boolean; readonly instead: number | null } {
    if (agesMs.length < MAX_STRANGERS) return { isTaken: true, instead: null };
    this.refused++;
    const oldest = agesMs.reduce((best, age, i) => (age > agesMs[best]! ? i : best), 0);
    const isTaken = agesMs[oldest]! >= STRANGER_MS;
    return { isTaken, instead: isTaken ? oldest : null };
  }

  /** Those who could begin anew just as well; if there are none, whoever has been known longest. */
  #forgetSome(nowMs: number): void {
    for (const [network, bucket] of this.#addresses) if (bucket.isFull(nowMs)) this.#addresses.delete(network);
    if (this.#addresses.size >= MAX_ADDRESSES) this.#addresses.delete(this.#addresses.keys().next().value!);
  }
}

/** Whoever has one IPv6 address has 2^64 of them. */
function networkOf(ip: string): string {
  if (!isIPv6(ip) || ip.includes(".")) return ip;
  const [head = "", tail] = ip.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = new Array<string>(tail === undefined ? 0 : 8 - first.length - last.length).fill("0");
  return [...first, ...zeros, ...last].slice(0, 4).map((group) => parseInt(group, 16)).join(":");
}
