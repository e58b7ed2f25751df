// Whether a member's lease can have been renewed: only by a majority of those who held the same view, and did not exclude it.

import type { Positions } from "../frame.ts";
import { everybodyBut, removeAll } from "../subsets.ts";
import type { Acks } from "./acks.ts";
import { count, emptyPositions, has, insertAll } from "./positions.ts";
import type { RollCalls } from "./roll-calls.ts";
import type { AgreedView } from "./view.ts";

/**
 * What was found out of one member under one view. It stays true: of those who have moved on or exclude it, more may become known,
 * never fewer.
 */
interface Found {
  /** In windows from this one and before that one nothing can have renewed its lease. */
  fromWindow: number;
  beforeWindow: number;
  /** Those who exclude it in one other window, by so many answers. */
  window: number;
  count: number;
  excluders: Uint32Array | null;
}

export class Renewals {
  readonly #acks: Acks;
  readonly #rollCalls: RollCalls;
  /** By position. */
  readonly #found = new WeakMap<AgreedView, Map<number, Found>>();
  #scratch: Uint32Array = new Uint32Array(0);

  constructor(acks: Acks, rollCalls: RollCalls) {
    this.#acks = acks;
    this.#rollCalls = rollCalls;
  }

  /** True if nothing can have renewed the lease of the member at this position of a view in these windows. */
  areRuledOut(view: AgreedView, position: number, fromWindow: number, beforeWindow: number): boolean {
    const found = this.#of(view, position);
    let window = fromWindow;
    while (window < beforeWindow) {
      const isKnown = window >= found.fromWindow && window < found.beforeWindow;
      if (!isKnown) {
        if (this.#isPossible(view, position, window, found)) return false;
        if (window !== found.beforeWindow) found.fromWindow = window;
        found.beforeWindow = window + 1;
        found.excluders = null;
      }
      window = found.beforeWindow;
    }
    return true;
  }

  /** Whether those may be a quorum of the view who have neither moved on nor are known to exclude the member. */
  #isPossible(view: AgreedView, position: number, window: number, found: Found): boolean {
    const known = found.window === window ? found.excluders : null;
    const stayed = this.#stayed(view, window, known);
    if (!view.isQuorum(stayed)) return false;
    // This is asked of many members many times while there may be hundreds of opinions: not before they can make a difference.
    const unseen = this.#rollCalls.countIn(window) - (known === null ? 0 : found.count);
    if (2 * (count(stayed) - unseen) > view.size) return true;
    removeAll(stayed, this.#excluders(view, position, window, found));
    return view.isQuorum(stayed);
  }

  #stayed(view: AgreedView, window: number, excluders: Positions | null): Uint32Array {
    const moved = this.#acks.movedOn(view, window);
    if (this.#scratch.length !== moved.length) this.#scratch = emptyPositions(view.size);
    const stayed = everybodyBut(moved, view.size, this.#scratch);
    if (excluders !== null) removeAll(stayed, excluders);
    return stayed;
  }

  #excluders(view: AgreedView, position: number, window: number, found: Found): Positions {
    if (found.window !== window || found.excluders === null) {
      found.window = window;
      found.count = 0;
      found.excluders = emptyPositions(view.size);
    }
    for (const label of this.#rollCalls.in(window)) {
      if (label.countedIn <= found.count || label.view !== view || !has(label.excluded, position)) continue;
      insertAll(found.excluders, label.present);
    }
    found.count = this.#rollCalls.countIn(window);
    return found.excluders;
  }

  #of(view: AgreedView, position: number): Found {
    let positions = this.#found.get(view);
    if (positions === undefined) this.#found.set(view, (positions = new Map()));
    let found = positions.get(position);
    if (found === undefined) {
      found = { fromWindow: 0, beforeWindow: 0, window: 0, count: 0, excluders: null };
      positions.set(position, found);
    }
    return found;
  }
}
