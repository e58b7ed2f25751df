// One end of a link: a TCP connection's direction, with what was sent on it and has not got across.

import type { Frame } from "../node/core/frame.ts";
import type { Agent } from "./agent.ts";
import { RETRANSMIT_MS } from "./network.ts";

/** One direction of a link, which is also the end of it that `from` holds. */
export class Wire {
  /** Where `Links` keeps when its last frame arrives. */
  readonly index: number;
  readonly from: Agent;
  readonly to: Agent;
  /** The other direction. */
  back!: Wire;
  /** `from` holds its end open. */
  isUp = true;
  /** `from` has closed its end on purpose and waits for the other side to do so: what still comes is read, not refused. */
  lingers = false;
  /** The way is cut, or something sent before has yet to get across: what is sent now waits. */
  isHeld: boolean;
  /** Not acknowledged yet, since when, and after how long it is tried again. */
  held: Frame[] = [];
  heldSinceMs = 0;
  retryMs = RETRANSMIT_MS;

  constructor(index: number, from: Agent, to: Agent, isHeld: boolean) {
    this.index = index;
    this.from = from;
    this.to = to;
    this.isHeld = isHeld;
  }
}
