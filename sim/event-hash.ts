// A fingerprint of everything that happened, in order: equal seeds must give equal ones.

import type { In } from "../node/core/events.ts";

const PRIME = 16777619;
const scratch = new DataView(new ArrayBuffer(8));

/** FNV-1a over words: what kind of input, whose, when. */
export class EventHash {
  #hash = 2166136261;

  add(kind: In["kind"], agent: number, atMs: number): void {
    scratch.setFloat64(0, atMs);
    this.#word(kind.length + (kind.charCodeAt(0) << 8) + (kind.charCodeAt(kind.length - 1) << 16));
    this.#word(agent);
    this.#word(scratch.getInt32(0));
    this.#word(scratch.getInt32(4));
  }

  get text(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  #word(word: number): void {
    this.#hash = Math.imul(this.#hash ^ word, PRIME);
    this.#hash ^= this.#hash >>> 15;
  }
}
