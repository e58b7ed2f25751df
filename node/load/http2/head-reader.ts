// Reads the heads of a connection's answers. A target repeats itself: the same octets with the same table mean the same.

import { HEAD_BYTES } from "../http/limits.ts";
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

/** Of a list that means the same whatever is in the table. */
const ANY = -1;

export class HeadReader {
  readonly #decoder = new HpackDecoder(HEAD_BYTES);
  #known: FieldList | null = null;
  #knownBytes: Buffer | null = null;
  #knownLength = 0;
  #knownVersion = ANY;
  #knownAdded: readonly string[] = [];

  /** Null if it cannot be read: the connection is of no more use. */
  read(bytes: Buffer, from: number, to: number): FieldList | null {
    if (this.#isKnown(bytes, from, to)) {
      this.#decoder.repeat(this.#knownAdded);
      return this.#known;
    }
    const { version } = this.#decoder;
    const fields = this.#decoder.decode(bytes, from, to);
    if (fields === null) return null;
    const list: FieldList = { head: headOf(fields), fields, isTooLong: this.#decoder.isTooLong };
    const { isPure, version: after } = this.#decoder;
    if ((isPure || version === after) && to - from <= MEMO_BYTES) this.#keep(list, bytes, from, to);
    return list;
  }

  #isKnown(bytes: Buffer, from: number, to: number): boolean {
    const length = to - from;
    const known = this.#knownBytes;
    if (known === null || this.#knownLength !== length) return false;
    if (this.#knownVersion !== ANY && this.#knownVersion !== this.#decoder.version) return false;
    for (let i = 0; i < length; i++) if (bytes[from + i] !== known[i]) return false;
    return true;
  }

  #keep(list: FieldList, bytes: Buffer, from: number, to: number): void {
    if (this.#knownBytes === null || this.#knownBytes.length < to - from) this.#knownBytes = Buffer.allocUnsafeSlow(to - from);
    bytes.copy(this.#knownBytes, 0, from, to);
    this.#knownLength = to - from;
    this.#knownVersion = this.#decoder.isPure ? ANY : this.#decoder.version;
    this.#knownAdded = this.#decoder.added;
    this.#known = list;
  }
}
