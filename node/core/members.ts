// Who is in the swarm, when: one record per agent, merged so that every order of news gives the same result.

import type { MemberId, MemberRecord } from "./events.ts";
import { MEMBERS_KEPT } from "./limits.ts";

/**
 * True if `news` replaces `known`. A higher incarnation wins; within one, the earlier end; at the same end, `left`
 * (the member's own word) over `lost` (somebody else's). Total on distinct records, so merging commutes.
 */
export function supersedes(news: MemberRecord, known: MemberRecord): boolean {
  if (news.incarnation !== known.incarnation) return news.incarnation > known.incarnation;
  if (news.untilMs !== known.untilMs) return news.untilMs < known.untilMs;
  return rank(news) > rank(known);
}

function rank(record: MemberRecord): number {
  return record.state === "alive" ? 0 : record.state === "lost" ? 1 : 2;
}

export class Members {
  readonly #records = new Map<MemberId, MemberRecord>();

  get(id: MemberId): MemberRecord | undefined {
    return this.#records.get(id);
  }

  all(): MemberRecord[] {
    return [...this.#records.values()];
  }

  /** Takes the record if it is news and there is room for it. Returns whether it did. */
  merge(record: MemberRecord): boolean {
    const known = this.#records.get(record.id);
    if (known !== undefined && !supersedes(record, known)) return false;
    if (known === undefined && this.#records.size >= MEMBERS_KEPT && !this.#forgetLongestDead()) return false;
    this.#records.set(record.id, record);
    return true;
  }

  /** Members that have not left or been lost, whether or not their share has begun. In id order. */
  present(nowMs: number): MemberRecord[] {
    return this.all()
      .filter((member) => nowMs < member.untilMs)
      .sort(byId);
  }

  /** The view at an instant: who has a share then. In id order. */
  viewAt(ms: number): MemberRecord[] {
    return this.all()
      .filter((member) => member.fromMs <= ms && ms < member.untilMs)
      .sort(byId);
  }

  /** Members whose time in the view overlaps [fromMs, untilMs). In id order. */
  during(fromMs: number, untilMs: number): MemberRecord[] {
    return this.all()
      .filter((member) => member.fromMs < member.untilMs && member.fromMs < untilMs && member.untilMs > fromMs)
      .sort(byId);
  }

  /** Whether there was one: the living, oneself among them, are never forgotten. */
  #forgetLongestDead(): boolean {
    let oldest: MemberRecord | null = null;
    for (const record of this.#records.values()) {
      if (record.state !== "alive" && (oldest === null || record.untilMs < oldest.untilMs)) oldest = record;
    }
    return oldest !== null && this.#records.delete(oldest.id);
  }
}

function byId(a: MemberRecord, b: MemberRecord): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
