// Room for the large frames of peers that are no members: only so much of them is on its way at a time.

import { MAX_FRAME_BYTES } from "../wire/codec.ts";

/** Up to here frames need no room: those of so many strangers as may be linked take no more than the large ones. */
export const SMALL_FRAME_BYTES = 32 * 1024;
/** One frame of the largest kind, or complete states of several swarms. What it becomes when decoded takes as much again. */
export const LARGE_FRAMES_BYTES = MAX_FRAME_BYTES;
/** From the first byte to the last; then the peer loses its link. At 1 MB/s it is enough for the largest one. */
export const LARGE_FRAME_MS = 10_000;

interface Waiting {
  readonly sizeBytes: number;
  readonly admit: () => void;
}

/** In the order of asking: a large one is not passed over for ever. */
export class LargeFrames {
  #takenBytes = 0;
  readonly #waiting: Waiting[] = [];

  /**
   * Resolves when a frame of this size may be read; null if it may be at once, and takes no room. What it resolves to is to be
   * called once, when the frame is done with.
   */
  enter(sizeBytes: number): Promise<() => void> | null {
    return sizeBytes <= SMALL_FRAME_BYTES ? null : this.#enter(sizeBytes);
  }

  async #enter(sizeBytes: number): Promise<() => void> {
    if (this.#waiting.length > 0 || !this.#fits(sizeBytes)) {
      await new Promise<void>((admit) => this.#waiting.push({ sizeBytes, admit }));
    } else this.#takenBytes += sizeBytes;
    return () => this.#leave(sizeBytes);
  }

  #fits(sizeBytes: number): boolean {
    return this.#takenBytes === 0 || this.#takenBytes + sizeBytes <= LARGE_FRAMES_BYTES;
  }

  #leave(sizeBytes: number): void {
    this.#takenBytes -= sizeBytes;
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.sizeBytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#takenBytes += next.sizeBytes;
      next.admit();
    }
  }
}
