// Which members hold a link to each other: both neighbours in several independently hashed rings.
//
// Every member computes the same rings from the same ids, so the links need no negotiation, and a partition leaves
// each side with random, well-connected graphs (Rapid, arXiv 1803.03620, section 4.1).

import type { MemberId } from "./events.ts";
import { RINGS } from "./limits.ts";

/** FNV-1a over the id, seeded by ring, with a final avalanche so that neighbouring seeds give unrelated orders. */
export function hash32(text: string, seed: number): number {
  let hash = 2166136261 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The members `self` holds a link to, without duplicates, in ring order. Empty if self is alone or not a member. */
export function neighbours(self: MemberId, ids: readonly MemberId[]): MemberId[] {
  const found = new Set<MemberId>();
  if (ids.length < 2 || !ids.includes(self)) return [];
  for (let ring = 0; ring < RINGS; ring++) {
    const [before, after] = ringNeighbours(self, ids, ring);
    found.add(before);
    found.add(after);
  }
  return [...found];
}

/** Predecessor and successor of `self` on one ring, found in one pass: no sorting of thousands of ids per change. */
function ringNeighbours(self: MemberId, ids: readonly MemberId[], ring: number): [MemberId, MemberId] {
  const own = hash32(self, ring);
  let before = self;
  let beforeGap = Number.POSITIVE_INFINITY;
  let after = self;
  let afterGap = Number.POSITIVE_INFINITY;
  for (const id of ids) {
    if (id === self) continue;
    const up = (hash32(id, ring) - own) >>> 0;
    const down = (own - hash32(id, ring)) >>> 0;
    if (up < afterGap || (up === afterGap && id < after)) {
      after = id;
      afterGap = up;
    }
    if (down < beforeGap || (down === beforeGap && id < before)) {
      before = id;
      beforeGap = down;
    }
  }
  return [before, after];
}

/** The first `count` members in hash order of a key: who judges a run, for example. */
export function firstInHashOrder(key: string, ids: readonly MemberId[], count: number): MemberId[] {
  return [...ids]
    .map((id) => ({ id, rank: hash32(`${key}/${id}`, 0) }))
    .sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1))
    .slice(0, count)
    .map((entry) => entry.id);
}
