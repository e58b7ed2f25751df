// Agents whose words ask for another view: they want to come in, or to go, or carry another weight.

import type { Wishes } from "./agreement/candidate.ts";
import type { Chain } from "./agreement/chain.ts";
import type { AgreedView } from "./agreement/view.ts";
import type { MemberId, MemberRecord } from "./events.ts";
import type { ViewMember } from "./frame.ts";
import { WEIGHT_UNITS } from "./limits.ts";
import { type Ids, type Members, PLAIN_TABLES } from "./members.ts";

export class OpenWishes implements Wishes {
  readonly #members: Members;
  readonly #open: Ids;
  #chain: Chain | null = null;
  /** Until anything changes: ballots ask for them again and again. */
  #joiners: readonly ViewMember[] | null = null;

  constructor(members: Members, open = PLAIN_TABLES.ids()) {
    this.#members = members;
    this.#open = open;
  }

  /** The views by which wishes are measured, from now on. */
  follow(chain: Chain): void {
    this.#chain = chain;
    this.reviewAll();
  }

  /** An agent has said something new. */
  review(record: MemberRecord): void {
    if (this.#chain === null) return;
    this.#joiners = null;
    const seat = this.#chain.current.memberOf(record.id);
    const wantsIn = seat === undefined && record.state === "alive" && record.untilMs === Number.POSITIVE_INFINITY;
    const wantsOther = seat !== undefined && (record.state === "left" || weightOf(record) !== seat.weight);
    if (wantsIn || wantsOther) this.#open.add(record.id);
    else this.#open.delete(record.id);
  }

  /** There is another view. */
  reviewAll(): void {
    this.#open.clear();
    this.#joiners = null;
    for (const record of this.#members.all()) this.review(record);
  }

  areNone(): boolean {
    return this.#open.size === 0;
  }

  joiners(view: AgreedView): readonly ViewMember[] {
    if (this.#joiners !== null) return this.#joiners;
    const found: ViewMember[] = [];
    for (const id of this.#open.values()) {
      const record = this.#members.get(id);
      if (record === undefined || view.positionOf(id) >= 0 || !this.#mayComeIn(record)) continue;
      found.push(joinerOf(record));
    }
    this.#joiners = found.sort((a, b) => (a.id < b.id ? -1 : 1));
    return this.#joiners;
  }

  wantsIn({ id, incarnation }: ViewMember): boolean {
    const record = this.#members.get(id);
    return record !== undefined && record.incarnation === incarnation && this.#open.has(id) && this.#mayComeIn(record);
  }

  isLeaving(id: MemberId): boolean {
    return this.#members.get(id)?.state === "left";
  }

  weightOf(member: ViewMember): number {
    const record = this.#members.get(member.id);
    return record === undefined ? member.weight : weightOf(record);
  }

  /** Whoever was removed has to know it before it comes back: an older wish is not one. */
  #mayComeIn({ id, view }: MemberRecord): boolean {
    const last = this.#chain?.newestWith(id);
    return last === undefined || view > last.number;
  }
}

/** The same object for the same record. */
function joinerOf(record: MemberRecord): ViewMember {
  const known = joiners.get(record);
  if (known !== undefined) return known;
  const joiner = { id: record.id, incarnation: record.incarnation, weight: weightOf(record), fromWindow: 0 };
  joiners.set(record, joiner);
  return joiner;
}

const joiners = new WeakMap<MemberRecord, ViewMember>();

/** Whole units, one at least: views compare weights exactly. */
export function weightOf(record: MemberRecord): number {
  return Math.max(1, Math.round(record.weight * WEIGHT_UNITS));
}
