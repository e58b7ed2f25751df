// What observers say of those they watch, and who is excluded because enough of them say so.

import type { MemberId } from "../events.ts";
import type { Accusation, Positions, ViewMember } from "../frame.ts";
import { CLOSED_HINT_MS, FRAME_LISTS, RINGS } from "../limits.ts";
import { remove } from "../subsets.ts";
import type { Chain } from "./chain.ts";
import { emptyPositions, has, insert, insertAll, isEmpty, isSame, NOBODY } from "./positions.ts";
import { areTooFew, isOutvoted, note, type Tally, tally } from "./tally.ts";
import type { AgreedView } from "./view.ts";

interface Entry {
  readonly accusation: Accusation;
  /** Of the target, when it was accused: a newer one voids it. */
  readonly incarnation: number;
  readonly heardMs: number;
}

/** A member that somebody has accused. */
interface Accused {
  /** In the current view; -1 if it is in it no longer. */
  position: number;
  /** Accuser -> the newest of it. */
  readonly entries: Map<MemberId, Entry>;
  /** Who accuses it of those who observe it in the current view, and in the one before; null until that is asked for. */
  tallies: readonly Tally[] | null;
  /** Whether it was excluded in the first pass over all: one more accuser changes nothing then. */
  isClear: boolean;
  /** Whether it is closed, and how long that is so if nothing more is heard; null until that is asked for. */
  closed: { readonly is: boolean; readonly untilMs: number } | null;
}

/** A member has as many observers at most: two in each ring. */
const OBSERVERS = 2 * RINGS;

export class Accusations {
  readonly #chain: Chain;
  readonly #accused = new Map<MemberId, Accused>();
  /** By view, and in it by target and observer, the newest version: nearly all that is heard is known already. */
  readonly #known = new Map<AgreedView, Float64Array>();
  /** When somebody was last said to be closed. */
  readonly #closedMs = new Map<MemberId, number>();
  #news: Accusation[] = [];
  /** Until there is another one: it is told over every new link. */
  #all: readonly Accusation[] | null = null;
  /** Members of the current view that have been heard of lately; null: all count as such. */
  #present: Positions | null = null;
  /** Members of the current view that have not been heard of for very long. */
  #mute: Positions = NOBODY;
  #excluded: Positions | null = null;
  /** Members of the current view that somebody has accused, the last first; null until they are asked for. */
  #inOrder: Accused[] | null = null;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /** Takes one in. Returns whether it is news; what names views or members that are not remembered is none. */
  take(accusation: Accusation, nowMs: number): boolean {
    const view = this.#chain.at(accusation.view);
    if (view === undefined || !this.#isNewest(accusation, view)) return false;
    const target = view.members[accusation.target]!;
    const accuser = view.members[accusation.accuser]!;
    if (!this.#hasStayed(accuser.id, view) || !this.#matters(accusation, target.id, accuser.id)) return false;
    const accused = this.#accusedOf(target.id);
    const known = accused.entries.get(accuser.id);
    if (known !== undefined && known.accusation.version >= accusation.version) return false;
    const entry = { accusation, incarnation: target.incarnation, heardMs: nowMs };
    accused.entries.set(accuser.id, entry);
    accused.closed = null;
    if (accusation.kind === "closed") this.#closedMs.set(target.id, nowMs);
    this.#news.push(accusation);
    this.#all = null;
    this.#count(accused, accuser.id, entry);
    return true;
  }

  /** False if nobody need look at it: it is known, or the target is none that its accuser observes. */
  #isNewest({ target, accuser, version }: Accusation, view: AgreedView): boolean {
    // Nobody but the observers is heard: the rest has no link to judge by, and the list stays short.
    const slot = view.neighboursOf(target).indexOf(accuser);
    if (slot < 0) return false;
    let known = this.#known.get(view);
    if (known === undefined) this.#known.set(view, (known = new Float64Array(OBSERVERS * view.size)));
    if (known[OBSERVERS * target + slot]! >= version) return false;
    known[OBSERVERS * target + slot] = version;
    return true;
  }

  /** Whoever is no member, or has come back since, has heard nothing of the others meanwhile: what it said before is void. */
  #hasStayed(accuser: MemberId, since: AgreedView): boolean {
    return this.#chain.all().every((view) => view.number < since.number || view.positionOf(accuser) >= 0);
  }

  /** Of those who are no members any more nothing does but that their links closed: they may hold a lease for less long then. */
  #matters({ kind }: Accusation, target: MemberId, accuser: MemberId): boolean {
    if (kind === "closed" || this.#chain.current.positionOf(target) >= 0) return true;
    return this.#accused.get(target)?.entries.has(accuser) === true;
  }

  #accusedOf(id: MemberId): Accused {
    let accused = this.#accused.get(id);
    if (accused !== undefined) return accused;
    const position = this.#chain.current.positionOf(id);
    accused = { position, entries: new Map(), tallies: null, isClear: false, closed: null };
    this.#accused.set(id, accused);
    this.#inOrder = null;
    return accused;
  }

  /** Takes note of what an accuser says now, and finds out whether that can change who is excluded. */
  #count(accused: Accused, accuser: MemberId, entry: Entry): void {
    const { current } = this.#chain;
    if (accused.position < 0) return;
    const says = accuses(entry, current.members[accused.position]);
    if (accused.tallies === null) accused.tallies = this.#tallies(accused);
    else {
      const observer = current.positionOf(accuser);
      if (observer < 0 || accused.tallies.filter((one) => note(one, observer, says)).length === 0) return;
    }
    if (this.#excluded === null) return;
    const isExcluded = has(this.#excluded, accused.position);
    const isTooFew = accused.tallies.every((one) => areTooFew(one, this.#isAbsent(accused.position)));
    if (says ? (isExcluded && accused.isClear) || isTooFew : !isExcluded) return;
    this.#excluded = null;
  }

  /** What the neighbours have not been told. */
  takeNews(): Accusation[] {
    return this.#news.splice(0, FRAME_LISTS.accusations);
  }

  hasNews(): boolean {
    return this.#news.length > 0;
  }

  all(): readonly Accusation[] {
    if (this.#all !== null) return this.#all;
    const all: Accusation[] = [];
    for (const { entries } of this.#accused.values()) for (const { accusation } of entries.values()) all.push(accusation);
    const most = FRAME_LISTS.accusations;
    this.#all = all.length > most ? all.slice(-most) : all;
    return this.#all;
  }

  /** Members of the current view who are mute, or whom half of their observers accuse, those excluded themselves not counted. */
  excluded(): Positions {
    this.#excluded ??= this.#accused.size === 0 && isEmpty(this.#mute) ? NOBODY : this.#fixpoint();
    return this.#excluded;
  }

  /**
   * Who was present in the roll calls of late. Observers that were not do not count: where a network breaks, those on the
   * far side can accuse nobody here, and nobody here hears them. Those who are mute nobody need accuse.
   */
  presence(present: Positions | null, mute: Positions = NOBODY): void {
    const isKnown = present === this.#present || (present !== null && this.#present !== null && isSame(present, this.#present));
    if (isKnown && isSame(mute, this.#mute)) return;
    this.#present = present;
    this.#mute = mute;
    this.#excluded = null;
  }

  /** True if at least one observer accuses it now. */
  isAccused(id: MemberId): boolean {
    const { current } = this.#chain;
    for (const [accuser, entry] of this.#accused.get(id)?.entries ?? []) {
      if (current.positionOf(accuser) >= 0 && accuses(entry, current.memberOf(id))) return true;
    }
    return false;
  }

  /** True if enough observers saw its links close, not long ago: a hint that its process is gone. */
  isClosed(id: MemberId, nowMs: number): boolean {
    const accused = this.#accused.get(id);
    if (accused === undefined) return false;
    if (accused.closed === null || nowMs >= accused.closed.untilMs) accused.closed = this.#closedNow(id, accused, nowMs);
    return accused.closed.is;
  }

  /** Those whom somebody has said to be closed, not long ago. */
  closed(nowMs: number): Iterable<MemberId> {
    for (const [id, saidMs] of this.#closedMs) {
      if (nowMs - saidMs < CLOSED_HINT_MS) continue;
      this.#closedMs.delete(id);
      if ((this.#accused.get(id)?.position ?? 0) < 0) this.#forget(id);
    }
    return this.#closedMs.keys();
  }

  /** After a new view: what is said by those who are no members, and what does not matter any more, is not kept. */
  viewChanged(): void {
    this.#excluded = null;
    this.#present = null;
    this.#mute = NOBODY;
    this.#inOrder = null;
    for (const view of this.#known.keys()) if (this.#chain.at(view.number) !== view) this.#known.delete(view);
    this.#all = null;
    const { current } = this.#chain;
    for (const [id, accused] of this.#accused) {
      accused.position = current.positionOf(id);
      accused.tallies = null;
      accused.closed = null;
      for (const [accuser, { accusation }] of accused.entries) {
        const isOver = accused.position < 0 && accusation.kind !== "closed";
        if (isOver || current.positionOf(accuser) < 0) accused.entries.delete(accuser);
      }
      if (accused.entries.size > 0 && this.#chain.remembers(id)) continue;
      this.#closedMs.delete(id);
      this.#forget(id);
    }
  }

  #forget(id: MemberId): void {
    this.#accused.delete(id);
    this.#all = null;
  }

  #fixpoint(): Positions {
    const { size } = this.#chain.current;
    const excluded = emptyPositions(size);
    // Those whose word counts.
    const counting = emptyPositions(size);
    if (this.#present === null) counting.fill(-1);
    else insertAll(counting, this.#present);
    // In an order that is the same for all: of two who accuse each other the first in the view stays.
    let open = (this.#inOrder ??= this.#ordered());
    for (let isFirst = true, before = 0; isFirst || open.length < before; isFirst = false) {
      before = open.length;
      open = open.filter((accused) => {
        const { position } = accused;
        accused.tallies ??= this.#tallies(accused);
        const isAbsent = this.#isAbsent(position);
        const isOut = accused.tallies.some((one) => isOutvoted(one, counting, isAbsent));
        accused.isClear = isFirst && isOut;
        if (!isOut) return true;
        insert(excluded, position);
        remove(counting, position);
        return false;
      });
    }
    insertAll(excluded, this.#mute);
    this.#excludeUnheard(excluded, counting);
    return excluded;
  }

  /**
   * Whoever was in no roll call of late, and whose observers count no more than it does, is gone with them: nobody who is left
   * could accuse it before a view without the others gives it new observers, to whom its silence is news; and then those of the view
   * before are asked.
   */
  #excludeUnheard(excluded: Uint32Array, counting: Positions): void {
    const { current } = this.#chain;
    const previous = this.#chain.at(current.number - 1);
    const isUnobserved = (view: AgreedView, position: number): boolean => {
      const there = view.positionsIn(current);
      return view.neighboursOf(position).every((one) => there[one]! < 0 || !has(counting, there[one]!));
    };
    for (let position = 0; position < current.size; position++) {
      if (!this.#isAbsent(position) || has(excluded, position)) continue;
      const before = previous?.positionOf(current.ids[position]!) ?? -1;
      const isLeftAlone = isUnobserved(current, position) || (before >= 0 && isUnobserved(previous!, before));
      if (isLeftAlone) insert(excluded, position);
    }
  }

  /** True if it is known to have been in no roll call of late. */
  #isAbsent(position: number): boolean {
    return this.#present !== null && !has(this.#present, position);
  }

  #ordered(): Accused[] {
    return [...this.#accused.values()].filter(({ position }) => position >= 0).sort((a, b) => b.position - a.position);
  }

  #tallies({ entries, position }: Accused): Tally[] {
    const { current } = this.#chain;
    const member = current.members[position]!;
    const says = (accuser: MemberId) => accuses(entries.get(accuser), member);
    const found = [tally(current, position, current, says)];
    const previous = this.#chain.at(current.number - 1);
    const before = previous?.positionOf(member.id) ?? -1;
    if (previous !== undefined && before >= 0) found.push(tally(previous, before, current, says));
    return found;
  }

  #closedNow(id: MemberId, { entries }: Accused, nowMs: number): { is: boolean; untilMs: number } {
    const view = this.#chain.newestWith(id);
    let untilMs = Number.POSITIVE_INFINITY;
    const says = (accuser: MemberId) => {
      const entry = entries.get(accuser);
      if (entry?.accusation.kind !== "closed" || nowMs - entry.heardMs >= CLOSED_HINT_MS) return false;
      untilMs = Math.min(untilMs, entry.heardMs + CLOSED_HINT_MS);
      return true;
    };
    const is = view !== undefined && isOutvoted(tally(view, view.positionOf(id), this.#chain.current, says), null);
    return { is, untilMs };
  }
}

function accuses(entry: Entry | undefined, target: ViewMember | undefined): boolean {
  return entry !== undefined && entry.accusation.kind !== "none" && entry.incarnation >= (target?.incarnation ?? 0);
}
