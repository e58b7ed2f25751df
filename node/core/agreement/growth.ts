// Release before growth: a member takes more only when all others have promised to take less, or cannot offer any more.

import type { MemberId } from "../events.ts";
import { EXCESS, LEASE_WINDOWS, LONELY_WINDOWS, SHORT_LEASE_WINDOWS } from "../limits.ts";
import { CIRCLE } from "../../plan/stripe.ts";
import type { Accusations } from "./accusations.ts";
import type { Acks } from "./acks.ts";
import type { Chain } from "./chain.ts";
import { Renewals } from "./renewals.ts";
import type { RollCalls } from "./roll-calls.ts";
import type { AgreedView } from "./view.ts";

/** What the others may still be offering beyond their shares in a view. */
export class Growth {
  readonly #self: MemberId;
  readonly #chain: Chain;
  readonly #acks: Acks;
  readonly #renewals: Renewals;
  readonly #accusations: Accusations;
  /** Members whose links closed: the window before which even the short lease had ended for certain. */
  readonly #ended = new Map<MemberId, number>();
  #seenAcks = -1;

  constructor(self: MemberId, chain: Chain, acks: Acks, rollCalls: RollCalls, accusations: Accusations) {
    this.#self = self;
    this.#chain = chain;
    this.#acks = acks;
    this.#renewals = new Renewals(acks, rollCalls);
    this.#accusations = accusations;
  }

  /**
   * Notes whose short lease ends before a window for certain. That a link closed is a hint for some seconds only, but a lease
   * that has ended stays ended until a majority renews it.
   */
  observe(window: number, nowMs: number): void {
    for (const id of this.#accusations.closed(nowMs)) {
      if (this.#ended.has(id) || !this.#accusations.isClosed(id, nowMs)) continue;
      const held = this.#held(id, this.#chain.all());
      const isLonely = held.some((view) => view.size === 2);
      const since = window - SHORT_LEASE_WINDOWS - (isLonely ? LONELY_WINDOWS : 0);
      if (this.#areRuledOut(id, held, since, window)) this.#ended.set(id, window);
    }
    if (this.#acks.changes === this.#seenAcks) return;
    this.#seenAcks = this.#acks.changes;
    for (const id of this.#ended.keys()) if (this.#held(id, this.#chain.all()).length === 0) this.#ended.delete(id);
  }

  /** True if shares may grow to those of `view` at the start of `window`. Once true it stays true. */
  isAllowed(view: AgreedView, window: number): boolean {
    const older = this.#chain.all().filter((one) => one.number < view.number);
    let excess = 0;
    for (const { id, position } of losersOf(view, older)) {
      if (id === this.#self || this.#acks.isShown(view, position) || this.#acks.of(id) >= view.number) continue;
      const held = this.#held(id, older);
      const surplus = widest(held, id) - view.stripeOf(id).width;
      if (surplus <= 0 || this.#isLapsed(id, held, window)) continue;
      excess += surplus;
      if (excess > EXCESS * CIRCLE) return false;
    }
    return true;
  }

  /** True if its lease has ended before `window` for certain. */
  #isLapsed(id: MemberId, held: readonly AgreedView[], window: number): boolean {
    const ended = this.#ended.get(id);
    const since = window - LEASE_WINDOWS;
    const from = ended === undefined || ended > window ? since : Math.max(since, ended - SHORT_LEASE_WINDOWS);
    return this.#areRuledOut(id, held, from, window);
  }

  /** Views in which it may still believe. */
  #held(id: MemberId, views: readonly AgreedView[]): AgreedView[] {
    const acknowledged = this.#acks.of(id);
    return views.filter((one) => one.number >= acknowledged && one.positionOf(id) >= 0);
  }

  /** True if nothing can have renewed its lease in these windows, whichever of these views it held. */
  #areRuledOut(id: MemberId, held: readonly AgreedView[], fromWindow: number, beforeWindow: number): boolean {
    return held.every((view) => this.#renewals.areRuledOut(view, view.positionOf(id), fromWindow, beforeWindow));
  }
}

/** A member that had more in some older view than it has in this one. */
interface Loser {
  readonly id: MemberId;
  /** In this view; -1 if it is in it no longer. */
  readonly position: number;
}

/** Of a view, for the older ones it was last asked with: the same for all agents. */
const losers = new WeakMap<AgreedView, { readonly older: readonly AgreedView[]; readonly found: readonly Loser[] }>();

function losersOf(view: AgreedView, older: readonly AgreedView[]): readonly Loser[] {
  const known = losers.get(view);
  if (known?.older.length === older.length && older.every((one, i) => one === known.older[i])) return known.found;
  const found: Loser[] = [];
  for (const id of new Set(older.flatMap((one) => one.ids))) {
    if (widest(older, id) > view.stripeOf(id).width) found.push({ id, position: view.positionOf(id) });
  }
  losers.set(view, { older, found });
  return found;
}

function widest(views: readonly AgreedView[], id: MemberId): number {
  let most = 0;
  for (const view of views) most = Math.max(most, view.stripeOf(id).width);
  return most;
}
