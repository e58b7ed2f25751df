// An agreed view with everything that follows from it: shares, quorums, who watches whom.

import { cut, type Stripe } from "../../plan/stripe.ts";
import type { MemberId } from "../events.ts";
import type { Positions, View, ViewChange, ViewMember } from "../frame.ts";
import { hash32 } from "../rings.ts";
import { RINGS } from "../limits.ts";
import { count, has } from "./positions.ts";

const NOTHING: Stripe = { low: 0, width: 0 };

/** A view that was adopted, and the one before it. */
export interface Adopted {
  readonly view: AgreedView;
  readonly before: AgreedView;
}

/** Immutable. Everything is computed when first asked for, because thousands of agents may share one in the simulator. */
export class AgreedView {
  readonly number: number;
  readonly fromWindow: number;
  /** Ascending by id. */
  readonly members: readonly ViewMember[];
  readonly #plain: View;
  #ids: readonly MemberId[] | null = null;
  #positions: Map<MemberId, number> | null = null;
  #stripes: readonly Stripe[] | null = null;
  #newestSeatWindow: number | null = null;
  #neighbours: (readonly number[])[] | null = null;
  /** The last one asked for: all who agree on it share it, whoever told them of it. */
  #successor: { readonly key: string; readonly view: AgreedView } | null = null;
  readonly #positionsIn = new WeakMap<AgreedView, Int32Array>();

  private constructor(view: View) {
    this.#plain = view;
    this.number = view.number;
    this.fromWindow = view.fromWindow;
    this.members = view.members;
  }

  static of(view: View): AgreedView {
    const known = interned.get(view);
    if (known !== undefined) return known;
    const agreed = new AgreedView(view);
    interned.set(view, agreed);
    return agreed;
  }

  get size(): number {
    return this.members.length;
  }

  /** Ascending. */
  get ids(): readonly MemberId[] {
    this.#ids ??= this.members.map((member) => member.id);
    return this.#ids;
  }

  /** From when on the last to come in has its seat. */
  get newestSeatWindow(): number {
    this.#newestSeatWindow ??= this.members.reduce((newest, { fromWindow }) => Math.max(newest, fromWindow), Number.NEGATIVE_INFINITY);
    return this.#newestSeatWindow;
  }

  /** As it travels. */
  get plain(): View {
    return this.#plain;
  }

  /** -1 if it is not a member. */
  positionOf(id: MemberId): number {
    this.#positions ??= new Map(this.members.map((member, position) => [member.id, position]));
    return this.#positions.get(id) ?? -1;
  }

  /** By position here: each member's position in another view, -1 where it is no member of that. */
  positionsIn(other: AgreedView): Int32Array {
    const known = this.#positionsIn.get(other);
    if (known !== undefined) return known;
    const positions = Int32Array.from(this.members, ({ id }) => other.positionOf(id));
    this.#positionsIn.set(other, positions);
    return positions;
  }

  memberOf(id: MemberId): ViewMember | undefined {
    return this.members[this.positionOf(id)];
  }

  /** The part of the arrivals that a member owns; nothing if it is none. */
  stripeOf(id: MemberId): Stripe {
    this.#stripes ??= cut(this.members.map((member) => member.weight));
    return this.#stripes[this.positionOf(id)] ?? NOTHING;
  }

  /**
   * More than half of the members, or exactly half with the first one among them. Heads are counted, not weights: any
   * two quorums share a member, whatever the members say of their capacity.
   */
  isQuorum(set: Positions): boolean {
    const doubled = 2 * count(set);
    return doubled > this.size || (doubled === this.size && has(set, 0));
  }

  /**
   * Positions of the members that watch this one and that it watches, ascending: its neighbours in five hashed rings
   * (Rapid, arXiv 1803.03620, section 4.1).
   */
  neighboursOf(position: number): readonly number[] {
    this.#neighbours ??= neighboursInRings(this.ids);
    return this.#neighbours[position] ?? [];
  }

  /** Whether both are members and one observes the other. */
  watches(observer: MemberId, target: MemberId): boolean {
    const position = this.positionOf(target);
    return position >= 0 && this.neighboursOf(position).includes(this.positionOf(observer));
  }

  /** The view that a change makes of this one. The change must fit (`isApplicable`). */
  after(change: ViewChange): AgreedView {
    const key = keyOf(change);
    if (this.#successor?.key === key) return this.#successor.view;
    const removed = new Set(change.removed);
    const weights = new Map(change.reweighed.map(({ position, weight }) => [position, weight]));
    const kept = this.members
      .map((member, position) => ({ ...member, weight: weights.get(position) ?? member.weight }))
      .filter((_, position) => !removed.has(position));
    const members = [...kept, ...change.added].sort((a, b) => (a.id < b.id ? -1 : 1));
    // Never before the one that it follows: the others make room for newcomers when that takes effect.
    const fromWindow = Math.max(change.fromWindow, this.fromWindow);
    const next = AgreedView.of({ number: this.number + 1, fromWindow, members });
    this.#successor = { key, view: next };
    return next;
  }

  /** True if a change names members of this view, adds others, and leaves somebody. */
  isApplicable(change: ViewChange): boolean {
    const { removed, added, reweighed } = change;
    const rises = (positions: readonly number[]) =>
      positions.every((position, i) => position >= 0 && position < this.size && position > (positions[i - 1] ?? -1));
    return (
      rises(removed) &&
      rises(reweighed.map(({ position }) => position)) &&
      added.every(({ id }, i) => this.positionOf(id) < 0 && (i === 0 || id > added[i - 1]!.id)) &&
      this.size - removed.length + added.length > 0
    );
  }
}

const interned = new WeakMap<View, AgreedView>();

function neighboursInRings(ids: readonly MemberId[]): number[][] {
  const found = ids.map(() => new Set<number>());
  for (let ring = 0; ring < RINGS && ids.length > 1; ring++) {
    const hashes = Uint32Array.from(ids, (id) => hash32(id, ring));
    const order = ids.map((_, position) => position).sort((a, b) => hashes[a]! - hashes[b]! || a - b);
    order.forEach((position, i) => {
      const next = order[(i + 1) % order.length]!;
      found[position]!.add(next);
      found[next]!.add(position);
    });
  }
  return found.map((set) => [...set].sort((a, b) => a - b));
}

/** Two changes are the same proposal exactly if their keys are equal. */
export function keyOf(change: ViewChange): string {
  const known = keys.get(change);
  if (known !== undefined) return known;
  const added = change.added.map(({ id, incarnation, weight }) => `${id}:${incarnation}:${weight}`);
  const reweighed = change.reweighed.map(({ position, weight }) => `${position}:${weight}`);
  const key = `${change.fromWindow}|${change.removed.join()}|${added.join()}|${reweighed.join()}`;
  keys.set(change, key);
  return key;
}

const keys = new WeakMap<ViewChange, string>();

/** Whether they name the same members, whenever they are to take effect. */
export function hasSameMembers(a: ViewChange, b: ViewChange): boolean {
  if (a === b) return true;
  return (
    isSameList(a.removed, b.removed, (one, other) => one === other) &&
    isSameList(a.reweighed, b.reweighed, (one, other) => one.position === other.position && one.weight === other.weight) &&
    isSameList(a.added, b.added, isSameJoiner)
  );
}

function isSameList<T>(a: readonly T[], b: readonly T[], isSame: (one: T, other: T) => boolean): boolean {
  return a.length === b.length && a.every((one, i) => isSame(one, b[i]!));
}

function isSameJoiner(a: ViewMember, b: ViewMember): boolean {
  return a.id === b.id && a.incarnation === b.incarnation && a.weight === b.weight;
}
