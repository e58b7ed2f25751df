// What each of thousands of agents knows of all the others, in a fifth of the memory that a Map takes.

import type { MemberId, MemberRecord } from "../node/core/events.ts";
import type { Ids, Records, Tables } from "../node/core/members.ts";

const CHUNK_BITS = 6;
const CHUNK = 1 << CHUNK_BITS;

/** Numbers the ids of a world, in the order in which they are first heard of: all agents keep records under these. */
export class SharedIds {
  readonly #numbers = new Map<MemberId, number>();
  readonly #ids: MemberId[] = [];

  /** -1 if nobody has kept anything under it. */
  find(id: MemberId): number {
    return this.#numbers.get(id) ?? -1;
  }

  numberOf(id: MemberId): number {
    const known = this.find(id);
    if (known >= 0) return known;
    this.#numbers.set(id, this.#ids.length);
    return this.#ids.push(id) - 1;
  }

  idOf(number: number): MemberId {
    return this.#ids[number]!;
  }
}

type Chunk = (MemberRecord | undefined)[];

export class CompactRecords implements Records {
  readonly #ids: SharedIds;
  readonly #chunks: (Chunk | undefined)[] = [];
  #size = 0;

  constructor(ids: SharedIds) {
    this.#ids = ids;
  }

  get size(): number {
    return this.#size;
  }

  get(id: MemberId): MemberRecord | undefined {
    const number = this.#ids.find(id);
    return number < 0 ? undefined : this.#chunks[number >>> CHUNK_BITS]?.[number & (CHUNK - 1)];
  }

  set(id: MemberId, record: MemberRecord): void {
    const number = this.#ids.numberOf(id);
    const index = number >>> CHUNK_BITS;
    while (this.#chunks.length < index) this.#chunks.push(undefined);
    const chunk = (this.#chunks[index] ??= new Array<MemberRecord | undefined>(CHUNK).fill(undefined));
    if (chunk[number & (CHUNK - 1)] === undefined) this.#size++;
    chunk[number & (CHUNK - 1)] = record;
  }

  delete(id: MemberId): void {
    const number = this.#ids.find(id);
    const chunk = number < 0 ? undefined : this.#chunks[number >>> CHUNK_BITS];
    if (chunk?.[number & (CHUNK - 1)] === undefined) return;
    chunk[number & (CHUNK - 1)] = undefined;
    this.#size--;
  }

  values(): readonly MemberRecord[] {
    const all: MemberRecord[] = [];
    for (const chunk of this.#chunks) if (chunk !== undefined) for (const one of chunk) if (one !== undefined) all.push(one);
    return all;
  }
}

/** A bit each. */
export class CompactIds implements Ids {
  readonly #shared: SharedIds;
  #words: number[] = [];
  #size = 0;

  constructor(shared: SharedIds) {
    this.#shared = shared;
  }

  get size(): number {
    return this.#size;
  }

  has(id: MemberId): boolean {
    const number = this.#shared.find(id);
    return number >= 0 && this.#isSet(number);
  }

  add(id: MemberId): void {
    const number = this.#shared.numberOf(id);
    if (this.#isSet(number)) return;
    while (this.#words.length <= number >>> 5) this.#words.push(0);
    this.#words[number >>> 5]! |= 1 << (number & 31);
    this.#size++;
  }

  delete(id: MemberId): void {
    const number = this.#shared.find(id);
    if (number < 0 || !this.#isSet(number)) return;
    this.#words[number >>> 5]! &= ~(1 << (number & 31));
    this.#size--;
  }

  clear(): void {
    if (this.#size > 0) this.#words = [];
    this.#size = 0;
  }

  values(): readonly MemberId[] {
    const found: MemberId[] = [];
    this.#words.forEach((word, index) => {
      for (let rest = word; rest !== 0; rest &= rest - 1) found.push(this.#shared.idOf(32 * index + 31 - Math.clz32(rest & -rest)));
    });
    return found;
  }

  #isSet(number: number): boolean {
    return ((this.#words[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }
}

/** For all agents of one world. */
export function compactTables(): Tables {
  const shared = new SharedIds();
  return { records: () => new CompactRecords(shared), ids: () => new CompactIds(shared) };
}
