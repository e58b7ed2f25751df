// Swarm time: milliseconds since the Unix epoch, carried on by the monotonic clock from the moment the process started.

import { monotonicMs } from "../load/clock.ts";

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
