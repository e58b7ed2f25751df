// Sets of positions compared with each other and taken from each other.

import { emptyPositions, insertAll } from "./agreement/positions.ts";
import type { Positions } from "./frame.ts";

/** A copy of one's own, with room for a view of this size. */
export function copyOf(set: Positions, size: number): Positions {
  const copy = emptyPositions(size);
  insertAll(copy, set);
  return copy;
}

/** All positions below `size` but those; in a set of one's own of that size, whatever it held before. */
export function everybodyBut(those: Positions, size: number, set = emptyPositions(size)): Uint32Array {
  for (let i = 0; i < set.length; i++) {
    const all = i === size >>> 5 ? 2 ** (size & 31) - 1 : 0xffffffff;
    set[i] = ~(those[i] ?? 0) & all;
  }
  return set;
}

/** Takes these out of a set of one's own. */
export function removeAll(set: Positions, those: Positions): void {
  for (let i = 0; i < set.length; i++) set[i]! &= ~(those[i] ?? 0);
}

/** Takes one out of a set of one's own. */
export function remove(set: Positions, position: number): void {
  set[position >>> 5]! &= ~(1 << (position & 31));
}

export function isWithin(set: Positions, other: Positions): boolean {
  for (let i = 0; i < set.length; i++) if ((set[i]! & ~(other[i] ?? 0)) !== 0) return false;
  return true;
}

export function isDisjoint(set: Positions, other: Positions): boolean {
  for (let i = 0; i < set.length; i++) if ((set[i]! & (other[i] ?? 0)) !== 0) return false;
  return true;
}
