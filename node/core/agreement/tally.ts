// The observers of a member counted: how many there are, and how many of them say something of it.

import type { MemberId } from "../events.ts";
import type { Positions } from "../frame.ts";
import { has } from "./positions.ts";
import type { AgreedView } from "./view.ts";

/** Fewer observers than this are few: two who are mistaken at once would be half of them. */
const FEW = 6;

/** The observers that a member has in one view. */
export interface Tally {
  /** Where each of them is in the current view; -1 if it is in it no longer. */
  readonly positions: readonly number[];
  /** Which of them say so. */
  readonly saying: readonly boolean[];
}

/** `view` is the current one or an older one, in which the member observed is at `position`. */
export function tally(view: AgreedView, position: number, current: AgreedView, says: (observer: MemberId) => boolean): Tally {
  const observers = view.neighboursOf(position);
  return {
    positions: view === current ? observers : observers.map((one) => current.positionOf(view.members[one]!.id)),
    saying: observers.map((one) => says(view.members[one]!.id)),
  };
}

/**
 * Half of the observers that count, which are those of the current view that are not excluded and, where that is known,
 * present: the larger part of a swarm that breaks in two must find enough of them on its own side. Of a few more than half,
 * or on a network that loses every fifth packet two of four evict the living. One alone never suffices where there are
 * others, unless the member observed was absent as well: that nobody at all has heard its answers is a second witness.
 */
export function isOutvoted(
  { positions, saying }: Tally,
  excluded: Positions,
  present: Positions | null,
  isAbsent = false,
): boolean {
  let observers = 0;
  let sayers = 0;
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i]!;
    if (position < 0 || has(excluded, position) || (present !== null && !has(present, position))) continue;
    observers++;
    if (saying[i]!) sayers++;
  }
  const half = observers >= FEW ? Math.ceil(observers / 2) : Math.floor(observers / 2) + 1;
  const least = isAbsent ? 1 : Math.min(2, positions.length);
  return sayers >= Math.max(least, half);
}
