// Reads the heads of a connection's answers. A target repeats itself: the same octets with the same table mean the same.

import { HEAD_BYTES } from "../http1/limits.ts";
import { type Head, headOf } from "./head.ts";
import { HpackDecoder } from "./hpack.ts";
import { MEMO_BYTES } from "./limits.ts";

/** A list that is no head of an answer; what is in it, for trailers. */
export interface FieldList {
  readonly head: Head | null;
  readonly fields: readonly string[];
  /** Some of it was left out. */
  readonly isTooLong: boolean;
}

export class HeadReader {
  readonly #decoder = new HpackDecoder(HEAD_BYTES);
  #known: FieldList | null = null;
  #knownBytes: Buffer | null = null;
  #knownLength = 0;
  #knownVersion = 0;

  /** Null if it cannot be read: the connection is of no more use. */
  read(bytes: Buffer, from: number, to: number): FieldList | null {
    if (this.#isKnown(bytes, from, to)) return this.#known;
    const { version } = this.#decoder;
    const fields = this.#decoder.decode(bytes, from, to);
    if (fields === null) return null;
    const list: FieldList = { head: headOf(fields), fields, isTooLong: this.#decoder.isTooLong };
    if (version === this.#decoder.version && to - from <= MEMO_BYTES) this.#keep(list, bytes, from, to);
    return list;
  }

  #isKnown(bytes: Buffer, from: number, to: number): boolean {
    const length = to - from;
    const known = this.#knownBytes;
    if (known === null || this.#knownLength !== length || this.#knownVersion !== this.#decoder.version) return false;
    for (let i = 0; i < length; i++) if (bytes[from + i] !== known[i]) return false;
    return true;
  }

  #keep(list: FieldList, bytes: Buffer, from: number, to: number): void {
    if (this.#knownBytes === null || this.#knownBytes.length < to - from) this.#knownBytes = Buffer.allocUnsafeSlow(to - from);
    bytes.copy(this.#knownBytes, 0, from, to);
    this.#knownLength = to - from;
    this.#knownVersion = this.#decoder.version;
    this.#known = list;
  }
}
