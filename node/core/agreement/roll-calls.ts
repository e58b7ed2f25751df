// Roll calls: in every window each member sets its bit, and whoever sees a majority of bits holds the lease.

import { type Dropped, nothingDropped } from "../dropped.ts";
import type { Positions, RollCall } from "../frame.ts";
import { FRAME_LISTS, LABELS_PER_WINDOW, ROLL_CALLS_KEPT } from "../limits.ts";
import { isWithin } from "../subsets.ts";
import { count, emptyPositions, fits, has, hashOf, insert, insertAll, isSame, listed } from "./positions.ts";
import type { AgreedView } from "./view.ts";

/** Those who were heard in a window under one view and exclude the same members. */
export interface Label {
  readonly view: AgreedView;
  readonly window: number;
  readonly excluded: Positions;
  /** Equal sets have equal ones. */
  readonly excludedHash: number;
  present: Uint32Array;
  /** How many those are. */
  count: number;
  /** What its window's count was when it changed last. */
  countedIn: number;
  /** As it was told or heard last, while that is all there is to tell: `present` is shared with it then, and copied before it changes. */
  told: RollCall | null;
  /** It has bits that the neighbours were not told of. */
  isNews: boolean;
}

interface Window {
  readonly number: number;
  readonly labels: Label[];
  /** All of theirs together. */
  count: number;
}

export class RollCalls {
  readonly #dropped: Dropped;
  readonly #windows = new Map<number, Window>();
  /** The last two that were asked for, even and odd: nearly all frames are of these. */
  readonly #recent: Window[] = [];
  #news: Label[] = [];
  #oldestWindow = Number.NEGATIVE_INFINITY;

  constructor(dropped = nothingDropped()) {
    this.#dropped = dropped;
  }

  /** Takes bits in, of a view that is known. Returns the label if there was anything new; what is forgotten is not. */
  merge(call: RollCall, view: AgreedView): Label | null {
    if (call.window < this.#oldestWindow) return null;
    const known = this.#known(view, call.window, call.excluded);
    // Nearly all that is heard is known: the rest of the call is looked at only if it is not.
    if (known !== undefined && isWithin(call.present, known.present)) return null;
    if (!fits(call.present, view.size) || !fits(call.excluded, view.size)) return null;
    const label = known ?? this.#add(view, call.window, call.excluded);
    if (label === null || isWithin(call.present, label.present)) return null;
    if (call.present.length === label.present.length && isWithin(label.present, call.present)) share(label, call);
    else insertAll(own(label), call.present);
    this.#changed(label);
    return label;
  }

  /** I am here. Returns the label if I had not said so. */
  set(view: AgreedView, window: number, excluded: Positions, position: number): Label | null {
    const label = this.#known(view, window, excluded) ?? this.#add(view, window, excluded);
    if (label === null || has(label.present, position)) return null;
    insert(own(label), position);
    this.#changed(label);
    return label;
  }

  in(window: number): readonly Label[] {
    return this.#window(window)?.labels ?? NO_LABELS;
  }

  /** How many answers of a window are known: with so many more than before, what is known has changed by so many members at most. */
  countIn(window: number): number {
    return this.#window(window)?.count ?? 0;
  }

  /** Those present under a view in a window, but for those who exclude `position`. */
  presentFor(position: number, view: AgreedView, window: number): Positions {
    let only: Label | null = null;
    let all: Uint32Array | null = null;
    for (const label of this.in(window)) {
      if (label.view !== view || has(label.excluded, position)) continue;
      if (only === null) only = label;
      else {
        all ??= only.present.slice();
        insertAll(all, label.present);
      }
    }
    return all ?? only?.present ?? emptyPositions(view.size);
  }

  /** Members of a view who were present in any window from `fromWindow` on, before `beforeWindow`, under that or another view. */
  presentIn(view: AgreedView, fromWindow: number, beforeWindow: number): Uint32Array {
    const present = emptyPositions(view.size);
    const others = new Map<AgreedView, Uint32Array>();
    for (let window = fromWindow; window < beforeWindow; window++) {
      for (const label of this.in(window)) {
        if (label.view === view) insertAll(present, label.present);
        else insertAll(emptySetOf(others, label.view), label.present);
      }
    }
    for (const [other, positions] of others) {
      const there = other.positionsIn(view);
      for (const position of listed(positions)) if (there[position]! >= 0) insert(present, there[position]!);
    }
    return present;
  }

  /** What the neighbours have not been told: the newest windows first, if that is too much for a frame. */
  takeNews(): RollCall[] {
    if (this.#news.length === 0) return [];
    if (this.#news.length > FRAME_LISTS.rollCalls) this.#news.sort((a, b) => b.window - a.window);
    const news = this.#news.splice(0, FRAME_LISTS.rollCalls);
    for (const label of news) label.isNews = false;
    return news.map(plain);
  }

  hasNews(): boolean {
    return this.#news.length > 0;
  }

  /** For those who were not there: of the newest windows, if that is too much. */
  all(): RollCall[] {
    const windows = [...this.#windows.keys()].sort((a, b) => b - a);
    return windows.flatMap((window) => this.in(window)).slice(0, FRAME_LISTS.rollCalls).map(plain);
  }

  /** What is forgotten is not told any more, nor taken in again: it would go round for ever. */
  forgetBefore(window: number): void {
    this.#oldestWindow = window - ROLL_CALLS_KEPT;
    for (const old of this.#windows.keys()) if (old < this.#oldestWindow) this.#windows.delete(old);
    if (this.#news.length > 0) this.#news = this.#news.filter((label) => label.window >= this.#oldestWindow);
    this.#recent.length = 0;
  }

  /** One that is not known. Null if there are too many. */
  #add(view: AgreedView, window: number, excluded: Positions): Label | null {
    if (this.in(window).length >= LABELS_PER_WINDOW) {
      this.#dropped.roll_calls++;
      return null;
    }
    const nobody = { present: emptyPositions(view.size), count: 0, countedIn: 0, told: null, isNews: false };
    const label: Label = { view, window, excluded, excludedHash: hashOf(excluded), ...nobody };
    const found: Window = this.#window(window) ?? { number: window, labels: [], count: 0 };
    if (found.labels.length === 0) this.#windows.set(window, found);
    found.labels.push(label);
    return label;
  }

  #known(view: AgreedView, window: number, excluded: Positions): Label | undefined {
    const labels = this.in(window);
    for (const label of labels) if (label.excluded === excluded && label.view === view) return label;
    const hash = hashOf(excluded);
    return labels.find((label) => label.excludedHash === hash && label.view === view && isSame(label.excluded, excluded));
  }

  #window(number: number): Window | undefined {
    const recent = this.#recent[number & 1];
    if (recent?.number === number) return recent;
    const window = this.#windows.get(number);
    if (window !== undefined) this.#recent[number & 1] = window;
    return window;
  }

  #changed(label: Label): void {
    const window = this.#window(label.window)!;
    const known = label.count;
    label.count = count(label.present);
    window.count += label.count - known;
    label.countedIn = window.count;
    if (label.isNews) return;
    label.isNews = true;
    this.#news.push(label);
  }
}

/** The one of this view; an empty one if there is none yet. */
function emptySetOf(sets: Map<AgreedView, Uint32Array>, view: AgreedView): Uint32Array {
  const known = sets.get(view) ?? emptyPositions(view.size);
  sets.set(view, known);
  return known;
}

const NO_LABELS: readonly Label[] = [];

/** What is in a frame never changes. */
function plain(label: Label): RollCall {
  const { view, window, excluded, present } = label;
  return (label.told ??= { view: view.number, window, excluded, present });
}

/** The call tells all that is known: where opinions are many, most of what is kept and told is the same everywhere. */
function share(label: Label, call: RollCall): void {
  label.told = call;
  label.present = call.present;
}

/** Those present, to be changed. */
function own(label: Label): Uint32Array {
  if (label.told !== null) label.present = label.present.slice();
  label.told = null;
  return label.present;
}
