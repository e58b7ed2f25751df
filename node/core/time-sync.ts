// Swarm time: the agent's own monotonic clock plus an offset learnt from its neighbours.
//
// Offsets come from four timestamps (NTP, RFC 5905 section 8): of each neighbour the exchange with the shortest round
// trip counts, of all neighbours the median. A wall clock that jumps moves nothing.

import type { Echo } from "./frame.ts";
import { ECHO_EVERY_MS, FIRST_ECHOES, FIRST_ECHO_EVERY_MS, SAMPLES_KEPT, SLEW_MS, SURE_ROUND_TRIP_MS } from "./limits.ts";

interface Sample {
  readonly roundTripMs: number;
  /** The neighbour's swarm time minus local time here. */
  readonly offsetMs: number;
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

  /** A neighbour returned a timestamp of ours in a frame that it sent at `sentAtMs`. */
  echoed(neighbour: Neighbour, echo: Echo, sentAtMs: number, localMs: number): void {
    const roundTripMs = this.swarmMs(localMs) - echo.sentAtMs - echo.heldMs;
    if (echo.heldMs < 0 || !(roundTripMs >= 0)) return;
    neighbour.samples.push({ roundTripMs, offsetMs: sentAtMs + roundTripMs / 2 - localMs });
    if (neighbour.samples.length > SAMPLES_KEPT) neighbour.samples.shift();
  }

  /**
   * Follows the median of the neighbours: at once while it has no share, later by a hair at a time. An exchange tells the
   * truth to half its round trip only: whoever has a share does not move for less. Returns whether it moved.
   */
  follow(mayStep: boolean): boolean {
    // The own offset counts as one more opinion, or two agents would chase each other.
    const moves: number[] = mayStep ? [] : [0];
    for (const { samples } of this.#neighbours) {
      if (samples.length === 0) continue;
      const { roundTripMs, offsetMs } = samples.reduce((a, b) => (b.roundTripMs < a.roundTripMs ? b : a));
      const apartMs = offsetMs - this.#offsetMs;
      moves.push(mayStep ? apartMs : Math.sign(apartMs) * Math.max(0, Math.abs(apartMs) - roundTripMs / 2));
    }
    if (moves.length === 0) return false;
    moves.sort((a, b) => a - b);
    const middle = moves.length >> 1;
    const wantedMs = moves.length % 2 === 1 ? moves[middle]! : (moves[middle - 1]! + moves[middle]!) / 2;
    const moveMs = mayStep ? wantedMs : Math.max(-SLEW_MS, Math.min(SLEW_MS, wantedMs));
    this.#offsetMs += moveMs;
    return moveMs !== 0;
  }

  /** Whether some neighbour's time is known well enough to act by. */
  isSure(): boolean {
    for (const { samples } of this.#neighbours) if (samples.some((one) => one.roundTripMs <= SURE_ROUND_TRIP_MS)) return true;
    return false;
  }

  /** Takes over the time of another lineage: what was measured before was in the old one. */
  adopt(sentAtMs: number, localMs: number): void {
    this.#offsetMs = sentAtMs - localMs;
    for (const neighbour of this.#neighbours) Object.assign(neighbour, { sentAtMs: 0, echoes: 0, samples: [] });
  }
}
