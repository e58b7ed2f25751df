// What observers say of those they watch, and who is excluded because enough of them say so.

import type { MemberId } from "../events.ts";
import type { Accusation, Positions } from "../frame.ts";
import { CLOSED_HINT_MS } from "../limits.ts";
import type { Chain } from "./chain.ts";
import { emptyPositions, has, insert, isSame, NOBODY } from "./positions.ts";
import type { AgreedView } from "./view.ts";

interface Entry {
  readonly accusation: Accusation;
  /** Of the target, when it was accused: a newer one voids it. */
  readonly incarnation: number;
  readonly heardMs: number;
}

/** Fewer observers than this are few: two who are mistaken at once would be half of them. */
const FEW = 6;

export class Accusations {
  readonly #chain: Chain;
  /** Target -> accuser -> the newest of it. */
  readonly #entries = new Map<MemberId, Map<MemberId, Entry>>();
  /** When somebody was last said to be closed. */
  readonly #closedMs = new Map<MemberId, number>();
  #news: Accusation[] = [];
  /** Members of the current view that have been heard of lately; null: all count as such. */
  #present: Positions | null = null;
  #excluded: Positions | null = null;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /** Takes one in. Returns whether it is news; what names views or members that are not remembered is none. */
  take(accusation: Accusation, nowMs: number): boolean {
    const view = this.#chain.at(accusation.view);
    const target = view?.members[accusation.target];
    const accuser = view?.members[accusation.accuser];
    if (view === undefined || target === undefined || accuser === undefined || target === accuser) return false;
    // Nobody but the observers is heard: the rest has no link to judge by, and the list stays short.
    if (!view.neighboursOf(accusation.target).includes(accusation.accuser)) return false;
    const known = this.#entries.get(target.id)?.get(accuser.id);
    if (known !== undefined && known.accusation.version >= accusation.version) return false;
    const entries = this.#entries.get(target.id) ?? new Map<MemberId, Entry>();
    entries.set(accuser.id, { accusation, incarnation: target.incarnation, heardMs: nowMs });
    this.#entries.set(target.id, entries);
    if (accusation.kind === "closed") this.#closedMs.set(target.id, nowMs);
    this.#news.push(accusation);
    this.#excluded = null;
    return true;
  }

  /** What the neighbours have not been told. */
  takeNews(): Accusation[] {
    const news = this.#news;
    if (news.length > 0) this.#news = [];
    return news;
  }

  hasNews(): boolean {
    return this.#news.length > 0;
  }

  all(): Accusation[] {
    return [...this.#entries.values()].flatMap((entries) => [...entries.values()].map((entry) => entry.accusation));
  }

  /** Members of the current view whom half of their observers accuse, those excluded themselves not counted. */
  excluded(): Positions {
    this.#excluded ??= this.#entries.size === 0 ? NOBODY : this.#fixpoint();
    return this.#excluded;
  }

  /**
   * Who was present in the roll calls of late. Observers that were not do not count: where a network breaks, those on the
   * far side can accuse nobody here, and nobody here hears them.
   */
  presence(present: Positions | null): void {
    if (present === this.#present || (present !== null && this.#present !== null && isSame(present, this.#present))) return;
    this.#present = present;
    if (this.#entries.size > 0) this.#excluded = null;
  }

  /** True if at least one observer accuses it now. */
  isAccused(id: MemberId): boolean {
    const { current } = this.#chain;
    for (const [accuser] of this.#entries.get(id) ?? []) {
      if (current.positionOf(accuser) >= 0 && this.#accuses(accuser, id, current)) return true;
    }
    return false;
  }

  /** True if enough observers saw its links close, not long ago: a hint that its process is gone. */
  isClosed(id: MemberId, nowMs: number): boolean {
    const views = this.#chain.all();
    const view = views.findLast((one) => one.positionOf(id) >= 0);
    if (view === undefined) return false;
    const saying = (accuser: MemberId) => {
      const entry = this.#entries.get(id)?.get(accuser);
      return entry?.accusation.kind === "closed" && nowMs - entry.heardMs < CLOSED_HINT_MS;
    };
    const { current } = this.#chain;
    return this.#isOutvoted(view, view.positionOf(id), (accuser) => saying(accuser), (one) => current.positionOf(one) < 0);
  }

  /** Those whom somebody has said to be closed, not long ago. */
  closed(nowMs: number): Iterable<MemberId> {
    for (const [id, saidMs] of this.#closedMs) if (nowMs - saidMs >= CLOSED_HINT_MS) this.#closedMs.delete(id);
    return this.#closedMs.keys();
  }

  /** After a new view: what is said of those who are no longer remembered is not kept. */
  viewChanged(): void {
    this.#excluded = null;
    this.#present = null;
    for (const id of this.#entries.keys()) {
      if (this.#chain.all().some((view) => view.positionOf(id) >= 0)) continue;
      this.#entries.delete(id);
      this.#closedMs.delete(id);
    }
  }

  #fixpoint(): Positions {
    const { current } = this.#chain;
    const previous = this.#chain.at(current.number - 1);
    const excluded = emptyPositions(current.size);
    const isOut = (id: MemberId) => {
      const position = current.positionOf(id);
      return position < 0 || has(excluded, position) || (this.#present !== null && !has(this.#present, position));
    };
    // In an order that is the same for all: of two who accuse each other the first in the view stays.
    const accused = [...this.#entries.keys()]
      .map((target) => ({ target, position: current.positionOf(target) }))
      .filter(({ position }) => position >= 0)
      .sort((a, b) => b.position - a.position);
    for (let grew = true; grew; ) {
      grew = false;
      for (const { target, position } of accused) {
        if (has(excluded, position)) continue;
        const accuses = (accuser: MemberId) => this.#accuses(accuser, target, current);
        const inPrevious = previous?.positionOf(target) ?? -1;
        if (
          this.#isOutvoted(current, position, accuses, isOut) ||
          (previous !== undefined && inPrevious >= 0 && this.#isOutvoted(previous, inPrevious, accuses, isOut))
        ) {
          insert(excluded, position);
          grew = true;
        }
      }
    }
    return excluded;
  }

  #accuses(accuser: MemberId, target: MemberId, current: AgreedView): boolean {
    const entry = this.#entries.get(target)?.get(accuser);
    if (entry === undefined || entry.accusation.kind === "none") return false;
    return entry.incarnation >= (current.memberOf(target)?.incarnation ?? 0);
  }

  /**
   * Half of the observers that count: the larger part of a swarm that breaks in two must find enough of them on its own
   * side. Of a few more than half, or on a network that loses every fifth packet two of four evict the living.
   */
  #isOutvoted(
    view: AgreedView,
    position: number,
    accuses: (accuser: MemberId) => boolean,
    isOut: (id: MemberId) => boolean,
  ): boolean {
    const all = view.neighboursOf(position);
    let observers = 0;
    let accusers = 0;
    for (const one of all) {
      const { id } = view.members[one]!;
      if (isOut(id)) continue;
      observers++;
      if (accuses(id)) accusers++;
    }
    const half = observers >= FEW ? Math.ceil(observers / 2) : Math.floor(observers / 2) + 1;
    return accusers >= Math.max(Math.min(2, all.length), half);
  }
}
