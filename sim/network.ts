// How long packets take, and what else befalls them.

import type { Random } from "./random.ts";

/** TCP's first retransmission timeout; each further one is twice as long (RFC 6298; 200 ms is Linux's least). */
export const RETRANSMIT_MS = 200;
/** After two round trips and this TCP sends its last packet again if nothing else told it (TLP, RFC 8985, section 7.2). */
const PROBE_MS = 200;

/** What holds for every link. */
export interface Conditions {
  /** Every packet takes this … */
  readonly baseMs: number;
  /** … and a random time with this mean more. */
  readonly tailMs: number;
  /** And something between these two more. */
  readonly extraMs: readonly [number, number];
  /** Part of the frames that TCP has to send again, each of these again. */
  readonly lossRate: number;
  /** Not what TCP does: frames that arrive twice, or after later ones. For what a faulty shell might do. */
  readonly duplicateRate: number;
  readonly reorderRate: number;
}

/** A data centre. */
export const CALM: Conditions = {
  baseMs: 1,
  tailMs: 3,
  extraMs: [0, 0],
  lossRate: 0,
  duplicateRate: 0,
  reorderRate: 0,
};

/** By how much a frame that is overtaken comes later, at most. */
const DETOUR_MS = 100;
/** After that many losses in a row the network is cut, not lossy. */
const MOST_LOSSES = 6;
/** A connection request is sent again after a second (RFC 6298, section 2). */
const SYN_RETRANSMIT_MS = 1000;

export class Network {
  readonly random: Random;
  #conditions = CALM;
  /** Whether anything but latency has to be looked at. */
  isHostile = false;

  constructor(random: Random) {
    this.random = random;
  }

  get conditions(): Conditions {
    return this.#conditions;
  }

  become(change: Partial<Conditions>): void {
    this.#conditions = { ...this.#conditions, ...change };
    const { lossRate, duplicateRate, reorderRate } = this.#conditions;
    this.isHostile = lossRate + duplicateRate + reorderRate > 0;
  }

  latencyMs(): number {
    const { baseMs, tailMs, extraMs } = this.#conditions;
    const latencyMs = baseMs + this.random.exponential(tailMs);
    return extraMs[1] === 0 ? latencyMs : latencyMs + this.random.between(extraMs[0], extraMs[1]);
  }

  /**
   * What losses add to a frame's latency: a probe each. No doubling: whatever follows on the link tells the sender what was
   * lost (RACK, RFC 8985, section 6), before a timer that is twice as long would.
   */
  retransmissionMs(): number {
    const { baseMs, tailMs, extraMs } = this.#conditions;
    const roundTripMs = 2 * baseMs + 2 * tailMs + extraMs[0] + extraMs[1];
    return (PROBE_MS + 2 * roundTripMs) * this.#losses();
  }

  /** What losses add to making a connection: there is nothing that follows, each wait is twice as long. */
  handshakeLossMs(): number {
    return SYN_RETRANSMIT_MS * (2 ** this.#losses() - 1);
  }

  duplicates(): boolean {
    return this.random.next() < this.#conditions.duplicateRate;
  }

  reorders(): boolean {
    return this.random.next() < this.#conditions.reorderRate;
  }

  detourMs(): number {
    return this.random.between(0, DETOUR_MS);
  }

  /** In a row. */
  #losses(): number {
    let losses = 0;
    while (losses < MOST_LOSSES && this.random.next() < this.#conditions.lossRate) losses++;
    return losses;
  }
}
