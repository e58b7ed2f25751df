// How an agent belongs: founding a lineage or following one, coming in, going, and what the agreed views make of everybody.

import { Agreement } from "./agreement/agreement.ts";
import { Chain } from "./agreement/chain.ts";
import { type Adopted, AgreedView } from "./agreement/view.ts";
import { Damping } from "./damping.ts";
import type { MemberId, MemberRecord } from "./events.ts";
import type { Chain as ChainData, Frame, Lineage, LineageId, Standing } from "./frame.ts";
import { DISSOLVE_MS, startOf, windowOf } from "./limits.ts";
import { asAgreed, type Ids, Members, PLAIN_TABLES, revised, unknown } from "./members.ts";
import { OpenWishes, weightOf } from "./open-wishes.ts";
import { Neighbours } from "./neighbours.ts";
import type { Outbox } from "./outbox.ts";
import { hash32 } from "./rings.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What only members may say. */
const WORDS_OF_MEMBERS = ["commits", "chain", "rollCalls", "adoptions", "ballots", "accusations"] as const;

export class Membership {
  readonly members: Members;
  readonly #self: MemberId;
  readonly #out: Outbox;
  #agreement: Agreement;
  /** As it was when this agent, idle and cut off, began anew alone: what it voted for there must not be forgotten. */
  #left: Agreement | null = null;
  #foundings = 0;
  /** When this agent last saw a majority, or began to wait for one. */
  #majorityMs: number;
  /** Of whom the neighbours were not told. */
  readonly #news: Ids;
  /** Members that are gone since this was last asked. */
  #gone: MemberId[] = [];
  readonly #neighbours: Neighbours;
  /** Times of members who are back in a view, but whose words have not come yet. */
  readonly #admitted = new Map<MemberId, { readonly incarnation: number; readonly fromMs: number }>();
  readonly #damping = new Damping();
  /** When I ask to be let in again; Infinity if I do not wait for that. */
  #comeBackMs = NEVER;
  /** Others may hear of me. */
  #isKnocking = true;
  readonly #wishes: OpenWishes;

  constructor(self: MemberRecord, out: Outbox, nowMs: number, tables = PLAIN_TABLES) {
    this.#self = self.id;
    this.#out = out;
    this.members = new Members(out.dropped, tables.records());
    this.#wishes = new OpenWishes(this.members, tables.ids());
    this.#news = tables.ids();
    this.#majorityMs = nowMs;
    this.#neighbours = new Neighbours(self.id, this.members, out);
    this.members.merge(self);
    this.#agreement = this.#found(nowMs);
  }

  get agreement(): Agreement {
    return this.#agreement;
  }

  get neighbours(): readonly MemberId[] {
    return this.#neighbours.ids;
  }

  get isKnocking(): boolean {
    return this.#isKnocking;
  }

  own(): MemberRecord {
    return this.members.get(this.#self)!;
  }

  // --- records ---

  /**
   * Takes records of my lineage in. `from` is null for what comes with a lineage that is followed anew; else newcomers are
   * believed if they speak for themselves, or if a member speaks of them: a stranger cannot bring ten thousand others,
   * neither to come in nor to be remembered. Of each other those tell that were members lately: that they have let go.
   */
  take(records: readonly MemberRecord[], nowMs: number, from: MemberId | null = null): void {
    const isMember = from === null || this.#isMember(from);
    const wasMember = !isMember && this.#agreement.chain.remembers(from);
    for (const told of records) {
      // In a flood every record comes over every link.
      if (this.members.get(told.id) === told) continue;
      const seat = this.#agreement.view.memberOf(told.id);
      if (seat === undefined && !isMember && told.id !== from && !(wasMember && this.#agreement.chain.remembers(told.id))) continue;
      const record = asAgreed(told, seat);
      if (record.id === this.#self) {
        // What others derive from views I know from the views; only an incarnation beyond mine would silence me.
        if (record.incarnation > this.own().incarnation) this.#renew({ incarnation: record.incarnation + 1 });
        continue;
      }
      const admitted = this.#admitted.get(record.id);
      const isAwaited = admitted !== undefined && record.incarnation >= admitted.incarnation;
      if (isAwaited) this.#admitted.delete(record.id);
      const known = this.members.merge(isAwaited ? revised(record, record.state, admitted.fromMs, record.untilMs) : record);
      if (known === null) continue;
      this.#news.add(record.id);
      this.#wishes.review(known);
      this.#neighbours.said(record.id);
      if (record.view > 0) this.#agreement.told(record.id, record.view, nowMs);
      this.#agreement.wishesChanged();
    }
  }

  hasNews(): boolean {
    return this.#news.size > 0;
  }

  /** Without those for whom there was no room any more. */
  takeNews(): MemberRecord[] {
    const news = [...this.#news.values()].flatMap((id) => this.members.get(id) ?? []);
    this.#news.clear();
    return news;
  }

  /** Members gone since the last call. */
  takeGone(): MemberId[] {
    const gone = this.#gone;
    if (gone.length > 0) this.#gone = [];
    return gone;
  }

  // --- coming and going ---

  /** I go: the others agree on a view without me, and I offer my share until that is in effect. */
  leave(): void {
    this.#comeBackMs = NEVER;
    this.#renew({ incarnation: this.own().incarnation + 1, state: "left" });
  }

  /** I can carry more or less than I said. */
  reweigh(weight: number): void {
    if (this.own().state === "alive") this.#renew({ incarnation: this.own().incarnation + 1, weight });
  }

  /** Nobody stays who could take over. */
  isLastToGo(): boolean {
    return this.#agreement.view.members.every(({ id }) => id === this.#self || this.members.get(id)?.state !== "alive");
  }

  /** Whether the lineage in which a peer stands is to be followed instead of mine; `rank` as in Standing. */
  yieldsTo(peer: Standing, rank: Standing["rank"]): boolean {
    const { lineage } = this.#agreement;
    if (rank === 2 || peer.lineage === lineage.id || this.own().state === "left") return false;
    if (peer.rank !== rank) return peer.rank > rank;
    return peer.bornMs !== lineage.bornMs ? peer.bornMs < lineage.bornMs : peer.lineage < lineage.id;
  }

  /**
   * Follows another lineage, of which `from` tells, from outside and asks to be let in; where that holds me as a member, I go
   * on as one. Returns whether it does.
   */
  follow(lineage: Lineage, data: ChainData, records: readonly MemberRecord[], from: MemberId, nowMs: number): boolean {
    const chain = Chain.of(data);
    if (chain === null) return false;
    if (chain.current.positionOf(this.#self) >= 0) return this.#comeHome(lineage, records, from, nowMs);
    this.#forgetLineage();
    this.#agreement = new Agreement(this.#self, lineage, chain, this.#wishes, nowMs, this.#out.dropped);
    this.#majorityMs = nowMs;
    this.#wishes.follow(chain);
    this.#isKnocking = false;
    this.take(records, nowMs);
    this.#renew({ incarnation: this.own().incarnation + 1, view: chain.current.number, fromMs: NEVER, untilMs: NEVER });
    this.#neighbours.choose(this.#agreement.view);
    return true;
  }

  /**
   * To the lineage that I left because I saw no majority. I have said nothing there since: to the others it is as if I had stood
   * still. Whoever does not remember its votes, as after a restart, stays away. `from` was a member, or I would not believe it.
   */
  #comeHome({ id }: Lineage, records: readonly MemberRecord[], from: MemberId, nowMs: number): boolean {
    const left = this.#left;
    if (left?.lineage.id !== id || left.view.positionOf(from) < 0) return false;
    this.#left = null;
    this.#forgetLineage();
    this.#agreement = left;
    this.#majorityMs = nowMs;
    this.#isKnocking = false;
    this.#wishes.follow(left.chain);
    left.turn(left.nextMs(), nowMs);
    this.take(records, nowMs);
    const fromMs = startOf(left.view.memberOf(this.#self)!.fromWindow);
    this.#renew({ incarnation: this.own().incarnation + 1, view: left.view.number, fromMs, untilMs: NEVER });
    this.#neighbours.choose(left.view);
    return true;
  }

  /** Asks to be let in, or shows that I am back, once the time of the lineage is known well enough to act by. */
  knock(): void {
    this.#isKnocking = true;
    this.#news.add(this.#self);
  }

  /** Records to tell others: mine only if it may be heard. */
  known(): MemberRecord[] {
    return this.members.all().filter(({ id }) => id !== this.#self || this.#isKnocking);
  }

  /** A frame of my lineage came from it; `restsFrom` as in its Standing. */
  heard(peer: MemberId, nowMs: number, restsFrom?: number): void {
    this.#agreement.heard(peer, nowMs, restsFrom);
    this.#neighbours.heard(peer);
  }

  /** There is no link to it, and dialling it was refused. */
  refused(peer: MemberId, nowMs: number): void {
    this.#agreement.refused(peer, nowMs);
    if (this.#isMember(peer)) this.#neighbours.refused(peer);
  }

  /**
   * What a peer of my lineage says of members, views and votes. Nothing of it is signed, so members of my view are
   * believed, and others not. Returns whether there was nothing that was not.
   */
  hear(frame: Frame, from: MemberId, nowMs: number): boolean {
    if (frame.members !== undefined) this.take(frame.members, nowMs, from);
    if (frame.chain !== undefined) this.#catchUp(frame.chain, from, nowMs);
    const isBelieved = this.#isMember(from);
    if (isBelieved) this.#agreement.take(frame, nowMs);
    return isBelieved || WORDS_OF_MEMBERS.every((part) => frame[part] === undefined);
  }

  /**
   * Catches up with my own lineage. Where the way from my view is no longer known I begin anew in its newest one: with
   * no share, which is less than whatever I had promised on the way. Not while a majority holds my view with me.
   */
  #catchUp(data: ChainData, from: MemberId, nowMs: number): void {
    const { agreement } = this;
    const isBelieved = this.#isMember(from);
    if (isBelieved) agreement.take({ commits: data.commits }, nowMs);
    if (isBelieved && data.base.number <= agreement.view.number) return;
    const chain = agreement.seesMajority(nowMs) ? null : Chain.of(data);
    if (chain === null || chain.current.number <= agreement.view.number) return;
    if (!isBelieved && !this.#isRescue(chain, from, nowMs)) return;
    this.#agreement = new Agreement(this.#self, agreement.lineage, chain, this.#wishes, nowMs, this.#out.dropped);
    this.#wishes.follow(chain);
    this.#neighbours.choose(this.#agreement.view);
    if (this.#agreement.isMember() || this.own().state === "left") return;
    this.#renew({ incarnation: this.own().incarnation + 1, view: chain.current.number, fromMs: NEVER, untilMs: NEVER });
  }

  /** Whether a stranger may tell me the newest view: all whom I know are gone, I have nothing to lose, and it is in it. */
  #isRescue(chain: Chain, from: MemberId, nowMs: number): boolean {
    const { current } = chain;
    if (this.#agreement.isMember() && nowMs < this.#majorityMs + DISSOLVE_MS) return false;
    if ([...this.#out.links].some((id) => this.#isMember(id))) return false;
    return current.positionOf(from) >= 0 && current.positionOf(this.#self) < 0;
  }

  #isMember(id: MemberId): boolean {
    return this.#agreement.view.positionOf(id) >= 0;
  }

  /** Time passes. Returns whether shares changed. An idle agent that sees no majority for long begins anew, alone. */
  turn(dueMs: number, nowMs: number, isIdle: boolean, roundTripMs = 0, decides = true): boolean {
    const changed = this.#agreement.turn(dueMs, nowMs, roundTripMs, decides);
    for (const adopted of this.#agreement.takeAdopted()) this.#apply(adopted, nowMs);
    this.#neighbours.turn(this.#agreement.view);
    if (nowMs >= this.#comeBackMs) this.#comeBack();
    if (this.#agreement.view.size === 1 || this.#agreement.seesMajority(nowMs)) this.#majorityMs = nowMs;
    if (!isIdle || nowMs < this.#majorityMs + DISSOLVE_MS || this.own().state === "left") return changed;
    this.#majorityMs = nowMs;
    if (this.#agreement.isMember()) this.#left = this.#agreement;
    this.#forgetLineage();
    this.#isKnocking = true;
    this.#agreement = this.#found(nowMs);
    this.#agreement.turn(nowMs, nowMs);
    this.#neighbours.choose(this.#agreement.view);
    return true;
  }

  // --- inside ---

  #found(nowMs: number): Agreement {
    const window = windowOf(nowMs);
    this.#renew({ incarnation: this.own().incarnation + 1, view: 1, fromMs: startOf(window), untilMs: NEVER });
    const member = { id: this.#self, incarnation: this.own().incarnation, weight: weightOf(this.own()), fromWindow: window };
    const lineage = { id: lineageId(this.#self, ++this.#foundings), bornMs: nowMs };
    const chain = new Chain(AgreedView.of({ number: 1, fromWindow: window, members: [member] }));
    this.#wishes.follow(chain);
    return new Agreement(this.#self, lineage, chain, this.#wishes, nowMs, this.#out.dropped);
  }

  /** What I know of its members is true of that lineage only. Those who were gone from it stay known: they are history. */
  #forgetLineage(): void {
    for (const { id, untilMs } of this.members.all()) if (id !== this.#self && untilMs === NEVER) this.members.forget(id);
    this.#news.clear();
  }

  #apply({ view, before }: Adopted, nowMs: number): void {
    const atMs = startOf(view.fromWindow);
    for (const member of view.members) {
      if (before.positionOf(member.id) >= 0) continue;
      const record = this.members.get(member.id) ?? unknown(member);
      this.#out.emit({ type: "joined", member: member.id, name: record.name, atMs: nowMs });
      // Its words may come after the view: then its time waits for them.
      if (record.incarnation >= member.incarnation || record.untilMs === NEVER) this.members.merge(revised(record, record.state, atMs, record.untilMs));
      else this.#admitted.set(member.id, { incarnation: member.incarnation, fromMs: atMs });
    }
    for (const { id } of before.members) {
      if (view.positionOf(id) >= 0) continue;
      this.#admitted.delete(id);
      const record = this.members.get(id);
      // It knows already, and has asked to be let in again: views are often learnt several at once.
      if (record === undefined || (record.state === "alive" && record.view >= view.number)) continue;
      const type = record.state === "left" ? "left" : "lost";
      this.members.merge(revised(record, type, record.fromMs, atMs));
      if (id === this.#self) this.#removed(view, type, nowMs);
      else this.#gone.push(id);
      this.#out.emit({ type, member: id, name: record.name, atMs: nowMs });
    }
    this.#wishes.reviewAll();
    this.#agreement.wishesChanged();
    this.#neighbours.choose(this.#agreement.view);
  }

  /** I know that I am removed, and say so: my share is released. If I did not want to go, I ask to be let in again. */
  #removed(view: AgreedView, how: "left" | "lost", nowMs: number): void {
    const incarnation = this.own().incarnation + 1;
    if (how === "left") return this.#renew({ incarnation, view: view.number });
    const pauseMs = this.#damping.pauseMs(nowMs);
    if (pauseMs === 0) return this.#renew({ incarnation, state: "alive", view: view.number, fromMs: NEVER, untilMs: NEVER });
    this.#comeBackMs = nowMs + pauseMs;
    this.#renew({ incarnation, state: "left", view: view.number });
  }

  /** I was lost too often, and have kept away for a while. */
  #comeBack(): void {
    this.#comeBackMs = NEVER;
    this.#renew({ incarnation: this.own().incarnation + 1, state: "alive", fromMs: NEVER, untilMs: NEVER });
  }

  #renew(change: Partial<MemberRecord>): void {
    const record = { ...this.own(), ...change };
    this.members.forget(this.#self);
    this.members.merge(record);
    if (this.#isKnocking) this.#news.add(this.#self);
    if (this.#agreement === undefined) return;
    this.#wishes.review(record);
    this.#agreement.wishesChanged();
  }
}

function lineageId(founder: MemberId, founding: number): LineageId {
  const half = (seed: number) => hash32(`${founder}/${founding}`, seed).toString(16).padStart(8, "0");
  return half(1) + half(2);
}
