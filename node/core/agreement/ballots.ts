// Agreeing on the next view: a leaderless Paxos. A quorum of votes lets members lock a proposal, a quorum of locks commits it.

import { type Dropped, nothingDropped } from "../dropped.ts";
import type { Ballot, Commit, Positions, ViewChange } from "../frame.ts";
import { ACTIVATION_WINDOWS, BALLOTS_KEPT, LONGEST_PATIENCE_WINDOWS, PATIENCE_WINDOWS } from "../limits.ts";
import { everybodyBut } from "../subsets.ts";
import { count, emptyPositions, fits, has, insert, insertAll, NOBODY } from "./positions.ts";
import { type AgreedView, hasSameMembers, keyOf } from "./view.ts";

interface Proposal {
  readonly ballot: number;
  readonly change: ViewChange;
  readonly key: string;
  readonly votes: Uint32Array;
  readonly locks: Uint32Array;
  /** By anybody. */
  isLocked: boolean;
  isNews: boolean;
}

/** The ballots for the view after one. Safety rests on three rules: ballots only rise, and both marked "rule" below. */
export class Ballots {
  readonly #view: AgreedView;
  /** Own position in the view; -1 if this agent is no member and only watches. */
  readonly #self: number;
  readonly #proposals = new Set<Proposal>();
  /** By the key of its change, which is long, and by ballot. */
  readonly #byKey = new Map<string, Map<number, Proposal>>();
  #news: Proposal[] = [];
  #vote: Proposal | null = null;
  /** No vote of mine in a ballot at or below it. */
  #floor = Number.NEGATIVE_INFINITY;
  /** When the last vote or lock was given, and when the next one may be for the same. */
  #votedWindow = 0;
  #retryWindow = 0;
  #patienceWindows = PATIENCE_WINDOWS;

  readonly #dropped: Dropped;

  constructor(view: AgreedView, self: number, dropped = nothingDropped()) {
    this.#view = view;
    this.#self = self;
    this.#dropped = dropped;
  }

  /** Takes votes and locks in. Returns whether there was anything new. */
  merge(ballot: Ballot, window: number): boolean {
    const { change, votes, locks } = ballot;
    if (ballot.ballot > window + 1 || change.fromWindow > ballot.ballot + ACTIVATION_WINDOWS) return false;
    if (!fits(votes, this.#view.size) || !fits(locks, this.#view.size)) return false;
    const proposal = this.#proposal(ballot.ballot, change);
    if (proposal === null) return false;
    const newVotes = insertAll(proposal.votes, votes);
    const newLocks = insertAll(proposal.locks, locks);
    if (!newLocks && !newVotes) return false;
    if (newLocks) proposal.isLocked = true;
    this.#isNews(proposal);
    return true;
  }

  /**
   * Votes, if there is reason to: for a change that stands open and is acceptable, or for `wanted` in a ballot of this
   * window. `absent` are members that are not expected to vote; who may not open a ballot waits for others to.
   */
  vote(
    wanted: ViewChange | null,
    window: number,
    isAcceptable: (change: ViewChange) => boolean,
    absent: Positions = NOBODY,
    mayOpen = true,
  ): void {
    if (this.#self < 0) return;
    // Rule: once anything is locked, nothing but the highest lock known gets this vote.
    const locked = this.#highestLock();
    if (locked === null && wanted === null) return;
    if (!this.#mayVote(window, locked?.change ?? wanted!, absent)) return;
    const isRight = (change: ViewChange) => (locked === null ? isAcceptable(change) : keyOf(change) === locked.key);
    const open = [...this.#proposals]
      .filter(({ ballot, change }) => ballot > this.#floor && ballot >= window - 1 && isRight(change))
      .sort((a, b) => count(b.votes) - count(a.votes) || b.ballot - a.ballot || (a.key < b.key ? -1 : 1));
    const own = locked?.change ?? wanted!;
    // What is locked is the same for all: there nobody is in anybody's way.
    const opens = (mayOpen || locked !== null) && window > this.#floor;
    const choice = open[0] ?? (opens ? this.#proposal(window, own) : null);
    if (choice === null) return;
    insert(choice.votes, this.#self);
    this.#isNews(choice);
    const isAgain = this.#vote !== null && hasSameMembers(choice.change, this.#vote.change);
    this.#patienceWindows = isAgain ? Math.min(LONGEST_PATIENCE_WINDOWS, 2 * this.#patienceWindows) : PATIENCE_WINDOWS;
    this.#votedWindow = window;
    this.#retryWindow = window + this.#patienceWindows;
    this.#vote = choice;
    this.#floor = choice.ballot;
  }

  /** Locks what a quorum has voted for. */
  lock(window: number): void {
    if (this.#self < 0) return;
    for (const proposal of this.#proposals) {
      // Rule: whoever has voted in a higher ballot must not lock a lower one.
      if (proposal.ballot < this.#floor || has(proposal.locks, this.#self)) continue;
      if (!this.#view.isQuorum(proposal.votes)) continue;
      insert(proposal.locks, this.#self);
      proposal.isLocked = true;
      this.#floor = proposal.ballot;
      this.#vote = proposal;
      this.#votedWindow = window;
      this.#retryWindow = window + this.#patienceWindows;
      this.#isNews(proposal);
    }
  }

  /** The view that is agreed, if one is. */
  committed(): Commit | null {
    for (const { ballot, change, locks, isLocked } of this.#proposals) {
      if (isLocked && this.#view.isQuorum(locks)) return { number: this.#view.number + 1, ballot, change, locks: locks.slice() };
    }
    return null;
  }

  isOpen(): boolean {
    return this.#proposals.size > 0;
  }

  hasNews(): boolean {
    return this.#news.length > 0;
  }

  takeNews(): Ballot[] {
    const news = this.#news;
    if (news.length === 0) return [];
    this.#news = [];
    for (const proposal of news) proposal.isNews = false;
    return news.map((proposal) => this.#plain(proposal));
  }

  all(): Ballot[] {
    return [...this.#proposals].map((proposal) => this.#plain(proposal));
  }

  /**
   * First time; or a higher ballot wants the same members; or mine cannot win any more; or it takes too long, which what
   * is no longer wanted does sooner than what is.
   */
  #mayVote(window: number, wanted: ViewChange, absent: Positions): boolean {
    const mine = this.#vote;
    if (mine === null) return true;
    for (const { ballot, change } of this.#proposals) {
      if (ballot > this.#floor && ballot >= window - 1 && hasSameMembers(change, mine.change)) return true;
    }
    if (window <= this.#floor) return false;
    const isOutdated = !hasSameMembers(wanted, mine.change) && window >= this.#votedWindow + PATIENCE_WINDOWS;
    return isOutdated || window >= this.#retryWindow || !this.#canWin(mine, absent);
  }

  #canWin(proposal: Proposal, absent: Positions): boolean {
    const possible = everybodyBut(absent, this.#view.size);
    insertAll(possible, proposal.votes);
    for (const other of this.#proposals) {
      if (other === proposal || other.ballot < proposal.ballot) continue;
      for (let i = 0; i < possible.length; i++) possible[i]! &= ~(other.votes[i]! & ~proposal.votes[i]!);
    }
    return this.#view.isQuorum(possible);
  }

  #highestLock(): Proposal | null {
    let highest: Proposal | null = null;
    for (const proposal of this.#proposals) {
      if (proposal.isLocked && (highest === null || proposal.ballot > highest.ballot)) highest = proposal;
    }
    return highest;
  }

  #proposal(ballot: number, change: ViewChange): Proposal | null {
    const key = keyOf(change);
    const known = this.#byKey.get(key)?.get(ballot);
    if (known !== undefined) return known;
    if (!this.#view.isApplicable(change)) return null;
    if (this.#proposals.size >= BALLOTS_KEPT) {
      this.#dropped.ballots++;
      if (!this.#forgetLowest(ballot)) return null;
    }
    const { size } = this.#view;
    const sets = { votes: emptyPositions(size), locks: emptyPositions(size) };
    const proposal = { ballot, change, key, ...sets, isLocked: false, isNews: false };
    this.#proposals.add(proposal);
    const same = this.#byKey.get(key);
    if (same === undefined) this.#byKey.set(key, new Map([[ballot, proposal]]));
    else same.set(ballot, proposal);
    return proposal;
  }

  /** Room for a ballot: the lowest goes that is neither mine nor locked by anybody. Returns whether there was one. */
  #forgetLowest(below: number): boolean {
    let lowest: Proposal | null = null;
    for (const proposal of this.#proposals) {
      if (proposal === this.#vote || proposal.isLocked || proposal.ballot >= (lowest?.ballot ?? below)) continue;
      lowest = proposal;
    }
    if (lowest === null) return false;
    this.#proposals.delete(lowest);
    if (lowest.isNews) this.#news = this.#news.filter((one) => one !== lowest);
    const same = this.#byKey.get(lowest.key)!;
    if (same.size === 1) this.#byKey.delete(lowest.key);
    else same.delete(lowest.ballot);
    return true;
  }

  #isNews(proposal: Proposal): void {
    if (proposal.isNews) return;
    proposal.isNews = true;
    this.#news.push(proposal);
  }

  #plain({ ballot, change, votes, locks }: Proposal): Ballot {
    return { view: this.#view.number, ballot, change, votes: votes.slice(), locks: locks.slice() };
  }
}
