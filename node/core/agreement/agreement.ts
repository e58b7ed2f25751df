// One lineage as seen by one agent: which view is agreed, whether this agent may offer load, and which share is its own.
//
// The rules: docs/decisions/0002-view-agreement.md. The tests that attack this code are in test/sim.

import type { Segment } from "../../plan/schedule.ts";
import { type Dropped, nothingDropped } from "../dropped.ts";
import type { MemberId } from "../events.ts";
import type { Accusation, Commit, Frame, Lineage, ViewChange } from "../frame.ts";
import { windowOf } from "../limits.ts";
import { Accusations } from "./accusations.ts";
import { Acks } from "./acks.ts";
import { Attendance } from "./attendance.ts";
import { Ballots } from "./ballots.ts";
import { isAcceptable, type Wishes } from "./candidate.ts";
import type { Chain } from "./chain.ts";
import { Growth } from "./growth.ts";
import { Lease } from "./lease.ts";
import { OwnWord } from "./own-word.ts";
import { NOTHING, parts } from "./parts.ts";
import { count, has, isEmpty, NOBODY } from "./positions.ts";
import { Proposer } from "./proposer.ts";
import { Rhythm, slackOf } from "./rhythm.ts";
import { RollCalls } from "./roll-calls.ts";
import { Timeline } from "./timeline.ts";
import type { Adopted, AgreedView } from "./view.ts";
import { Watching } from "./watching.ts";

export class Agreement {
  readonly lineage: Lineage;
  readonly rhythm: Rhythm;
  readonly #self: MemberId;
  readonly #wishes: Wishes;
  readonly #chain: Chain;
  readonly #acks: Acks;
  readonly #dropped: Dropped;
  readonly #rollCalls: RollCalls;
  readonly #accusations: Accusations;
  readonly #lease = new Lease();
  readonly #attendance: Attendance;
  readonly #timeline: Timeline;
  readonly #growth: Growth;
  readonly #watching: Watching;
  readonly #ownWord: OwnWord;
  readonly #proposer: Proposer;
  #ballots: Ballots;
  #commits: Commit[] = [];
  #adopted: Adopted[] = [];
  #window = Number.NEGATIVE_INFINITY;
  /** Since when roll calls are heard as one of the members hears them. */
  #hearsSinceWindow: number;
  /** Something was heard that may change the wish, a ballot or the plan of shares. */
  #isStale = true;
  /** Own position in the view; -1 while this agent is no member. */
  #position: number;
  /** Nothing but news makes a turn necessary before. */
  #nextTurnMs = Number.NEGATIVE_INFINITY;

  constructor(self: MemberId, lineage: Lineage, chain: Chain, wishes: Wishes, nowMs: number, dropped = nothingDropped()) {
    this.lineage = lineage;
    this.rhythm = new Rhythm(nowMs);
    this.#self = self;
    this.#wishes = wishes;
    this.#chain = chain;
    this.#dropped = dropped;
    this.#rollCalls = new RollCalls(dropped);
    this.#acks = new Acks(chain);
    this.#attendance = new Attendance(chain, this.#rollCalls, this.#acks, this.#lease);
    this.#accusations = new Accusations(chain);
    this.#timeline = new Timeline(self);
    this.#growth = new Growth(self, chain, this.#acks, this.#rollCalls, this.#accusations);
    this.#watching = new Watching(nowMs);
    this.#proposer = new Proposer(wishes);
    this.#position = chain.current.positionOf(self);
    this.#hearsSinceWindow = windowOf(nowMs);
    this.#ownWord = new OwnWord(self, chain, nowMs);
    this.#ballots = new Ballots(chain.current, this.#position, dropped);
    this.#watchNeighbours(nowMs);
  }

  get view(): AgreedView {
    return this.#chain.current;
  }

  get chain(): Chain {
    return this.#chain;
  }

  isMember(): boolean {
    return this.#position >= 0;
  }

  /** Something else than quiet is spoken of. */
  isUnquiet(nowMs: number): boolean {
    const hasNews = this.#commits.length > 0 || this.#ballots.hasNews() || this.#accusations.hasNews();
    return hasNews || this.#lease.isInTrouble(windowOf(nowMs)) || this.rhythm.isWaking(nowMs);
  }

  /** Something goes on for which nobody may rest. */
  disturb(nowMs: number): void {
    if (this.rhythm.disturb(nowMs)) this.#wake(nowMs);
  }

  /** True while it sees a majority that does not exclude it: what it decides, no other part of the swarm decides too. */
  hasLease(nowMs: number): boolean {
    return this.leaseUntilMs(nowMs) > nowMs;
  }

  /** The same for those who offer none: at rest roll calls come seldom, and from afar only after some of them. */
  seesMajority(nowMs: number): boolean {
    return this.hasLease(nowMs) || (this.rhythm.isResting(nowMs) && this.#lease.isFairlyNew(windowOf(nowMs)));
  }

  /** Swarm time until which load may be offered; Infinity where nobody else could ever offer it. */
  leaseUntilMs(nowMs: number): number {
    if (!this.isMember() && this.widthAt(nowMs) === 0) return Number.NEGATIVE_INFINITY;
    if (this.isMember() && this.view.size === 1) return Number.POSITIVE_INFINITY;
    return this.#lease.renewedUntilMs(windowOf(nowMs), nowMs, this.#watching.uneasyFromMs());
  }

  /** Width of this agent's stripe at an instant. */
  widthAt(nowMs: number): number {
    return this.#timeline.at(nowMs)?.stripeOf(this.#self).width ?? 0;
  }

  /** The view that this agent's share follows now; null while it has followed none. */
  followed(nowMs: number): AgreedView | null {
    return this.#timeline.at(nowMs);
  }

  segments(): Segment[] {
    return this.#timeline.segments();
  }

  isExcluded(id: MemberId): boolean {
    const position = this.view.positionOf(id);
    return position >= 0 && has(this.#accusations.excluded(), position);
  }

  // --- what happens ---

  /** Any frame of this lineage came from a peer; `restsFrom` as in its Standing. */
  heard(peer: MemberId, nowMs: number, restsFrom?: number): void {
    if (this.rhythm.hear(restsFrom, nowMs)) this.#wake(nowMs);
    this.#watching.heard(peer, nowMs, slackOf(restsFrom, nowMs));
    this.#takeAccusation(this.#ownWord.withdraw(peer), nowMs);
  }

  /** Its link closed, without goodbye. */
  cut(peer: MemberId, nowMs: number): void {
    if (this.view.positionOf(peer) >= 0) this.#lease.trouble(windowOf(nowMs));
  }

  /** There is no link to it, and dialling it was refused. */
  refused(peer: MemberId, nowMs: number): void {
    if (this.#watching.refused(peer)) this.#takeAccusation(this.#ownWord.accuse(peer, "closed"), nowMs);
  }

  /** Takes in what another agent of the lineage says. */
  take(frame: Frame, nowMs: number): void {
    const window = windowOf(nowMs);
    for (const commit of frame.commits ?? NOTHING) if (commit.number > this.view.number) this.#adopt(commit, nowMs);
    if (this.#attendance.take(frame.rollCalls ?? NOTHING, window, this.#position)) this.#isStale = true;
    // After the roll calls, which tell since when: of these it is certain only that they have adopted it by now.
    for (const adoption of frame.adoptions ?? NOTHING) {
      const view = this.#chain.at(adoption.view);
      if (view !== undefined && this.#acks.note(view, adoption.members, window)) this.#isStale = true;
    }
    for (const ballot of frame.ballots ?? NOTHING) {
      if (ballot.view === this.view.number && this.#ballots.merge(ballot, window)) this.#isStale = true;
    }
    for (const accusation of frame.accusations ?? NOTHING) this.#takeAccusation(accusation, nowMs);
  }

  /** What an agent says of itself has changed: it wants to come in, or leaves, or carries another weight. */
  wishesChanged(): void {
    this.#proposer.review();
    this.#isStale = true;
  }

  /** Somebody who is not in a view has adopted it. */
  told(id: MemberId, view: number, nowMs: number): void {
    // Its clock may be ahead.
    if (this.#acks.told(id, view, windowOf(nowMs) + 1)) this.#isStale = true;
  }

  /**
   * Time passes; this turn was due at `dueMs`. What was heard is thought about only if `decides`: whatever follows from it is
   * told with the next frame, so that it need not be found out before. Returns whether shares or their plan changed.
   */
  turn(dueMs: number, nowMs: number, roundTripMs = 0, decides = true): boolean {
    if (!(this.#isStale && decides) && nowMs < this.#nextTurnMs) return false;
    const window = windowOf(nowMs);
    if (this.#watching.turn(dueMs, nowMs, roundTripMs) > 0 || nowMs >= this.#watching.uneasyFromMs()) this.#lease.trouble(window);
    for (const id of this.#watching.silent(nowMs)) this.#takeAccusation(this.#ownWord.accuse(id, "silent"), nowMs);
    if (this.#isDisturbed(window, nowMs)) this.disturb(nowMs);
    if (window > this.#window) this.#beginWindow(window);
    this.#isStale = false;
    this.#decide(window, nowMs);
    // For the next window, at whose start shares may grow.
    this.#growth.observe(window + 1, nowMs);
    const changed = this.#timeline.plan(this.#chain.all(), nowMs, (view, at) => this.#growth.isAllowed(view, at));
    this.#nextTurnMs = Math.min(
      this.rhythm.nextBeatMs(nowMs),
      this.#watching.nextMs(nowMs),
      this.#proposer.nextMs(nowMs),
      this.#timeline.nextMs(nowMs),
    );
    return changed;
  }

  nextMs(): number {
    return this.#nextTurnMs;
  }

  // --- what is told ---

  hasNews(): boolean {
    return this.#commits.length > 0 || this.#rollCalls.hasNews() || this.#ballots.hasNews() || this.#accusations.hasNews();
  }

  /** Something was heard from which something may follow. */
  isUndecided(): boolean {
    return this.#isStale;
  }

  /** Since the last call; empty parts are left out. */
  takeNews(): Frame {
    const commits = this.#commits;
    this.#commits = [];
    return parts({
      commits,
      rollCalls: this.#rollCalls.takeNews(),
      ballots: this.#ballots.takeNews(),
      accusations: this.#accusations.takeNews(),
    });
  }

  /** Complete state, for those who know nothing. */
  state(): Frame {
    const agreed = { rollCalls: this.#rollCalls.all(), adoptions: this.#acks.all() };
    return { chain: this.#chain.data(), ...parts({ ...agreed, ballots: this.#ballots.all(), accusations: this.#accusations.all() }) };
  }

  /** What is not decided yet, for a neighbour that may have missed some of it; empty in quiet times. */
  undecided(): Frame {
    const open = parts({ ballots: this.#ballots.all(), accusations: this.#accusations.all() });
    return Object.keys(open).length === 0 ? open : { ...open, rollCalls: this.#rollCalls.all() };
  }

  /** Views adopted since the last call. */
  takeAdopted(): Adopted[] {
    const adopted = this.#adopted;
    if (adopted.length > 0) this.#adopted = [];
    return adopted;
  }

  // --- inside ---

  #beginWindow(window: number): void {
    this.#window = window;
    this.#proposer.review();
    this.#rollCalls.forgetBefore(window);
    this.#lookWhoIsThere();
    if (this.rhythm.isBeat(window)) this.#answerRollCall();
  }

  /** What happened while it rested is not known yet: roll calls begin anew. */
  #wake(nowMs: number): void {
    this.#watching.wake(nowMs);
    this.#window = Number.NEGATIVE_INFINITY;
    this.#nextTurnMs = Number.NEGATIVE_INFINITY;
  }

  /** Something is undecided, or looks amiss. */
  #isDisturbed(window: number, nowMs: number): boolean {
    if (!this.isMember() || !this.#proposer.isContent() || this.#timeline.at(nowMs) !== this.view) return true;
    return this.#lease.isInTrouble(window) || !isEmpty(this.#accusations.excluded()) || !this.#lease.isFairlyNew(window);
  }

  /** Nobody can tell at rest, nor soon after all have been woken or this agent has come. */
  #lookWhoIsThere(): void {
    const window = this.#window;
    if (window >= this.rhythm.restsFrom) return this.#accusations.presence(null, NOBODY);
    const sinceWindow = Math.max(this.#hearsSinceWindow, this.rhythm.wokenWindow);
    const present = this.#attendance.presentOfLate(window, sinceWindow);
    const areAllThere = present !== null && count(present) === this.view.size;
    this.#accusations.presence(present, areAllThere ? NOBODY : this.#attendance.mute(window, sinceWindow));
  }

  #answerRollCall(): void {
    if (this.#position < 0) return;
    if (this.#attendance.answer(this.#window, this.#accusations.excluded(), this.#position)) this.#isStale = true;
  }

  #takeAccusation(accusation: Accusation | null, nowMs: number): void {
    if (accusation === null || !this.#accusations.take(accusation, nowMs)) return;
    if (accusation.kind === "closed") this.#lease.trouble(windowOf(nowMs));
    this.#proposer.review();
    this.#isStale = true;
  }

  #decide(window: number, nowMs: number): void {
    for (;;) {
      const mayPass = (change: ViewChange) => isAcceptable(change, this.view, this.#accusations, this.#wishes);
      const excluded = this.#accusations.excluded();
      const { wanted, mayOpen } = this.#proposer.propose(this.view, this.#position, excluded, nowMs);
      this.#ballots.vote(wanted, window, mayPass, excluded, mayOpen);
      this.#ballots.lock(window);
      const commit = this.#ballots.committed();
      if (commit === null || !this.#adopt(commit, nowMs)) return;
    }
  }

  #adopt(commit: Commit, nowMs: number): boolean {
    const before = this.view;
    if (!this.#chain.adopt(commit)) return false;
    const { view } = this;
    this.#commits.push(commit);
    this.#adopted.push({ view, before });
    const wasMember = this.isMember();
    this.#position = view.positionOf(this.#self);
    if (!wasMember) this.#hearsSinceWindow = windowOf(nowMs);
    this.#ballots = new Ballots(view, this.#position, this.#dropped);
    this.#acks.prune();
    this.#accusations.viewChanged();
    this.#lookWhoIsThere();
    this.#watchNeighbours(nowMs);
    for (const { id } of commit.change.added) this.#watching.absolve(id, nowMs);
    this.wishesChanged();
    // Shares may have to shrink at once.
    this.#nextTurnMs = Number.NEGATIVE_INFINITY;
    // In the window of a turn that is over this view was not adopted yet; the next turn answers.
    if (this.#window === windowOf(nowMs)) this.#answerRollCall();
    return true;
  }

  #watchNeighbours(nowMs: number): void {
    const watched = this.#position < 0 ? [] : this.view.neighboursOf(this.#position);
    this.#watching.watch(watched.map((one) => this.view.members[one]!.id), nowMs);
  }
}
