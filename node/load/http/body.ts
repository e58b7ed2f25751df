// A body that is kept: grows as it comes, whatever its length is said to be, so that memory is bounded by what came.

import { FIRST_BODY_BYTES } from "./limits.ts";

const NOTHING = Buffer.alloc(0);

export class KeptBody {
  #memory: Buffer = NOTHING;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Buffer, from: number, to: number): void {
    const needed = this.#length + to - from;
    if (needed > this.#memory.length) {
      // Most bodies come in one piece, and then have just the room they need.
      const isFirst = this.#length === 0;
      const grown = Buffer.allocUnsafe(isFirst ? needed : Math.max(needed, this.#memory.length * 2, FIRST_BODY_BYTES));
      this.#memory.copy(grown, 0, 0, this.#length);
      this.#memory = grown;
    }
    bytes.copy(this.#memory, this.#length, from, to);
    this.#length = needed;
  }

  bytes(): Buffer {
    return this.#length === this.#memory.length ? this.#memory : this.#memory.subarray(0, this.#length);
  }
}
