// Which view each member has adopted, and since when: a bit in a roll call under a view says that its owner adopted it.

import type { MemberId } from "../events.ts";
import type { Adoption, Positions } from "../frame.ts";
import type { Chain } from "./chain.ts";
import { emptyPositions, fits, insert, listed } from "./positions.ts";
import type { AgreedView } from "./view.ts";

interface Shown {
  readonly positions: Uint32Array;
  /** By position: the first window in which it was present, from `baseWindow` on; 0 if never. */
  readonly since: Uint16Array;
  readonly baseWindow: number;
  missing: number;
  /** The largest of `since`: what is heard of later windows changes nothing. */
  latest: number;
}

interface Told {
  readonly view: number;
  /** The last window for which they may have answered under an older view. */
  readonly untilWindow: number;
}

/** Windows before a view takes effect in which it may already be acknowledged; more than ever pass. */
const EARLY_WINDOWS = 64;
/** More windows than there are until the year 10000: makes one number of a view's and a window's. */
const KEY_WINDOWS = 2 ** 40;

export class Acks {
  readonly #chain: Chain;
  readonly #shown = new Map<number, Shown>();
  /** What those said who are not members of the view they adopted: they leave, or were removed and come back. */
  readonly #told = new Map<MemberId, Told>();
  /** Rises with everything that makes a difference here. */
  changes = 0;
  /** What `movedOn` has found since anything changed, by view and window. */
  readonly #movedOn = new Map<number, Positions>();

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /** These members of the view were heard under it in a window. Returns whether any of them had not been before. */
  note(view: AgreedView, present: Positions, window: number): boolean {
    const shown = this.#of(view);
    const since = Math.min(65_535, Math.max(1, window - shown.baseWindow));
    if ((shown.missing === 0 && since >= shown.latest) || !fits(present, view.size)) return false;
    let changed = false;
    for (const position of listed(present)) {
      const before = shown.since[position]!;
      if (before !== 0 && before <= since) continue;
      if (before === 0) {
        insert(shown.positions, position);
        shown.missing--;
        shown.latest = Math.max(shown.latest, since);
      }
      // News of an earlier window may come after that of a later one.
      shown.since[position] = since;
      changed = true;
    }
    if (changed) this.#changed();
    return changed;
  }

  /** For those who were not there. */
  all(): Adoption[] {
    return [...this.#shown].map(([view, { positions }]) => ({ view, members: positions.slice() }));
  }

  /** It has adopted this view, and may have answered under older ones until the end of a window. Returns whether it was news. */
  told(id: MemberId, view: number, untilWindow: number): boolean {
    // That it has adopted the oldest view remembered, or an older one, rules nothing out.
    if (view <= this.#chain.oldest.number || view <= (this.#told.get(id)?.view ?? 0)) return false;
    this.#told.set(id, { view, untilWindow });
    this.#changed();
    return true;
  }

  /** Whether the member of a view at this position was heard under it. */
  isShown(view: AgreedView, position: number): boolean {
    return (this.#shown.get(view.number)?.since[position] ?? 0) > 0;
  }

  /** Number of the newest view that a member is known to have adopted; 0 if of none that is remembered. */
  of(id: MemberId): number {
    let newest = this.#told.get(id)?.view ?? 0;
    const views = this.#chain.all();
    for (let i = views.length - 1; i >= 0 && views[i]!.number > newest; i--) {
      const view = views[i]!;
      const position = view.positionOf(id);
      if (position >= 0 && (this.#shown.get(view.number)?.since[position] ?? 0) > 0) newest = view.number;
    }
    return newest;
  }

  /** Members of `view` that had adopted a newer one before a window: they could not renew anybody's lease in it. */
  movedOn(view: AgreedView, beforeWindow: number): Positions {
    const key = view.number * KEY_WINDOWS + beforeWindow;
    let moved = this.#movedOn.get(key);
    if (moved === undefined) this.#movedOn.set(key, (moved = this.#whoMovedOn(view, beforeWindow)));
    return moved;
  }

  #whoMovedOn(view: AgreedView, beforeWindow: number): Positions {
    const moved = emptyPositions(view.size);
    for (const newer of this.#chain.all()) {
      const shown = newer.number > view.number ? this.#shown.get(newer.number) : undefined;
      if (shown === undefined) continue;
      const before = newer.positionsIn(view);
      for (let position = 0; position < newer.size; position++) {
        const since = shown.since[position]!;
        if (since === 0 || shown.baseWindow + since >= beforeWindow) continue;
        if (before[position]! >= 0) insert(moved, before[position]!);
      }
    }
    for (const [id, told] of this.#told) {
      const position = told.view > view.number && told.untilWindow < beforeWindow ? view.positionOf(id) : -1;
      if (position >= 0) insert(moved, position);
    }
    return moved;
  }

  /** Forgets views that the chain has forgotten, and those told by agents that are nowhere in it. */
  prune(): void {
    this.#changed();
    for (const number of this.#shown.keys()) if (this.#chain.at(number) === undefined) this.#shown.delete(number);
    for (const id of this.#told.keys()) if (!this.#chain.remembers(id)) this.#told.delete(id);
  }

  #changed(): void {
    this.changes++;
    this.#movedOn.clear();
  }

  #of(view: AgreedView): Shown {
    let shown = this.#shown.get(view.number);
    if (shown === undefined) {
      const baseWindow = view.fromWindow - EARLY_WINDOWS;
      shown = { positions: emptyPositions(view.size), since: new Uint16Array(view.size), baseWindow, missing: view.size, latest: 0 };
      this.#shown.set(view.number, shown);
    }
    return shown;
  }
}
