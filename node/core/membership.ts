// How an agent comes into the view, stays in it, and goes: joining, refuting, losing others, leaving.

import type { MemberId, MemberRecord } from "./events.ts";
import { alignUp, JOIN_DELAY_MS, LEAVE_DELAY_MS, LOSS_DELAY_MS } from "./limits.ts";
import { Members } from "./members.ts";
import type { Outbox } from "./outbox.ts";
import { neighbours } from "./rings.ts";

export class Membership {
  readonly members = new Members();
  readonly #self: MemberId;
  readonly #out: Outbox;
  readonly #onChange: () => void;
  /** Peers whose link closed and has not come back. */
  readonly #closed = new Set<MemberId>();
  /** Wanted links as last told to the shell. */
  #wanted = "";

  /** `onChange` is called after every change of who has a share when. */
  constructor(self: MemberRecord, out: Outbox, onChange: () => void) {
    this.#self = self.id;
    this.#out = out;
    this.#onChange = onChange;
    this.members.merge(self);
  }

  own(): MemberRecord {
    return this.members.get(this.#self)!;
  }

  linkUp(peer: MemberId): void {
    this.#closed.delete(peer);
  }

  linkDown(peer: MemberId): void {
    if (this.members.get(peer)?.state === "alive") this.#closed.add(peer);
  }

  /** Takes records in. Returns the ids of members that are gone since. */
  take(records: readonly MemberRecord[], from: MemberId | null, nowMs: number): MemberId[] {
    const news: MemberRecord[] = [];
    for (const record of records) {
      if (record.id === this.#self) {
        this.#refute(record, nowMs);
        continue;
      }
      const known = this.members.get(record.id);
      if (!this.members.merge(record)) continue;
      news.push(record);
      if (record.state === known?.state) continue;
      const type = record.state === "alive" ? "joined" : record.state;
      this.#out.emit({ type, member: record.id, name: record.name, atMs: nowMs });
    }
    if (news.length > 0) {
      this.#out.spread({ members: news }, from);
      this.#changed(nowMs);
    }
    return news.filter((record) => record.state !== "alive").map((record) => record.id);
  }

  /** Its link closed without goodbye and dialling again was refused: the process is gone. */
  lose(peer: MemberId, nowMs: number): MemberId[] {
    const record = this.members.get(peer);
    // Only who has seen its link close may say so: that somebody cannot be dialled from here proves nothing.
    if (record === undefined || record.state !== "alive" || !this.#closed.delete(peer)) return [];
    return this.take([{ ...record, state: "lost", untilMs: alignUp(nowMs + LOSS_DELAY_MS) }], null, nowMs);
  }

  /** A run is under way that I did not know: I have a share from an instant on that everybody can hear of first. */
  joinLate(nowMs: number): void {
    const own = this.own();
    if (own.fromMs <= nowMs) this.#renew({ incarnation: own.incarnation + 1, fromMs: joinAt(nowMs) }, nowMs);
  }

  /** When somebody who joins now would have a share. */
  joinAtMs(nowMs: number): number {
    return joinAt(nowMs);
  }

  /** I go, and offer my share until the others take it over. Returns when that is. */
  leave(nowMs: number): number {
    const untilMs = alignUp(nowMs + LEAVE_DELAY_MS);
    this.#renew({ state: "left", untilMs }, nowMs);
    return untilMs;
  }

  /** Somebody holds me for lost: a higher incarnation says that I am not. Too late to keep my share: I join anew. */
  #refute(news: MemberRecord, nowMs: number): void {
    const own = this.own();
    // I am leaving, and the others take over earlier than I said: my share ends when theirs begins.
    if (own.state === "left" && this.members.merge(news)) this.#changed(nowMs);
    if (own.state !== "alive" || news.incarnation < own.incarnation || news.state === "alive") return;
    const keepsShare = news.untilMs > nowMs;
    this.#renew({ incarnation: news.incarnation + 1, fromMs: keepsShare ? own.fromMs : joinAt(nowMs) }, nowMs);
  }

  #renew(change: Partial<MemberRecord>, nowMs: number): void {
    const record = { ...this.own(), ...change };
    this.members.merge(record);
    this.#out.spread({ members: [record] }, null);
    this.#changed(nowMs);
  }

  #changed(nowMs: number): void {
    // Those who go are replaced at once, while their links still stand; nothing calls here when they are gone.
    const staying = this.members.present(nowMs).filter((member) => member.state === "alive" || member.id === this.#self);
    const wanted = neighbours(this.#self, staying.map((member) => member.id));
    const key = [...wanted].sort().join();
    if (key !== this.#wanted) {
      this.#wanted = key;
      this.#out.push({ kind: "neighbours", members: staying.filter((member) => wanted.includes(member.id)) });
    }
    this.#onChange();
  }
}

function joinAt(nowMs: number): number {
  return alignUp(nowMs + JOIN_DELAY_MS);
}
