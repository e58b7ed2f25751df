// Local time and swarm time of this agent (load/clock.ts says how they hang together).

import { monotonicMs } from "../load/clock.ts";

export class SwarmClock {
  /** Local minus monotonic time. Fixed at start: a wall clock that jumps later changes nothing. */
  readonly baseMs: number;
  #offsetMs = 0;

  constructor() {
    this.baseMs = performance.timeOrigin + performance.now() - monotonicMs();
  }

  /** The machine's time. */
  localMs(): number {
    return monotonicMs() + this.baseMs;
  }

  /** Swarm time: what other agents, people and logs are told. */
  nowMs(): number {
    return this.localMs() + this.#offsetMs;
  }

  /** Swarm time is local time plus this from now on; 0 until then. */
  setOffset(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }
}
