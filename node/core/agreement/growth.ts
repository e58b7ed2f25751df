// Release before growth: a member takes more only when all others have promised to take less, or cannot offer any more.

import type { MemberId } from "../events.ts";
import { EXCESS, LEASE_WINDOWS, SHORT_LEASE_WINDOWS } from "../limits.ts";
import { CIRCLE } from "../../plan/stripe.ts";
import type { Accusations } from "./accusations.ts";
import type { Acks } from "./acks.ts";
import type { Chain } from "./chain.ts";
import { emptyPositions, has, insertAll } from "./positions.ts";
import type { RollCalls } from "./roll-calls.ts";
import type { AgreedView } from "./view.ts";

/** What the others may still be offering beyond their shares in a view. */
export class Growth {
  readonly #self: MemberId;
  readonly #chain: Chain;
  readonly #acks: Acks;
  readonly #rollCalls: RollCalls;
  readonly #accusations: Accusations;
  /** Members whose links closed: the window before which even the short lease had ended for certain. */
  readonly #ended = new Map<MemberId, number>();

  constructor(self: MemberId, chain: Chain, acks: Acks, rollCalls: RollCalls, accusations: Accusations) {
    this.#self = self;
    this.#chain = chain;
    this.#acks = acks;
    this.#rollCalls = rollCalls;
    this.#accusations = accusations;
  }

  /**
   * Time passes: notes whose short lease has ended by now. That a link closed is a hint for some seconds only, but a lease
   * that has ended stays ended until a majority renews it.
   */
  observe(window: number, nowMs: number): void {
    for (const id of this.#accusations.closed(nowMs)) {
      if (this.#ended.has(id) || !this.#accusations.isClosed(id, nowMs)) continue;
      if (this.#hasNoQuorum(id, this.#held(id, this.#chain.all()), window - SHORT_LEASE_WINDOWS, window, new Map())) {
        this.#ended.set(id, window);
      }
    }
    for (const id of this.#ended.keys()) if (this.#held(id, this.#chain.all()).length === 0) this.#ended.delete(id);
  }

  /** True if shares may grow to those of `view` at the start of `window`. Once true it stays true. */
  isAllowed(view: AgreedView, window: number): boolean {
    const older = this.#chain.all().filter((one) => one.number < view.number);
    const movedOn = new Map<string, Uint32Array>();
    let excess = 0;
    for (const id of new Set(older.flatMap((one) => one.members.map((member) => member.id)))) {
      if (id === this.#self) continue;
      if (this.#acks.of(id) >= view.number) continue;
      const held = this.#held(id, older);
      const most = Math.max(0, ...held.map((one) => one.stripeOf(id).width));
      const surplus = most - view.stripeOf(id).width;
      if (surplus <= 0 || this.#isLapsed(id, held, window, movedOn)) continue;
      excess += surplus;
      if (excess > EXCESS * CIRCLE) return false;
    }
    return true;
  }

  /** True if its lease has ended before `window` for certain. */
  #isLapsed(id: MemberId, held: readonly AgreedView[], window: number, movedOn: Map<string, Uint32Array>): boolean {
    const ended = this.#ended.get(id);
    const since = window - LEASE_WINDOWS;
    const from = ended === undefined ? since : Math.max(since, ended - SHORT_LEASE_WINDOWS);
    return this.#hasNoQuorum(id, held, from, window, movedOn);
  }

  /** Views in which it may still believe. */
  #held(id: MemberId, views: readonly AgreedView[]): AgreedView[] {
    const acknowledged = this.#acks.of(id);
    return views.filter((one) => one.number >= acknowledged && one.positionOf(id) >= 0);
  }

  /**
   * True if nothing can have renewed its lease in these windows: in none was there a quorum of those who may have stayed
   * in a view that it holds, and who did not exclude it.
   */
  #hasNoQuorum(
    id: MemberId,
    held: readonly AgreedView[],
    fromWindow: number,
    beforeWindow: number,
    movedOn: Map<string, Uint32Array>,
  ): boolean {
    for (const view of held) {
      const position = view.positionOf(id);
      for (let u = fromWindow; u < beforeWindow; u++) {
        const key = `${view.number}/${u}`;
        const moved = movedOn.get(key) ?? this.#acks.movedOn(view, u);
        movedOn.set(key, moved);
        if (view.isQuorum(this.#stayed(view, position, u, moved))) return false;
      }
    }
    return true;
  }

  /** Members who may have renewed the lease of `position` in a window: neither moved on nor known to exclude it. */
  #stayed(view: AgreedView, position: number, window: number, moved: Uint32Array): Uint32Array {
    const gone = moved.slice();
    for (const label of this.#rollCalls.in(window)) {
      if (label.view === view && has(label.excluded, position)) insertAll(gone, label.present);
    }
    const stayed = emptyPositions(view.size);
    for (let i = 0; i < stayed.length; i++) {
      const mask = i === view.size >>> 5 ? 2 ** (view.size & 31) - 1 : 0xffffffff;
      stayed[i] = ~gone[i]! & mask;
    }
    return stayed;
  }
}
