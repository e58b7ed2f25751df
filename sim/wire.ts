// One end of a link: a TCP connection's direction, with what was sent on it and has not got across.

import type { Frame } from "../node/core/frame.ts";
import type { Agent } from "./agent.ts";
import { RETRANSMIT_MS } from "./network.ts";

/** One direction of a link, which is also the end of it that `from` holds. */
export class Wire {
  readonly from: Agent;
  readonly to: Agent;
  /** The other direction. */
  back!: Wire;
  /** `from` holds its end open. */
  isUp = true;
  isBlocked: boolean;
  /** When the last frame on its way arrives: links keep order. */
  lastArrivalMs = 0;
  /** Not acknowledged yet, since when, and when it is tried again. */
  held: Frame[] = [];
  heldSinceMs = 0;
  retryMs = RETRANSMIT_MS;

  constructor(from: Agent, to: Agent, isBlocked: boolean) {
    this.from = from;
    this.to = to;
    this.isBlocked = isBlocked;
  }
}
