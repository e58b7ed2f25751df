// Members of one lineage that hear each other at once, for the tests of the agreement.

import { Agreement } from "../../../node/core/agreement/agreement.ts";
import type { Wishes } from "../../../node/core/agreement/candidate.ts";
import { Chain } from "../../../node/core/agreement/chain.ts";
import type { AgreedView } from "../../../node/core/agreement/view.ts";
import { startOf } from "../../../node/core/limits.ts";
import { CIRCLE } from "../../../node/plan/stripe.ts";
import { viewMember, viewOf } from "./support.ts";

/** The window in which everything begins. */
export const W = 1_000_000;
export const LINEAGE = { id: "lineage", bornMs: startOf(W) - 60_000 };

/** What somebody says of itself. */
export interface Will {
  joining: string;
  leaving: string;
}

export function wishesOf(will: Will): Wishes {
  return {
    areNone: () => will.joining === "" && will.leaving === "",
    wantsIn: ({ id, incarnation }) => will.joining.includes(id) && incarnation === 1,
    joiners: (view) => [...will.joining].filter((id) => view.positionOf(id) < 0).map((id) => viewMember(id)),
    isLeaving: (id) => will.leaving.includes(id),
    weightOf: (member) => member.weight,
  };
}

export function agreementOf(self: string, view: AgreedView, atMs: number, will: Will = { joining: "", leaving: "" }): Agreement {
  const agreement = new Agreement(self, LINEAGE, new Chain(view), wishesOf(will), atMs);
  agreement.turn(atMs, atMs);
  return agreement;
}

/** Members in one room: all hear all, but for those who are silent. */
export class Room {
  readonly will: Will = { joining: "", leaving: "" };
  readonly all = new Map<string, Agreement>();
  readonly silent = new Set<string>();
  nowMs = startOf(W) + 1;

  constructor(ids: string, view = viewOf(ids, { fromWindow: W - 100 })) {
    for (const id of ids) this.all.set(id, agreementOf(id, view, this.nowMs, this.will));
    this.talk();
  }

  /** Everybody says what is new until nothing is. */
  talk(): void {
    const awake = [...this.all].filter(([id]) => !this.silent.has(id));
    for (const [from] of awake) for (const [id, to] of awake) if (id !== from) to.heard(from, this.nowMs);
    for (let isQuiet = false; !isQuiet; ) {
      isQuiet = true;
      for (const [from, one] of awake) {
        one.turn(this.nowMs, this.nowMs);
        if (!one.hasNews()) continue;
        isQuiet = false;
        const frame = one.takeNews();
        for (const [id, to] of awake) if (id !== from) to.take(frame, this.nowMs);
      }
    }
  }

  pass(ms: number, stepMs = 50): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += stepMs;
      this.talk();
    }
  }

  wish(will: Partial<Will>): void {
    Object.assign(this.will, will);
    for (const one of this.all.values()) one.wishesChanged();
    this.talk();
  }

  of(id: string): Agreement {
    return this.all.get(id)!;
  }

  /** Of the circle, as each would offer it now. */
  share(id: string): number {
    const one = this.of(id);
    return one.hasLease(this.nowMs) ? (one.followed(this.nowMs)?.stripeOf(id).width ?? 0) / CIRCLE : 0;
  }

  total(): number {
    return [...this.all.keys()].reduce((sum, id) => sum + this.share(id), 0);
  }

  views(): string[] {
    return [...this.all].filter(([id]) => !this.silent.has(id)).map(([, one]) => `${one.view.number}:${one.view.ids.join("")}`);
  }
}
