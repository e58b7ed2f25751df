// The change of the view that this agent wishes for, and when it has wished for it long enough to vote.

import type { MemberId } from "../events.ts";
import type { Positions, ViewChange, ViewMember } from "../frame.ts";
import { ACTIVATION_WINDOWS, LOSS_ACTIVATION_WINDOWS, STABLE_MS, UNSTABLE_MS } from "../limits.ts";
import type { Accusations } from "./accusations.ts";
import { has, isEmpty, listed } from "./positions.ts";
import { type AgreedView, hasSameMembers } from "./view.ts";

/** What agents say of themselves. */
export interface Wishes {
  /** True if nobody wants anything. */
  areNone(): boolean;
  /** Those who want to come in, ascending by id; their `fromWindow` does not matter. */
  joiners(view: AgreedView): readonly ViewMember[];
  wantsIn(joiner: ViewMember): boolean;
  isLeaving(id: MemberId): boolean;
  /** What a member's weight should be. */
  weightOf(member: ViewMember): number;
}

/** Those who are lost go, and nothing else changes. */
export const NO_WISHES: Wishes = {
  areNone: () => true,
  joiners: () => [],
  wantsIn: () => false,
  isLeaving: () => false,
  weightOf: ({ weight }) => weight,
};

/** Null if everything may stay as it is. Joins, leaves and weights wait until the last change has taken effect. */
export function candidateOf(view: AgreedView, excluded: Positions, window: number, wishes: Wishes): ViewChange | null {
  if (wishes.areNone() || window < view.fromWindow) {
    if (isEmpty(excluded)) return null;
    return { fromWindow: window + LOSS_ACTIVATION_WINDOWS, removed: listed(excluded), added: [], reweighed: [] };
  }
  const removed: number[] = [];
  const reweighed: { position: number; weight: number }[] = [];
  view.members.forEach((member, position) => {
    if (has(excluded, position) || wishes.isLeaving(member.id)) removed.push(position);
    else if (wishes.weightOf(member) !== member.weight) reweighed.push({ position, weight: wishes.weightOf(member) });
  });
  const someLose = reweighed.length > 0 || removed.some((position) => !has(excluded, position));
  const joiners = wishes.joiners(view);
  const fromWindow = window + (someLose || joiners.length > 0 ? ACTIVATION_WINDOWS : LOSS_ACTIVATION_WINDOWS);
  const added = joiners.map((member) => seated(member, fromWindow));
  if (removed.length + reweighed.length + added.length === 0) return null;
  return { fromWindow, removed, added, reweighed };
}

/** The same object for the same joiner and window: all members wish for the same. */
function seated(joiner: ViewMember, fromWindow: number): ViewMember {
  const known = seats.get(joiner);
  if (known?.fromWindow === fromWindow) return known;
  const seat = { ...joiner, fromWindow };
  seats.set(joiner, seat);
  return seat;
}

const seats = new WeakMap<ViewMember, ViewMember>();

/** Nobody goes without a reason that is known here, nobody stays whom this agent excludes, and who comes is known. */
export function isAcceptable(change: ViewChange, view: AgreedView, accusations: Accusations, wishes: Wishes): boolean {
  const excluded = accusations.excluded();
  const gone = new Set(change.removed);
  if (listed(excluded).some((position) => !gone.has(position))) return false;
  const hasReason = (position: number) => {
    const { id } = view.members[position]!;
    return has(excluded, position) || wishes.isLeaving(id) || accusations.isAccused(id);
  };
  return change.removed.every(hasReason) && change.added.every((joiner) => wishes.wantsIn(joiner));
}

/** A wish becomes a vote once it has been the same for a while: what happens at one moment should be one change. */
export class Patience {
  #wish: ViewChange | null = null;
  #sinceMs = 0;
  #firstMs = 0;

  /** Returns the wish once it is ripe. */
  ripe(wish: ViewChange | null, nowMs: number): ViewChange | null {
    if (wish === null) {
      this.#wish = null;
      return null;
    }
    if (this.#wish === null) this.#firstMs = nowMs;
    if (this.#wish === null || !hasSameMembers(this.#wish, wish)) this.#sinceMs = nowMs;
    this.#wish = wish;
    return nowMs >= this.#ripeMs() ? wish : null;
  }

  /** Whether it has been the same for a while: then whoever knows as much wishes for the same. */
  isSettled(nowMs: number): boolean {
    return nowMs >= this.#settledMs();
  }

  /** Since when there is a wish, the same or another. */
  get firstMs(): number {
    return this.#firstMs;
  }

  /** When it will be ripe if it stays the same, or then settled; Infinity if there is none, or it is both. */
  nextMs(nowMs: number): number {
    const times = this.#wish === null ? [] : [this.#ripeMs(), this.#settledMs()];
    return times.find((ms) => ms > nowMs) ?? Number.POSITIVE_INFINITY;
  }

  #settledMs(): number {
    return this.#sinceMs + STABLE_MS;
  }

  #ripeMs(): number {
    return Math.min(this.#settledMs(), this.#firstMs + UNSTABLE_MS);
  }
}
