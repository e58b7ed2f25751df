// Flap damping: who is lost again and again keeps away for a while, because every coming and going moves everybody's share.

import { DAMPING } from "./limits.ts";

export class Damping {
  readonly #lossesMs: number[] = [];

  /** I was lost once more. Returns for how long I do not ask to be let in again. */
  pauseMs(nowMs: number): number {
    while (this.#lossesMs.length > 0 && this.#lossesMs[0]! < nowMs - DAMPING.memoryMs) this.#lossesMs.shift();
    this.#lossesMs.push(nowMs);
    const surplus = this.#lossesMs.length - DAMPING.free;
    return surplus <= 0 ? 0 : Math.min(DAMPING.mostMs, DAMPING.firstMs * 2 ** (surplus - 1));
  }
}
