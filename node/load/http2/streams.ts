// The open streams of a connection, found by their number.

import type { Http2Call } from "./call.ts";
import { MOST_31_BITS } from "./frames.ts";

export class Streams {
  readonly #open: Http2Call[] = [];
  /** A client's streams have odd numbers. */
  #next = 1;
  /** Frames of one stream come together. */
  #latest: Http2Call | null = null;

  get size(): number {
    return this.#open.length;
  }

  /** Those that are open now; not to be held on to. */
  get all(): readonly Http2Call[] {
    return this.#open;
  }

  /** There are no further numbers. */
  get areUsedUp(): boolean {
    return this.#next > MOST_31_BITS;
  }

  /** Its number. */
  add(call: Http2Call): number {
    call.place = this.#open.length;
    this.#open.push(call);
    const stream = this.#next;
    this.#next += 2;
    return stream;
  }

  find(stream: number): Http2Call | null {
    if (this.#latest?.stream === stream) return this.#latest;
    // They are few, and answers come about in the order of the requests.
    for (const call of this.#open) if (call.stream === stream) return (this.#latest = call);
    return null;
  }

  /** It is, or was, one of ours. */
  wasOpened(stream: number): boolean {
    return stream % 2 === 1 && stream < this.#next;
  }

  delete(call: Http2Call): void {
    const { place } = call;
    if (place < 0) return;
    call.place = -1;
    if (this.#latest === call) this.#latest = null;
    const last = this.#open.pop()!;
    if (last === call) return;
    this.#open[place] = last;
    last.place = place;
  }
}
