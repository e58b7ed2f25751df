// An agent's own clock: monotonic, begun at a wrong time, a little fast or slow.

/** When virtual time begins: any instant will do, but not 0, which hides missing offsets. */
export const EPOCH_MS = 1_700_000_000_000;

/** Steps in which a time of this size can be told apart. */
const RESOLUTION_MS = 2 ** -12;

/**
 * The wall clock is read once, when the agent starts; from then on its time is the monotonic one. So a wall clock that
 * is wrong is an offset, and one that jumps later changes nothing: there is nothing to simulate.
 */
export class LocalClock {
  readonly skewMs: number;
  readonly driftPpm: number;
  readonly #speed: number;

  constructor(skewMs: number, driftPpm: number) {
    this.skewMs = skewMs;
    this.driftPpm = driftPpm;
    this.#speed = 1 + driftPpm / 1e6;
  }

  /** Local time at a virtual time (milliseconds since the simulation began). */
  at(virtualMs: number): number {
    return EPOCH_MS + (virtualMs * this.#speed + this.skewMs);
  }

  /** The virtual time at which it is this local time. */
  virtual(localMs: number): number {
    return (localMs - EPOCH_MS - this.skewMs) / this.#speed;
  }

  /** When a timer set to this local time fires: never a hair before it, as rounding would have it. */
  fires(localMs: number): number {
    let virtualMs = this.virtual(localMs);
    while (this.at(virtualMs) < localMs) virtualMs += RESOLUTION_MS;
    return virtualMs;
  }
}
