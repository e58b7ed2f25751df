// Reads compressed header fields (HPACK, RFC 7541). Its state belongs to a connection: every block of it must be read, in order.

import { decodeHuffman } from "./huffman.ts";
import { STATIC, STATIC_ENTRIES } from "./static-table.ts";

/** Octets that the dynamic table may take: what a target assumes that is told nothing. */
const TABLE_BYTES = 4096;
/** What an entry costs beyond its text (RFC 7541, 4.1); so few fit that a ring of so many holds them all. */
const ENTRY_BYTES = 32;
const RING = TABLE_BYTES / ENTRY_BYTES;
/** No number in a block is larger: a longer one is meant to overflow. */
const MOST_OCTETS_OF_A_NUMBER = 4;

const NOTHING: readonly string[] = [];

export class HpackDecoder {
  /** Grows with every change of the table. */
  version = 0;
  /** The latest list was longer than is allowed: what was over the limit is not in it. */
  isTooLong = false;
  /** The latest list does not depend on what is in the table: the same octets mean the same at any time. */
  isPure = true;
  /** What the latest list put into the table, names and values in turn; the same array as long as nothing else is read. */
  added: readonly string[] = NOTHING;
  readonly #mostBytes: number;
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  /** Place of the newest entry. */
  #newest = 0;
  #count = 0;
  #size = 0;
  #limit = TABLE_BYTES;
  #at = 0;
  #end = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #isFaulty = false;
  #adding: string[] = [];
  /** What is still to be put into the table, and how often. */
  #due: readonly string[] = NOTHING;
  #dueTimes = 0;

  /** Of a list, counted as SETTINGS_MAX_HEADER_LIST_SIZE counts. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Names and values in turn; null if it is no such block. After that the connection is of no more use. */
  decode(bytes: Buffer, from: number, to: number): string[] | null {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    this.#isFaulty = false;
    this.isTooLong = false;
    this.isPure = true;
    this.#adding = [];
    if (this.#dueTimes > 0) this.#catchUp();
    const fields: string[] = [];
    let size = 0;
    while (this.#at < to && !this.#isFaulty) {
      const first = bytes[this.#at]!;
      if (first >= 0x20 && first < 0x40) {
        this.isPure = false;
        this.#resize(this.#number(0x1f), fields.length > 0);
        continue;
      }
      const before = fields.length;
      this.#field(first, fields);
      if (this.#isFaulty) break;
      size += fields[before]!.length + fields[before + 1]!.length + ENTRY_BYTES;
      if (size <= this.#mostBytes) continue;
      this.isTooLong = true;
      fields.length = before;
    }
    this.added = this.#adding;
    return this.#isFaulty ? null : fields;
  }

  /** A list that was pure has come once more, and puts the same into the table. */
  repeat(added: readonly string[]): void {
    if (added.length === 0) return;
    if (added !== this.#due) {
      this.#catchUp();
      this.#due = added;
    }
    this.#dueTimes++;
  }

  /** As often as it takes to fill the table: after that, more of the same changes nothing. */
  #catchUp(): void {
    const due = this.#due;
    const most = RING + 1;
    for (let times = Math.min(this.#dueTimes, most); times > 0; times--) {
      for (let i = 0; i < due.length; i += 2) this.#add(due[i]!, due[i + 1]!);
    }
    this.#due = NOTHING;
    this.#dueTimes = 0;
  }

  #field(first: number, fields: string[]): void {
    if (first >= 0x80) {
      const index = this.#number(0x7f);
      fields.push(this.#name(index), this.#value(index));
      return;
    }
    const isAdded = first >= 0x40;
    const index = this.#number(isAdded ? 0x3f : 0x0f);
    const name = index === 0 ? this.#text() : this.#name(index);
    const value = this.#text();
    fields.push(name, value);
    if (!isAdded || this.#isFaulty) return;
    this.#add(name, value);
    this.#adding.push(name, value);
  }

  #name(index: number): string {
    if (index >= 1 && index <= STATIC_ENTRIES) return STATIC[(index - 1) * 2]!;
    return this.#names[this.#placeOf(index)] ?? "";
  }

  #value(index: number): string {
    if (index >= 1 && index <= STATIC_ENTRIES) return STATIC[(index - 1) * 2 + 1]!;
    return this.#values[this.#placeOf(index)] ?? "";
  }

  #placeOf(index: number): number {
    this.isPure = false;
    const age = index - STATIC_ENTRIES - 1;
    if (age < 0 || age >= this.#count) this.#isFaulty = true;
    return (this.#newest - age + RING) % RING;
  }

  #add(name: string, value: string): void {
    const size = name.length + value.length + ENTRY_BYTES;
    this.version++;
    this.#shrink(this.#limit - size);
    // One that is longer than the table only empties it.
    if (size > this.#limit) return;
    this.#newest = (this.#newest + 1) % RING;
    this.#names[this.#newest] = name;
    this.#values[this.#newest] = value;
    this.#count++;
    this.#size += size;
  }

  #resize(limit: number, isLate: boolean): void {
    if (isLate || limit > TABLE_BYTES) {
      this.#isFaulty = true;
      return;
    }
    this.version++;
    this.#limit = limit;
    this.#shrink(limit);
  }

  #shrink(size: number): void {
    while (this.#count > 0 && this.#size > size) {
      const oldest = (this.#newest - this.#count + 1 + RING) % RING;
      this.#size -= this.#names[oldest]!.length + this.#values[oldest]!.length + ENTRY_BYTES;
      this.#names[oldest] = this.#values[oldest] = "";
      this.#count--;
    }
  }

  /** A number that begins in the low bits of an octet (RFC 7541, 5.1). */
  #number(mask: number): number {
    let value = this.#octet() & mask;
    if (value < mask) return value;
    for (let i = 0; i < MOST_OCTETS_OF_A_NUMBER; i++) {
      const octet = this.#octet();
      value += (octet & 0x7f) * 2 ** (7 * i);
      if (octet < 0x80) return value;
    }
    this.#isFaulty = true;
    return 0;
  }

  #text(): string {
    const isHuffman = this.#at < this.#end && this.#bytes[this.#at]! >= 0x80;
    const length = this.#number(0x7f);
    const from = this.#at;
    if (this.#isFaulty || length > this.#end - from) {
      this.#isFaulty = true;
      return "";
    }
    this.#at += length;
    if (!isHuffman) return this.#bytes.toString("latin1", from, this.#at);
    const text = decodeHuffman(this.#bytes, from, this.#at);
    if (text === null) this.#isFaulty = true;
    return text ?? "";
  }

  #octet(): number {
    if (this.#at < this.#end) return this.#bytes[this.#at++]!;
    this.#isFaulty = true;
    return 0;
  }
}
