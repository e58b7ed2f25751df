// Swarm time: the agent's own monotonic clock plus an offset learnt from its neighbours.
//
// An exchange of four timestamps (NTP, RFC 5905 section 8) tells a neighbour's offset to half its round trip: an interval.
// The truth is where most of the neighbours' intervals overlap (Marzullo 1984). A wall clock that jumps moves nothing.

import type { Echo } from "./frame.ts";
import { DRIFT, ECHO_EVERY_MS, FIRST_ECHOES, FIRST_ECHO_EVERY_MS, SAMPLES_KEPT, SLEW_MS, STAMPS_KEPT, SURE_MS } from "./limits.ts";

/** What an exchange told: the neighbour's swarm time minus local time here, and how far that may be off. */
interface Sample {
  readonly offsetMs: number;
  readonly errorMs: number;
  readonly takenMs: number;
  /** Only then is the neighbour's time the swarm's; how far away it is holds anyway. */
  readonly isSettled: boolean;
}

interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A linked agent, as far as its clock goes. */
export interface Neighbour {
  /** Of its last frame in this lineage (0: none yet), and when that came. */
  sentAtMs: number;
  receivedMs: number;
  echoedMs: number;
  echoes: number;
  samples: Sample[];
}

export class TimeSync {
  readonly #neighbours = new Set<Neighbour>();
  /** Timestamps given out lately, and when by the local clock: swarm time may have moved before one comes back. */
  readonly #stamps = new Stamps();
  #offsetMs = 0;

  get offsetMs(): number {
    return this.#offsetMs;
  }

  swarmMs(localMs: number): number {
    return localMs + this.#offsetMs;
  }

  localMs(swarmMs: number): number {
    return swarmMs - this.#offsetMs;
  }

  /** The timestamp of a frame that is sent now. */
  stamp(localMs: number): number {
    const sentAtMs = this.swarmMs(localMs);
    this.#stamps.add(sentAtMs, localMs);
    return sentAtMs;
  }

  linkUp(localMs: number): Neighbour {
    const never = Number.NEGATIVE_INFINITY;
    const neighbour = { sentAtMs: 0, receivedMs: localMs, echoedMs: never, echoes: 0, samples: [] };
    this.#neighbours.add(neighbour);
    return neighbour;
  }

  linkDown(neighbour: Neighbour): void {
    this.#neighbours.delete(neighbour);
  }

  /** What to tell a neighbour, if it is time to: often at first, seldom later. */
  echo(neighbour: Neighbour, localMs: number): Echo | null {
    const everyMs = neighbour.echoes < FIRST_ECHOES ? FIRST_ECHO_EVERY_MS : ECHO_EVERY_MS;
    if (neighbour.sentAtMs === 0 || localMs < neighbour.echoedMs + everyMs) return null;
    neighbour.echoes++;
    neighbour.echoedMs = localMs;
    return { sentAtMs: neighbour.sentAtMs, heldMs: localMs - neighbour.receivedMs };
  }

  /** A neighbour returned a timestamp of ours in a frame that it sent at `sentAtMs`. Settled: it has had its share by then. */
  echoed(neighbour: Neighbour, echo: Echo, sentAtMs: number, localMs: number, isSettled = true): void {
    const stampedMs = this.#stamps.localMs(echo.sentAtMs);
    if (stampedMs === null || echo.heldMs < 0) return;
    const roundTripMs = localMs - stampedMs - echo.heldMs;
    if (roundTripMs < 0) return;
    const errorMs = roundTripMs / 2;
    neighbour.samples.push({ offsetMs: sentAtMs + errorMs - localMs, errorMs, takenMs: localMs, isSettled });
    if (neighbour.samples.length > SAMPLES_KEPT) neighbour.samples.shift();
  }

  /**
   * Follows the neighbours: at once while it has no share, else by a hair at a time. It goes no further than is certain, but
   * for the middle of what is, if that is narrow and it may. Returns whether it moved.
   */
  follow(mayStep: boolean, localMs: number): boolean {
    const truth = this.#truth(localMs);
    if (truth === null) return false;
    const target = mayStep && truth.high - truth.low <= SURE_MS ? (truth.low + truth.high) / 2 : Math.max(truth.low, Math.min(truth.high, this.#offsetMs));
    const wantedMs = target - this.#offsetMs;
    const moveMs = mayStep ? wantedMs : Math.max(-SLEW_MS, Math.min(SLEW_MS, wantedMs));
    this.#offsetMs += moveMs;
    return moveMs !== 0;
  }

  /** Whether the time is known well enough to act by. */
  isSure(localMs: number): boolean {
    const truth = this.#truth(localMs);
    return truth !== null && truth.high - truth.low <= SURE_MS;
  }

  /** To a middling neighbour and back; 0 while none has returned a timestamp. */
  roundTripMs(): number {
    const least: number[] = [];
    for (const { samples } of this.#neighbours) {
      if (samples.length === 0) continue;
      let leastMs = Number.POSITIVE_INFINITY;
      for (const { errorMs } of samples) leastMs = Math.min(leastMs, errorMs);
      least.push(2 * leastMs);
    }
    return least.sort((a, b) => a - b)[least.length >> 1] ?? 0;
  }

  /**
   * The narrowest interval that most of the neighbours agree on; of several the one that is nearest to what is held to be the
   * time: of two who disagree neither has more to say for itself. Null if none has told anything.
   */
  #truth(localMs: number): Interval | null {
    const edges: { atMs: number; step: 1 | -1 }[] = [];
    for (const { samples } of this.#neighbours) {
      let best: Sample | null = null;
      for (const one of samples) {
        if (one.isSettled && (best === null || errorOf(one, localMs) < errorOf(best, localMs))) best = one;
      }
      if (best === null) continue;
      const errorMs = errorOf(best, localMs);
      edges.push({ atMs: best.offsetMs - errorMs, step: 1 }, { atMs: best.offsetMs + errorMs, step: -1 });
    }
    edges.sort((a, b) => a.atMs - b.atMs || b.step - a.step);
    let best: Interval | null = null;
    let depth = 0;
    let most = 0;
    edges.forEach(({ atMs, step }, i) => {
      depth += step;
      if (step < 0 || depth < most) return;
      const found = { low: atMs, high: edges[i + 1]!.atMs };
      if (depth === most && best !== null && this.#distanceMs(found) >= this.#distanceMs(best)) return;
      most = depth;
      best = found;
    });
    return best;
  }

  #distanceMs({ low, high }: Interval): number {
    return Math.max(0, low - this.#offsetMs, this.#offsetMs - high);
  }

  /** Takes over the time of another lineage: what was measured before was in the old one. */
  adopt(sentAtMs: number, localMs: number): void {
    this.#offsetMs = sentAtMs - localMs;
    for (const neighbour of this.#neighbours) Object.assign(neighbour, { sentAtMs: 0, echoes: 0, samples: [] });
  }
}

/** Clocks drift, so that an old exchange is worth less than it was. */
function errorOf(one: Sample, localMs: number): number {
  return one.errorMs + DRIFT * (localMs - one.takenMs);
}

/** The newest timestamps, each with its local time. */
class Stamps {
  readonly #sentAtMs = new Float64Array(STAMPS_KEPT);
  readonly #localMs = new Float64Array(STAMPS_KEPT);
  #added = 0;

  add(sentAtMs: number, localMs: number): void {
    const newest = (this.#added - 1) % STAMPS_KEPT;
    const slot = this.#added > 0 && this.#sentAtMs[newest] === sentAtMs ? newest : this.#added++ % STAMPS_KEPT;
    this.#sentAtMs[slot] = sentAtMs;
    this.#localMs[slot] = localMs;
  }

  /** The newest one counts; null if there is none. */
  localMs(sentAtMs: number): number | null {
    for (let i = this.#added - 1; i >= Math.max(0, this.#added - STAMPS_KEPT); i--) {
      if (this.#sentAtMs[i % STAMPS_KEPT] === sentAtMs) return this.#localMs[i % STAMPS_KEPT]!;
    }
    return null;
  }
}
