// What two agents say to each other over a link. Plain data; whoever receives a frame never changes it.

import type { Interval, Snapshot, Totals } from "../metrics/results.ts";
import type { MemberId, MemberRecord, RunId, RunRecord } from "./events.ts";

/** Positions in a view's sorted members, as a set: bit i % 32 of word i >> 5. Never changed once in a frame. */
export type Positions = Uint32Array;

/** A lineage is one swarm's succession of views. Its name is a digest of its founder's, 16 hexadecimal digits. */
export type LineageId = string;

export interface Lineage {
  readonly id: LineageId;
  /** When it was founded, by the founder's clock. */
  readonly bornMs: number;
}

/** Where the sender stands: in every frame of this protocol, so that whoever is behind or elsewhere notices. */
export interface Standing {
  readonly lineage: LineageId;
  /** When it was founded, by the founder's clock: of two equals the older one is followed. */
  readonly bornMs: number;
  /** 0 idle, 1 a run waits for agents, 2 a run is scheduled or on: a busy lineage never yields. */
  readonly rank: 0 | 1 | 2;
  /** Number of the newest view the sender has adopted. */
  readonly view: number;
  /** Of the members and runs it knows: where it stays different, something was missed. 32 bits. */
  readonly digest: number;
  /** Swarm time at which the frame was sent. */
  readonly sentAtMs: number;
  /** First window in which the sender rests, unless it hears that something goes on. Absent: it never does. */
  readonly restsFrom?: number;
}

export interface ViewMember {
  readonly id: MemberId;
  /** The member's own; a removed member comes back with a higher one. */
  readonly incarnation: number;
  /** Whole units of capacity, 1 at least. */
  readonly weight: number;
  /** First window in which it has a share. */
  readonly fromWindow: number;
}

/** An agreed set of members. Equal numbers of one lineage are equal views. */
export interface View {
  readonly number: number;
  /** Shares follow this view from this window on. */
  readonly fromWindow: number;
  /** Ascending by id. */
  readonly members: readonly ViewMember[];
}

/** How a view differs from the one before it. */
export interface ViewChange {
  readonly fromWindow: number;
  /** Positions in the view before, ascending: members that were lost or have left. */
  readonly removed: readonly number[];
  /** Ascending by id. */
  readonly added: readonly ViewMember[];
  /** Ascending by position in the view before. */
  readonly reweighed: readonly { readonly position: number; readonly weight: number }[];
}

/** A view that was agreed: the change, and who locked it (a quorum of the view before). */
export interface Commit {
  /** Of the view it makes. */
  readonly number: number;
  readonly ballot: number;
  readonly change: ViewChange;
  readonly locks: Positions;
}

/** For those who cannot follow by commits: an older view in full, and how it became the newest one. */
export interface Chain {
  readonly base: View;
  readonly commits: readonly Commit[];
}

/** Who has been heard in a window under one view, among those who exclude the same members. */
export interface RollCall {
  readonly view: number;
  readonly window: number;
  readonly excluded: Positions;
  readonly present: Positions;
}

/** Members of a view that are known to have adopted it: newcomers were not there to hear them. */
export interface Adoption {
  readonly view: number;
  readonly members: Positions;
}

/** A proposal for the view after `view`, and how far it has come. */
export interface Ballot {
  readonly view: number;
  /** The window in which it was opened; ballots only rise. */
  readonly ballot: number;
  readonly change: ViewChange;
  readonly votes: Positions;
  readonly locks: Positions;
}

/** What an observer says of a member it watches. The higher version of one observer about one member wins. */
export interface Accusation {
  /** The view in which the positions are meant. */
  readonly view: number;
  readonly target: number;
  readonly accuser: number;
  readonly version: number;
  /** `none` withdraws. `closed`: its link closed without goodbye and dialling again was refused. */
  readonly kind: "none" | "silent" | "closed";
}

/** A timestamp returned, by which the other one learns the distance of our clocks (NTP, RFC 5905 section 8). */
export interface Echo {
  /** `sentAtMs` of the frame answered. */
  readonly sentAtMs: number;
  /** How long it lay here, ms. */
  readonly heldMs: number;
}

/** A snapshot whose points are those that changed after sequence `since` (0: all of them). */
export interface Report {
  readonly since: number;
  readonly snapshot: Snapshot;
}

/** Which members of which view are to be asked, and how. */
export interface Scope {
  readonly lineage: LineageId;
  readonly view: number;
  /** Whoever is asked answers for all of these, itself among them or not. */
  readonly ask: Positions;
  /** Nobody asks anybody through these: they have not answered, or are on the way from whom the question came. */
  readonly avoid: Positions;
  /** Empty: everybody asked tells its own results. Else those that did not answer are asked for, and what others hold of them. */
  readonly silent: Positions;
  /** The asker goes on without an answer after this. */
  readonly patienceMs: number;
}

/** Asks for the results of a run. Without a scope: of the asked member itself, as an older version does. */
export interface Gather {
  readonly id: number;
  readonly run: RunId;
  /** What the asker has of members that are gone: only newer reports of them are wanted. */
  readonly have: readonly { readonly member: MemberId; readonly sequence: number }[];
  readonly scope?: Scope;
  /** The series is wanted from this interval on … */
  readonly fromPoint?: number;
  /** … and whether anything before it has changed since then, in swarm time. */
  readonly sinceMs?: number;
}

/** Results of members of a view as one. The report of each member that has one is in it exactly once. */
export interface Part {
  /** Of those asked, who has been dealt with. */
  readonly heard: Positions;
  /** Of those, whose own report is in the sums, and who is done with the run. */
  readonly reported: Positions;
  readonly done: Positions;
  /** Who was asked by a neighbour and gave no answer, or only part of one. */
  readonly failed: Positions;
  readonly totals: Totals;
  readonly intervals: readonly Interval[];
  /** Something has changed before the interval from which the series was wanted. */
  readonly isStale: boolean;
}

/** Answers a gather. Reports in the same frame belong to it: of members that did not answer themselves. */
export interface Gathered {
  readonly id: number;
  /** Not the end of the answer: other reports or another part, which may also come late, after it. */
  readonly more?: boolean;
  readonly part?: Part;
}

/** Absent parts are empty. */
export interface Frame {
  readonly standing?: Standing;
  readonly members?: readonly MemberRecord[];
  readonly runs?: readonly RunRecord[];
  /** Handed over each second, so that the receiver can answer for the sender should that crash. */
  readonly reports?: readonly Report[];
  /** Complete state follows in this very frame: the first frame on a link. */
  readonly hello?: boolean;
  /** Asks for complete state: the sender is behind, or follows another lineage and means to change over. */
  readonly pull?: boolean;
  /** The sender is about to close this link on purpose. */
  readonly goodbye?: boolean;
  readonly chain?: Chain;
  readonly commits?: readonly Commit[];
  readonly rollCalls?: readonly RollCall[];
  readonly adoptions?: readonly Adoption[];
  readonly ballots?: readonly Ballot[];
  readonly accusations?: readonly Accusation[];
  readonly echo?: Echo;
  readonly gather?: Gather;
  readonly gathered?: Gathered;
}
