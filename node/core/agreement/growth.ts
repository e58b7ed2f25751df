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

  constructor(self: MemberId, chain: Chain, acks: Acks, rollCalls: RollCalls, accusations: Accusations) {
    this.#self = self;
    this.#chain = chain;
    this.#acks = acks;
    this.#rollCalls = rollCalls;
    this.#accusations = accusations;
  }

  /** True if shares may grow to those of `view` at the start of `window`. Once true it stays true. */
  isAllowed(view: AgreedView, window: number, nowMs: number): boolean {
    const older = this.#chain.all().filter((one) => one.number < view.number);
    const movedOn = new Map<string, Uint32Array>();
    let excess = 0;
    for (const id of new Set(older.flatMap((one) => one.members.map((member) => member.id)))) {
      if (id === this.#self) continue;
      const acknowledged = this.#acks.of(id);
      if (acknowledged >= view.number) continue;
      const held = older.filter((one) => one.number >= acknowledged && one.positionOf(id) >= 0);
      const most = Math.max(0, ...held.map((one) => one.stripeOf(id).width));
      const surplus = most - view.stripeOf(id).width;
      if (surplus <= 0 || this.#isLapsed(id, held, window, nowMs, movedOn)) continue;
      excess += surplus;
      if (excess > EXCESS * CIRCLE) return false;
    }
    return true;
  }

  /**
   * True if its lease has ended before `window` for certain: in none of the windows that could still carry it was there
   * a quorum of those who may have stayed in a view that it holds, and who did not exclude it.
   */
  #isLapsed(
    id: MemberId,
    held: readonly AgreedView[],
    window: number,
    nowMs: number,
    movedOn: Map<string, Uint32Array>,
  ): boolean {
    const windows = this.#accusations.isClosed(id, nowMs) ? SHORT_LEASE_WINDOWS : LEASE_WINDOWS;
    for (const view of held) {
      const position = view.positionOf(id);
      for (let u = window - windows; u < window; u++) {
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
