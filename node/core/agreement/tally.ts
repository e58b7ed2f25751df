// The observers of a member counted: how many there are, and how many of them say something of it.

import type { MemberId } from "../events.ts";
import type { Positions } from "../frame.ts";
import { bitsOf, has } from "./positions.ts";
import type { AgreedView } from "./view.ts";

/** Fewer observers than this are few: two who are mistaken at once would be half of them. */
const FEW = 6;

/** The observers that a member has in one view: ten at most, as two are its neighbours in each ring. */
export interface Tally {
  /** Where each of them is in the current view; -1 if it is in it no longer. */
  readonly positions: readonly number[];
  /** Which of them say so: bit i is the one at `positions[i]`. */
  saying: number;
}

/** `view` is the current one or an older one, in which the member observed is at `position`. */
export function tally(view: AgreedView, position: number, current: AgreedView, says: (observer: MemberId) => boolean): Tally {
  const observers = view.neighboursOf(position);
  const there = view === current ? null : view.positionsIn(current);
  let saying = 0;
  observers.forEach((one, i) => {
    if (says(view.members[one]!.id)) saying |= 1 << i;
  });
  return { positions: there === null ? observers : observers.map((one) => there[one]!), saying };
}

/** The observer at this position of the current view says so now, or does no longer. Returns whether that is news. */
export function note(counted: Tally, observer: number, says: boolean): boolean {
  const i = counted.positions.indexOf(observer);
  if (i < 0 || ((counted.saying >>> i) & 1) === (says ? 1 : 0)) return false;
  counted.saying ^= 1 << i;
  return true;
}

/** So few that they never suffice, whoever counts. */
export function areTooFew({ positions, saying }: Tally, isAbsent = false): boolean {
  return bitsOf(saying) < (isAbsent ? 1 : Math.min(2, positions.length));
}

/**
 * Half of the observers that count, which are those of the current view that are not excluded and, where that is known,
 * present (null: all of the current view): the larger part of a swarm that breaks in two must find enough of them on its own
 * side. Of a few more than half, or on a network that loses every fifth packet two of four evict the living. One alone never
 * suffices where there are others, unless the member observed was absent as well: that nobody at all has heard its answers is
 * a second witness.
 */
export function isOutvoted(counted: Tally, counting: Positions | null, isAbsent = false): boolean {
  if (areTooFew(counted, isAbsent)) return false;
  const { positions, saying } = counted;
  let observers = 0;
  let sayers = 0;
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i]!;
    if (position < 0 || (counting !== null && !has(counting, position))) continue;
    observers++;
    sayers += (saying >>> i) & 1;
  }
  const half = observers >= FEW ? Math.ceil(observers / 2) : Math.floor(observers / 2) + 1;
  const least = isAbsent ? 1 : Math.min(2, positions.length);
  return sayers >= Math.max(least, half);
}
