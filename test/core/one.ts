// One agent's membership with everything around it, for the tests of membership.

import assert from "node:assert/strict";
import { AgreedView } from "../../node/core/agreement/view.ts";
import type { MemberRecord, SwarmEvent } from "../../node/core/events.ts";
import type { Chain as ChainData, Commit, ViewChange } from "../../node/core/frame.ts";
import { STABLE_MS, windowOf } from "../../node/core/limits.ts";
import { Membership } from "../../node/core/membership.ts";
import { Outbox } from "../../node/core/outbox.ts";
import { change, chainOf, commitOf, viewMember, viewOf } from "./agreement/support.ts";
import { member, NOW } from "./support.ts";

export const NEVER = Number.POSITIVE_INFINITY;
export const W = windowOf(NOW);

/** One agent's membership, driven by hand. */
export class One {
  readonly out = new Outbox();
  readonly membership: Membership;
  nowMs = NOW;

  constructor(id: string) {
    this.membership = new Membership(member(id, { incarnation: 0, fromMs: NEVER }), this.out, NOW);
    this.turn();
    this.membership.takeNews();
    this.out.take();
  }

  turn(ms = 0, isIdle = true): this {
    this.nowMs += ms;
    this.membership.turn(this.nowMs, this.nowMs, isIdle);
    return this;
  }

  /** Until every wish that is there has become a view. */
  settle(isIdle = true): this {
    for (let i = 0; i < 10; i++) this.turn(STABLE_MS + 1, isIdle);
    return this;
  }

  /** A change of the view that everybody has locked. */
  commit(of: (view: AgreedView) => ViewChange): Commit {
    const { view } = this.membership.agreement;
    const commit = commitOf(view, of(view));
    this.membership.agreement.take({ commits: [commit] }, this.nowMs);
    this.turn();
    return commit;
  }

  adopt(removed: string, added: string, fromWindow = W): this {
    this.commit((view) => change(view, removed, added, { fromWindow }));
    return this;
  }

  view(): string {
    const { view } = this.membership.agreement;
    return `${view.number}:${view.ids.join("")}`;
  }

  record(id: string): MemberRecord | undefined {
    return this.membership.members.get(id);
  }

  events(): SwarmEvent[] {
    return this.out.take().flatMap((effect) => (effect.kind === "emit" ? [effect.event] : []));
  }
}

/** The swarm of others: view 1 holds these. */
export function others(ids: string): { lineage: { id: string; bornMs: number }; data: ChainData } {
  return { lineage: { id: "theirs", bornMs: NOW - 1000 }, data: chainOf(viewOf(ids, { fromWindow: W - 10 })).data() };
}

/** `x`, who follows the lineage of a, b and c from outside. */
export function outsider(): One {
  const x = new One("x");
  const { lineage, data } = others("abc");
  assert.equal(x.membership.follow(lineage, data, [..."abc"].map((id) => member(id)), "a", NOW), true);
  return x;
}

/** `c`, a member among a, b and c. */
export function insider(): One {
  const c = new One("c");
  const { lineage, data } = others("ab");
  assert.equal(c.membership.follow(lineage, data, [..."ab"].map((id) => member(id)), "a", NOW), true);
  c.membership.knock();
  c.commit((view) => change(view, "", "", { fromWindow: W, added: [viewMember("c", { incarnation: c.membership.own().incarnation })] }));
  c.out.take();
  c.membership.takeNews();
  return c;
}
