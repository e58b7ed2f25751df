// Sets of positions in a view, as bits: who is present, who voted, who is excluded.

import type { Positions } from "../frame.ts";

export const NOBODY: Positions = new Uint32Array(0);

export function emptyPositions(size: number): Positions {
  return new Uint32Array((size + 31) >>> 5);
}

export function has(set: Positions, position: number): boolean {
  return (((set[position >>> 5] ?? 0) >>> (position & 31)) & 1) === 1;
}

/** Only ever on a set of one's own, made by `emptyPositions`. */
export function insert(set: Positions, position: number): void {
  set[position >>> 5]! |= 1 << (position & 31);
}

/** Adds to a set of one's own what it has room for. Returns whether anything was new. */
export function insertAll(set: Positions, from: Positions): boolean {
  const words = Math.min(set.length, from.length);
  let changed = 0;
  for (let i = 0; i < words; i++) {
    changed |= from[i]! & ~set[i]!;
    set[i]! |= from[i]!;
  }
  return changed !== 0;
}

export function count(set: Positions): number {
  let total = 0;
  for (let i = 0; i < set.length; i++) total += bitsOf(set[i]!);
  return total;
}

/** How many of the 32 bits of a word are set. */
export function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

export function isEmpty(set: Positions): boolean {
  for (let i = 0; i < set.length; i++) if (set[i] !== 0) return false;
  return true;
}

/** Sets that are the same have the same; trailing zeros do not matter. */
export function hashOf(set: Positions): number {
  let hash = 0;
  for (let i = 0; i < set.length; i++) hash = (hash + Math.imul(set[i]! ^ (set[i]! >>> 15), 0x9e3779b1 + 2 * i)) | 0;
  return hash;
}

/** Equal as sets: trailing zeros do not matter. */
export function isSame(a: Positions, b: Positions): boolean {
  const words = Math.max(a.length, b.length);
  for (let i = 0; i < words; i++) if ((a[i] ?? 0) !== (b[i] ?? 0)) return false;
  return true;
}

/** True if no position is `size` or more. */
export function fits(set: Positions, size: number): boolean {
  const last = size >>> 5;
  for (let i = last; i < set.length; i++) {
    const allowed = i === last ? 2 ** (size & 31) - 1 : 0;
    if ((set[i]! & ~allowed) !== 0) return false;
  }
  return true;
}

/** Ascending. */
export function listed(set: Positions): number[] {
  const positions: number[] = [];
  for (let i = 0; i < set.length; i++) {
    for (let word = set[i]!; word !== 0; word &= word - 1) positions.push(i * 32 + (31 - Math.clz32(word & -word)));
  }
  return positions;
}

export function positionsOf(positions: Iterable<number>, size: number): Positions {
  const set = emptyPositions(size);
  for (const position of positions) insert(set, position);
  return set;
}
