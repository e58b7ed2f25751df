// Swarm time: milliseconds since the Unix epoch, carried on by the monotonic clock from the moment the process started.

/** Monotonic milliseconds, the same in every thread of the process. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class SwarmClock {
  /** Swarm time minus monotonic time. Fixed at start: a wall clock that jumps later changes nothing. */
  readonly offsetMs: number;

  constructor() {
    this.offsetMs = performance.timeOrigin + performance.now() - monotonicMs();
  }

  nowMs(): number {
    return monotonicMs() + this.offsetMs;
  }
}
