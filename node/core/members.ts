// Who is known: what each agent says of itself, and from when to when the agreed views gave it a share.

import { type Dropped, nothingDropped } from "./dropped.ts";
import type { MemberId, MemberRecord } from "./events.ts";
import type { ViewMember } from "./frame.ts";
import { MEMBERS_KEPT, startOf } from "./limits.ts";
import { hash32 } from "./rings.ts";

const NEVER = Number.POSITIVE_INFINITY;

/**
 * The two records of one agent made one: its own words by incarnation, which only it raises; its times by what views
 * have agreed, which is the same for all. Commutative and idempotent. A time that is not said again is taken over from what
 * was known, so that what was heard in between can make a difference until the times themselves are told.
 */
export function merged(a: MemberRecord, b: MemberRecord): MemberRecord {
  if (a.incarnation === b.incarnation) {
    const fromMs = Math.min(a.fromMs, b.fromMs);
    const untilMs = Math.min(a.untilMs, b.untilMs);
    return revised(a, rank(b) > rank(a) ? b.state : a.state, fromMs, untilMs);
  }
  const [older, newer] = a.incarnation < b.incarnation ? [a, b] : [b, a];
  // Said while its share goes on: the time at which that began stays. Once gone, it begins anew.
  const goesOn = newer.fromMs === NEVER && older.untilMs === NEVER;
  return goesOn ? revised(newer, newer.state, older.fromMs, newer.untilMs) : newer;
}

/**
 * The same words with another state and other times. Everybody who hears of a view makes the same of the same record, and in
 * the simulator thousands do: they get the same object, or none would fit into memory.
 */
export function revised(record: MemberRecord, state: MemberRecord["state"], fromMs: number, untilMs: number): MemberRecord {
  if (record.state === state && record.fromMs === fromMs && record.untilMs === untilMs) return record;
  const known = revisions.get(record);
  if (known !== undefined && known.state === state && known.fromMs === fromMs && known.untilMs === untilMs) return known;
  const made = { ...record, state, fromMs, untilMs };
  revisions.set(record, made);
  return made;
}

/** The last revision of each. */
const revisions = new WeakMap<MemberRecord, MemberRecord>();

/** At one incarnation: somebody else's word that it is lost is final, its own that it leaves comes before that. */
function rank(record: MemberRecord): number {
  return record.state === "alive" ? 0 : record.state === "left" ? 1 : 2;
}

/** A Map will do. */
export interface Records {
  readonly size: number;
  get(id: MemberId): MemberRecord | undefined;
  set(id: MemberId, record: MemberRecord): unknown;
  delete(id: MemberId): unknown;
  values(): Iterable<MemberRecord>;
}

/** A Set will do. */
export interface Ids {
  readonly size: number;
  has(id: MemberId): boolean;
  add(id: MemberId): unknown;
  delete(id: MemberId): unknown;
  clear(): void;
  values(): Iterable<MemberId>;
}

/** How what is known of all members is kept. The simulator, which holds thousands of agents, brings something smaller. */
export interface Tables {
  records(): Records;
  ids(): Ids;
}

export const PLAIN_TABLES: Tables = { records: () => new Map(), ids: () => new Set() };

export class Members {
  readonly #records: Records;
  /** Of everything known, whatever the order in which it was heard: equal knowledge, equal digest. */
  #digest = 0;
  readonly #dropped: Dropped;

  constructor(dropped = nothingDropped(), records = PLAIN_TABLES.records()) {
    this.#records = records;
    this.#dropped = dropped;
  }

  get digest(): number {
    return this.#digest >>> 0;
  }

  get(id: MemberId): MemberRecord | undefined {
    return this.#records.get(id);
  }

  all(): MemberRecord[] {
    return [...this.#records.values()];
  }

  /** Takes what is new in the record, if there is room for it. Returns what is known now if that has changed, else null. */
  merge(record: MemberRecord): MemberRecord | null {
    const known = this.#records.get(record.id);
    if (known === undefined) {
      if (this.#records.size >= MEMBERS_KEPT) {
        this.#dropped.members++;
        if (!this.#forgetLongestGone()) return null;
      }
      return this.#put(record);
    }
    if (saysNothingNew(known, record)) return null;
    const now = merged(known, record);
    return isSame(known, now) ? null : this.#put(now, known);
  }

  /** Forgets an agent: it was known in another lineage. */
  forget(id: MemberId): void {
    const known = this.#records.get(id);
    if (known === undefined) return;
    this.#digest ^= digestOf(known);
    this.#records.delete(id);
  }

  /** Members that a view has taken in and none has let go, whether or not their share has begun. In id order. */
  present(nowMs: number): MemberRecord[] {
    return this.during(nowMs, NEVER);
  }

  /** Members whose time with a share overlaps [fromMs, untilMs). In id order. */
  during(fromMs: number, untilMs: number): MemberRecord[] {
    return this.all()
      .filter((member) => member.fromMs < member.untilMs && member.fromMs < untilMs && member.untilMs > fromMs)
      .sort(byId);
  }

  #put(record: MemberRecord, instead?: MemberRecord): MemberRecord {
    if (instead !== undefined) this.#digest ^= digestOf(instead);
    this.#digest ^= digestOf(record);
    this.#records.set(record.id, record);
    return record;
  }

  /** Whether there was one: those that are there, oneself among them, are never forgotten. */
  #forgetLongestGone(): boolean {
    let oldest: MemberRecord | null = null;
    let oldestMs = NEVER;
    for (const record of this.#records.values()) {
      // Who left before any view took it in was never there.
      const goneMs = record.state === "left" && record.fromMs === NEVER ? Number.NEGATIVE_INFINITY : record.untilMs;
      if (goneMs >= oldestMs) continue;
      oldest = record;
      oldestMs = goneMs;
    }
    if (oldest === null) return false;
    this.forget(oldest.id);
    return true;
  }
}

/** What others say of anybody's times and losses counts only for those who are gone: of members the view tells it. */
export function asAgreed(told: MemberRecord, seat: ViewMember | undefined): MemberRecord {
  if (seat === undefined) return told.state === "alive" ? revised(told, "alive", NEVER, NEVER) : told;
  const state = told.state === "lost" ? "alive" : told.state;
  return revised(told, state, startOf(seat.fromWindow), NEVER);
}

/**
 * A member whose own words have not come yet: whatever they are, they count for more. The same object for all who are told of it
 * by the same view, as in `revised`.
 */
export function unknown(member: ViewMember): MemberRecord {
  const known = nobodies.get(member);
  if (known !== undefined) return known;
  const nothing = { name: "", zone: "", addresses: [], api: "" };
  const made = { id: member.id, incarnation: 0, state: "alive", ...nothing, weight: 1, view: 0, fromMs: NEVER, untilMs: NEVER } as const;
  nobodies.set(member, made);
  return made;
}

const nobodies = new WeakMap<ViewMember, MemberRecord>();

/** The common case, told without making anything: in a flood every record comes over every link. */
function saysNothingNew(known: MemberRecord, record: MemberRecord): boolean {
  if (record === known) return true;
  if (record.incarnation > known.incarnation) return false;
  if (record.incarnation < known.incarnation) return known.fromMs !== NEVER || record.fromMs === NEVER;
  return rank(record) <= rank(known) && record.fromMs >= known.fromMs && record.untilMs >= known.untilMs;
}

function isSame(a: MemberRecord, b: MemberRecord): boolean {
  return a.incarnation === b.incarnation && a.state === b.state && a.fromMs === b.fromMs && a.untilMs === b.untilMs;
}

/** Its own words and whether it is gone; times follow from the views. */
function digestOf({ id, incarnation, state }: MemberRecord): number {
  return hash32(id, incarnation * 4 + ["alive", "left", "lost"].indexOf(state));
}

function byId(a: MemberRecord, b: MemberRecord): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
