// One agent's side of its links, for tests of what goes over them.

import type { Effect } from "../../node/core/events.ts";
import type { Frame, Standing } from "../../node/core/frame.ts";
import { Gossip } from "../../node/core/gossip.ts";
import { windowOf } from "../../node/core/limits.ts";
import { Membership } from "../../node/core/membership.ts";
import { Outbox } from "../../node/core/outbox.ts";
import { TimeSync } from "../../node/core/time-sync.ts";
import { change, commitOf } from "./agreement/support.ts";
import { member, NOW } from "./support.ts";

/** `a`'s links. Others are in its view if told so. */
export class One {
  readonly out = new Outbox();
  readonly membership = new Membership(member("a", { incarnation: 0, fromMs: Infinity }), this.out, NOW);
  readonly time = new TimeSync();
  readonly gossip: Gossip;
  rank: Standing["rank"] = 0;
  runsDigest = 0;
  nowMs = NOW;
  readonly told: string[] = [];

  constructor(others = "") {
    const { agreement } = this.membership;
    if (others !== "") {
      this.membership.take([...others].map((id) => member(id)), this.nowMs);
      agreement.take({ commits: [commitOf(agreement.view, change(agreement.view, "", others, { fromWindow: windowOf(NOW) }))] }, NOW);
    }
    this.gossip = new Gossip(this.out, this.membership, this.time, {
      rank: () => this.rank,
      runsDigest: () => this.runsDigest,
      tellAll: (peer) => this.told.push(peer),
    });
    this.membership.turn(NOW, NOW, true);
    this.membership.takeNews();
    agreement.takeNews();
    this.out.take();
  }

  link(...peers: string[]): this {
    for (const peer of peers) {
      this.out.links.add(peer);
      this.gossip.linkUp(peer, this.nowMs);
    }
    this.out.take();
    return this;
  }

  standing(more: Partial<Standing> = {}): Standing {
    return { ...this.gossip.standing(this.nowMs), ...more };
  }

  /** A frame comes; whether it is of this lineage. */
  hear(from: string, frame: Frame): boolean {
    const peer = this.gossip.peer(from)!;
    const isMine = this.gossip.received(peer, frame, this.nowMs);
    if (frame.standing !== undefined) this.gossip.compare(peer, this.nowMs);
    return isMine;
  }

  sent(to?: string): Frame[] {
    return frames(this.out.take(), to);
  }

  turn(ms = 0): Effect[] {
    this.nowMs += ms;
    this.gossip.turn(this.nowMs, 0);
    return this.out.take();
  }
}

export function frames(effects: readonly Effect[], to?: string): Frame[] {
  return effects.flatMap((one) => (one.kind === "send" && (to === undefined || one.to === to) ? [one.frame] : []));
}

export const pulls = (all: readonly Frame[]) => all.filter((frame) => frame.pull === true).length;
