// What agents say to agree on a view, to and from its wire form: standing, views, roll calls, ballots, accusations.
//
// Windows are numbers near 3.4e9. They travel as distances from the window in which their frame was sent, its base.

import type {
  Accusation,
  Adoption,
  Ballot,
  Chain,
  Commit,
  Echo,
  Frame,
  RollCall,
  Standing,
  View,
  ViewChange,
  ViewMember,
} from "../core/frame.ts";
import { MAX_POSITIONS, MAX_WORKERS } from "./bounds.ts";
import {
  choice,
  count,
  identifier,
  invalid,
  list,
  type Loose,
  MAX_TIME_MS,
  messages,
  number,
  required,
} from "./check.ts";
import { ascendingFromGaps, gapsOf, positionsFromWire, positionsToWire } from "./positions.ts";

/** Part of the wire format, whatever windows the core cuts time into. */
const BASE_MS = 500;
/** Windows beyond are some mistake: 2^40 half seconds are 17,000 years. */
const MAX_WINDOW = 2 ** 40;
/** In hundredths of a worker; a billionfold share is an attack or a mistake. */
const MAX_WEIGHT = 100 * MAX_WORKERS;
const RANKS = [0, 1, 2] as const;
const KINDS = ["none", "silent", "closed"] as const;

/** The window from which those of a frame are counted. */
export function baseOf(standing: Frame["standing"]): number {
  return standing === undefined ? 0 : Math.floor(standing.sentAtMs / BASE_MS);
}

export function standingFromWire(wire: Loose): Standing {
  const restsFrom = count(wire, "restsFrom");
  return {
    lineage: identifier(wire, "lineage"),
    bornMs: number(wire, "bornMs", 0, MAX_TIME_MS),
    rank: choice(wire, "rank", RANKS),
    view: count(wire, "view"),
    digest: count(wire, "digest"),
    sentAtMs: number(wire, "sentAtMs", 0, MAX_TIME_MS),
    ...(restsFrom === 0 ? {} : { restsFrom }),
  };
}

export function rollCallToWire({ view, window, present, excluded }: RollCall, base: number): Loose {
  const those = positionsToWire(present);
  const others = positionsToWire(excluded);
  return {
    view,
    window: distance(window, base),
    present: those.bits,
    presentGaps: those.gaps,
    excluded: others.bits,
    excludedGaps: others.gaps,
  };
}

export function rollCallFromWire(wire: Loose, base: number): RollCall {
  return {
    view: count(wire, "view"),
    window: windowFrom(wire, "window", base),
    excluded: positionsFromWire(wire, "excluded", "excludedGaps"),
    present: positionsFromWire(wire, "present", "presentGaps"),
  };
}

export function adoptionToWire({ view, members }: Adoption): Loose {
  const those = positionsToWire(members);
  return { view, members: those.bits, membersGaps: those.gaps };
}

export function adoptionFromWire(wire: Loose): Adoption {
  return { view: count(wire, "view"), members: positionsFromWire(wire, "members", "membersGaps") };
}

export function ballotToWire({ view, ballot, change, votes, locks }: Ballot, base: number): Loose {
  const voted = positionsToWire(votes);
  return {
    view,
    ballot: distance(ballot, base),
    change: changeToWire(change, base),
    votes: voted.bits,
    votesGaps: voted.gaps,
    ...locksToWire(locks),
  };
}

export function ballotFromWire(wire: Loose, base: number): Ballot {
  return {
    view: count(wire, "view"),
    ballot: windowFrom(wire, "ballot", base),
    change: changeFromWire(required(wire, "change"), base),
    votes: positionsFromWire(wire, "votes", "votesGaps"),
    locks: positionsFromWire(wire, "locks", "locksGaps"),
  };
}

export function accusationToWire(accusation: Accusation): Loose {
  return { ...accusation, kind: KINDS.indexOf(accusation.kind) };
}

export function accusationFromWire(wire: Loose): Accusation {
  return {
    view: count(wire, "view"),
    target: count(wire, "target", MAX_POSITIONS - 1),
    accuser: count(wire, "accuser", MAX_POSITIONS - 1),
    version: count(wire, "version"),
    kind: choice(wire, "kind", KINDS),
  };
}

export function echoFromWire(wire: Loose): Echo {
  return { sentAtMs: number(wire, "sentAtMs", 0, MAX_TIME_MS), heldMs: number(wire, "heldMs", 0, MAX_TIME_MS) };
}

export function commitToWire({ number: made, ballot, change, locks }: Commit, base: number): Loose {
  return { number: made, ballot: distance(ballot, base), change: changeToWire(change, base), ...locksToWire(locks) };
}

export function commitFromWire(wire: Loose, base: number): Commit {
  return {
    number: count(wire, "number"),
    ballot: windowFrom(wire, "ballot", base),
    change: changeFromWire(required(wire, "change"), base),
    locks: positionsFromWire(wire, "locks", "locksGaps"),
  };
}

export function chainToWire(chain: Chain, base: number): Loose {
  const { number: first, fromWindow, members } = chain.base;
  return {
    base: {
      number: first,
      fromWindow: distance(fromWindow, base),
      members: members.map((member) => viewMemberToWire(member, fromWindow)),
    },
    commits: chain.commits.map((commit) => commitToWire(commit, base)),
  };
}

export function chainFromWire(wire: Loose, base: number): Chain {
  return {
    base: viewFromWire(required(wire, "base"), base),
    commits: messages(wire, "commits").map((commit) => commitFromWire(commit, base)),
  };
}

function viewFromWire(wire: Loose, base: number): View {
  const fromWindow = windowFrom(wire, "fromWindow", base);
  return { number: count(wire, "number"), fromWindow, members: viewMembersFromWire(wire, "members", fromWindow) };
}

function changeToWire({ fromWindow, removed, added, reweighed }: ViewChange, base: number): Loose {
  return {
    fromWindow: distance(fromWindow, base),
    removed: gapsOf(removed),
    added: added.map((member) => viewMemberToWire(member, fromWindow)),
    reweighed,
  };
}

function changeFromWire(wire: Loose, base: number): ViewChange {
  const fromWindow = windowFrom(wire, "fromWindow", base);
  let last = -1;
  const reweighed = messages(wire, "reweighed").map((entry) => {
    const position = count(entry, "position", MAX_POSITIONS - 1);
    if (position <= last) throw invalid("reweighed positions do not ascend");
    last = position;
    return { position, weight: weightFrom(entry) };
  });
  return {
    fromWindow,
    removed: ascendingFromGaps(list(wire, "removed") as readonly number[], "removed"),
    added: viewMembersFromWire(wire, "added", fromWindow),
    reweighed,
  };
}

function viewMemberToWire({ id, incarnation, weight, fromWindow }: ViewMember, viewFromWindow: number): Loose {
  return { id, incarnation, weight, fromWindow: distance(fromWindow, viewFromWindow) };
}

function viewMembersFromWire(wire: Loose, field: string, viewFromWindow: number): ViewMember[] {
  let last = "";
  return messages(wire, field).map((entry) => {
    const id = identifier(entry, "id");
    if (id <= last) throw invalid(`${field} of a view do not ascend by id`);
    last = id;
    return {
      id,
      incarnation: count(entry, "incarnation"),
      weight: weightFrom(entry),
      fromWindow: windowFrom(entry, "fromWindow", viewFromWindow),
    };
  });
}

function locksToWire(locks: Uint32Array): Loose {
  const { bits, gaps } = positionsToWire(locks);
  return { locks: bits, locksGaps: gaps };
}

/** Whole, 1 at least. */
function weightFrom(wire: Loose): number {
  const weight = count(wire, "weight", MAX_WEIGHT);
  if (weight === 0) throw invalid("weight is 0");
  return weight;
}

/** Zero need not be sent. */
function distance(window: number, base: number): number | undefined {
  return window - base || undefined;
}

function windowFrom(wire: Loose, field: string, base: number): number {
  const window = base + number(wire, field, -2 * MAX_WINDOW, 2 * MAX_WINDOW);
  if (Math.abs(window) > MAX_WINDOW) throw invalid(`${field} is beyond all windows`);
  return window;
}
