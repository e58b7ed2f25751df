// Sets of positions on the wire: a field of bits, or the gaps between them where that is shorter.

import type { Positions } from "../core/frame.ts";
import { MAX_POSITIONS } from "./bounds.ts";
import { bytes, invalid, list, type Loose } from "./check.ts";

/** One of the two, or neither for the empty set. */
export interface WirePositions {
  readonly bits: Uint8Array | undefined;
  readonly gaps: readonly number[] | undefined;
}

const EMPTY: WirePositions = { bits: undefined, gaps: undefined };

export function positionsToWire(set: Positions): WirePositions {
  const bitsBytes = Math.ceil(lengthOf(set) / 8);
  if (bitsBytes === 0) return EMPTY;
  const gaps = gapsWithin(set, bitsBytes);
  return gaps === null ? { bits: bitsOf(set, bitsBytes), gaps: undefined } : { bits: undefined, gaps };
}

/** Reads the set that stands in two fields. Its length is canonical: no words beyond that of the highest position. */
export function positionsFromWire(wire: Loose, bitsField: string, gapsField: string): Positions {
  const bits = bytes(wire, bitsField);
  const gaps = list(wire, gapsField) as readonly number[];
  if (gaps.length === 0) return setOfBits(bits, bitsField);
  if (bits.length > 0) throw invalid(`${bitsField} has both bits and gaps`);
  return setOf(ascendingFromGaps(gaps, gapsField));
}

/** Ascending positions as the number skipped before each. */
export function gapsOf(positions: readonly number[]): number[] {
  return positions.map((position, i) => position - (i === 0 ? -1 : positions[i - 1]!) - 1);
}

export function ascendingFromGaps(gaps: readonly number[], field: string): number[] {
  let position = -1;
  return gaps.map((gap) => {
    position += gap + 1;
    if (position >= MAX_POSITIONS) throw invalid(`${field} leads beyond position ${MAX_POSITIONS - 1}`);
    return position;
  });
}

/** Highest position and one. */
function lengthOf(set: Positions): number {
  let words = set.length;
  while (words > 0 && set[words - 1] === 0) words--;
  return words === 0 ? 0 : 32 * words - Math.clz32(set[words - 1]!);
}

/** The gaps, if they take less than so many bytes as varints; else null. */
function gapsWithin(set: Positions, limitBytes: number): number[] | null {
  // A gap takes a byte at least: the usual full set is seen at once.
  let members = 0;
  for (const word of set) members += bitsIn(word);
  if (members >= limitBytes) return null;
  const gaps: number[] = [];
  let sizeBytes = 0;
  let previous = -1;
  for (let index = 0; index < set.length; index++) {
    for (let word = set[index]!; word !== 0; word &= word - 1) {
      const position = 32 * index + 31 - Math.clz32(word & -word);
      const gap = position - previous - 1;
      sizeBytes += gap < 128 ? 1 : gap < 16_384 ? 2 : 3;
      if (sizeBytes >= limitBytes) return null;
      gaps.push(gap);
      previous = position;
    }
  }
  return gaps;
}

/** Population count by halves (Warren, Hacker's Delight, 5-1). */
function bitsIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function bitsOf(set: Positions, sizeBytes: number): Uint8Array {
  const bits = new Uint8Array(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bits[i] = set[i >> 2]! >>> (8 * (i & 3));
  return bits;
}

function setOfBits(bits: Uint8Array, field: string): Positions {
  if (8 * bits.length > MAX_POSITIONS) throw invalid(`${field} has more than ${MAX_POSITIONS} bits`);
  let used = bits.length;
  while (used > 0 && bits[used - 1] === 0) used--;
  const set = new Uint32Array(Math.ceil(used / 4));
  for (let i = 0; i < used; i++) set[i >> 2]! |= bits[i]! << (8 * (i & 3));
  return set;
}

function setOf(ascending: readonly number[]): Positions {
  const set = new Uint32Array(((ascending.at(-1) ?? -1) >> 5) + 1);
  for (const position of ascending) set[position >> 5]! |= 1 << (position & 31);
  return set;
}
