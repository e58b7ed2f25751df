// Core frames to bytes and back. What comes back is checked: the core never sees an unbounded or impossible value.

import type { RunRecord } from "../core/events.ts";
import type { Frame } from "../core/frame.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { invalid, type Loose, message, messages } from "./check.ts";
import { gatheredFromWire, gatheredToWire, gatherFromWire, gatherToWire } from "./gathers.ts";
import { memberToWire, membersFromWire } from "./members.ts";
import type { Operators } from "./permit.ts";
import { reportFromWire, reportToWire } from "./reports.ts";
import { runFromWire, runToWire, UnknownPlan } from "./runs.ts";
import { readFrame, writeFrame } from "./schema.ts";
import type { Authority } from "./signing.ts";
import {
  accusationFromWire,
  accusationToWire,
  ballotFromWire,
  ballotToWire,
  baseOf,
  chainFromWire,
  chainToWire,
  commitFromWire,
  commitToWire,
  echoFromWire,
  adoptionFromWire,
  adoptionToWire,
  rollCallFromWire,
  rollCallToWire,
  standingFromWire,
} from "./views.ts";

export { MAX_ADDRESSES } from "./bounds.ts";

/** Largest frame accepted; a hello of 10,000 members needs about 4 MB. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024;

type Draft = { -readonly [Part in keyof Frame]: Frame[Part] };

/**
 * With an authority, the own member record is signed and those of others keep their signatures; what has none is not sent.
 */
export function encodeFrame(frame: Frame, authority: Authority | null = null): Uint8Array {
  const base = baseOf(frame.standing);
  // Lists that are absent or empty are not sent, nor is what is undefined.
  return writeFrame({
    hello: frame.hello || undefined,
    members: frame.members?.flatMap((member) => memberToWire(member, authority)),
    runs: frame.runs?.map(runToWire),
    reports: frame.reports?.map(reportToWire),
    gather: frame.gather && gatherToWire(frame.gather),
    gathered: frame.gathered && gatheredToWire(frame.gathered),
    pull: frame.pull || undefined,
    goodbye: frame.goodbye || undefined,
    standing: frame.standing,
    rollCalls: frame.rollCalls?.map((call) => rollCallToWire(call, base)),
    adoptions: frame.adoptions?.map(adoptionToWire),
    ballots: frame.ballots?.map((ballot) => ballotToWire(ballot, base)),
    accusations: frame.accusations?.map(accusationToWire),
    echo: frame.echo,
    commits: frame.commits?.map((commit) => commitToWire(commit, base)),
    chain: frame.chain && chainToWire(frame.chain, base),
  } satisfies Record<keyof Frame, unknown>);
}

/**
 * Throws WIRE_INVALID, whatever the bytes. Parts that are empty or false are absent from the frame. With an authority,
 * member records that their members have not signed are dropped, with operators runs that none of them permits or whose plan
 * this version does not know; each counts its own.
 */
export function decodeFrame(bytes: Uint8Array, authority: Authority | null = null, operators: Operators | null = null): Frame {
  const decoding = decodeInSlices(bytes, authority, operators);
  for (;;) {
    const { done, value } = decoding.next();
    if (done === true) return value;
  }
}

/** The same in slices of some milliseconds, between which others may have a turn. */
export function* decodeInSlices(
  bytes: Uint8Array,
  authority: Authority | null,
  operators: Operators | null = null,
): Generator<void, Frame> {
  if (bytes.length > MAX_FRAME_BYTES) throw invalid(`${bytes.length} bytes are larger than a frame may be`);
  let wire: Loose;
  try {
    wire = readFrame(bytes);
  } catch (cause) {
    throw cause instanceof LoadswarmError ? cause : invalid("a frame is not valid protobuf", cause);
  }
  const frame: Draft = {};
  // Which window the others are counted from.
  const standing = message(wire, "standing");
  if (standing !== null) frame.standing = standingFromWire(standing);
  addViews(frame, wire, baseOf(frame.standing));
  addRuns(frame, wire, operators);
  if (wire["hello"] === true) frame.hello = true;
  if (wire["pull"] === true) frame.pull = true;
  if (wire["goodbye"] === true) frame.goodbye = true;
  const members = messages(wire, "members");
  if (members.length > 0) frame.members = yield* membersFromWire(members, authority);
  return frame;
}

function addViews(frame: Draft, wire: Loose, base: number): void {
  const rollCalls = messages(wire, "rollCalls");
  if (rollCalls.length > 0) frame.rollCalls = rollCalls.map((call) => rollCallFromWire(call, base));
  const adoptions = messages(wire, "adoptions");
  if (adoptions.length > 0) frame.adoptions = adoptions.map(adoptionFromWire);
  const ballots = messages(wire, "ballots");
  if (ballots.length > 0) frame.ballots = ballots.map((ballot) => ballotFromWire(ballot, base));
  const accusations = messages(wire, "accusations");
  if (accusations.length > 0) frame.accusations = accusations.map(accusationFromWire);
  const echo = message(wire, "echo");
  if (echo !== null) frame.echo = echoFromWire(echo);
  const commits = messages(wire, "commits");
  if (commits.length > 0) frame.commits = commits.map((commit) => commitFromWire(commit, base));
  const chain = message(wire, "chain");
  if (chain !== null) frame.chain = chainFromWire(chain, base);
}

/** None if it may not be run here. */
function runFor(wire: Loose, operators: Operators | null): RunRecord[] {
  try {
    const run = runFromWire(wire);
    return operators?.permits(run.spec) === false ? [] : [run];
  } catch (cause) {
    if (operators === null || !(cause instanceof UnknownPlan)) throw cause;
    // A neighbouring version's: its author is no enemy, and the rest of the frame holds the swarm together.
    operators.refuse(String(wire["id"]), cause.message);
    return [];
  }
}

function addRuns(frame: Draft, wire: Loose, operators: Operators | null): void {
  const runs = messages(wire, "runs").flatMap((run) => runFor(run, operators));
  if (runs.length > 0) frame.runs = runs;
  const reports = messages(wire, "reports");
  if (reports.length > 0) frame.reports = reports.map(reportFromWire);
  const gather = message(wire, "gather");
  if (gather !== null) frame.gather = gatherFromWire(gather);
  const gathered = message(wire, "gathered");
  if (gathered !== null) frame.gathered = gatheredFromWire(gathered);
}
