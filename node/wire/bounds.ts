// Limits on the lists of a frame, counted over its raw bytes before anything is built of them.
//
// The walk reads tags and lengths with the very reader that decodes afterwards, over the same schema: what it counts is
// what will be built, and it allocates nothing but a few counters.

import protobuf from "protobufjs";
import { FRAME_LISTS, MEMBERS_KEPT } from "../core/limits.ts";
import { DROP_REASONS, ERROR_KINDS, PHASES } from "../metrics/results.ts";
import { BUCKETS } from "../metrics/sketch.ts";
import { invalid } from "./check.ts";

/** Positions of a view: a set of them takes 2 KiB at most. */
export const MAX_POSITIONS = 16_384;

/** Threads of one agent, which are its weight: no agent starts with more. */
export const MAX_WORKERS = 1024;

/** Addresses of one member. */
export const MAX_ADDRESSES = 16;

/** Intervals of a series. */
const MAX_POINTS = 1000;

/** Messages in one frame: in a hello of 10,000 members in great trouble about 30,000. They cost 1 to 8 us. */
export const MAX_MESSAGES = 50_000;
/** Numbers in lists, mostly buckets of sketches: a report of 100 steps and 1,000 points has half a million. */
export const MAX_NUMBERS = 1_000_000;

/** Longest lists, by message and field. Every list of proto/swarm.proto must stand here. */
export const LIMITS: Readonly<Record<string, number>> = {
  "Frame.members": MEMBERS_KEPT,
  "Frame.runs": 200,
  // Agents send one at a time.
  "Frame.reports": 16,
  "Frame.rollCalls": FRAME_LISTS.rollCalls,
  "Frame.adoptions": FRAME_LISTS.adoptions,
  "Adoption.membersGaps": MAX_POSITIONS,
  "Frame.ballots": FRAME_LISTS.ballots,
  "Frame.accusations": FRAME_LISTS.accusations,
  "Frame.commits": FRAME_LISTS.commits,
  "Chain.commits": 64,
  "View.members": MEMBERS_KEPT,
  "Change.removed": MAX_POSITIONS,
  "Change.added": MEMBERS_KEPT,
  "Change.reweighed": MEMBERS_KEPT,
  "RollCall.presentGaps": MAX_POSITIONS,
  "RollCall.excludedGaps": MAX_POSITIONS,
  "Ballot.votesGaps": MAX_POSITIONS,
  "Ballot.locksGaps": MAX_POSITIONS,
  "Commit.locksGaps": MAX_POSITIONS,
  "Member.addresses": MAX_ADDRESSES,
  "Gather.have": MEMBERS_KEPT,
  "Scope.askGaps": MAX_POSITIONS,
  "Scope.avoidGaps": MAX_POSITIONS,
  "Scope.silentGaps": MAX_POSITIONS,
  "Part.heardGaps": MAX_POSITIONS,
  "Part.reportedGaps": MAX_POSITIONS,
  "Part.doneGaps": MAX_POSITIONS,
  "Part.failedGaps": MAX_POSITIONS,
  ...totals("Part"),
  "Part.intervals": MAX_POINTS,
  ...totals("Report"),
  "Report.points": MAX_POINTS,
  "Scenario.dropped": 2 * DROP_REASONS.length,
  // Newer versions may know more of them.
  "Scenario.phases": 2 * PHASES.length,
  "Sketch.gap": BUCKETS,
  "Sketch.count": BUCKETS,
};

function totals(of: string): Record<string, number> {
  return {
    [`${of}.scenarios`]: 1000,
    [`${of}.steps`]: 10_000,
    [`${of}.checks`]: 100_000,
    [`${of}.status`]: 1000,
    // Newer versions may know more kinds.
    [`${of}.errors`]: 2 * ERROR_KINDS.length,
  };
}

const DELIMITED = 2;

interface Field {
  readonly name: string;
  /** Entries it may have in one message. */
  readonly limit: number;
  /** Index of its counter. */
  readonly counter: number;
  readonly wireType: number;
  /** A list of varints, packed or not. */
  readonly numbers: boolean;
  readonly shape: Shape | null;
}

/** What the walk has to know of a message type. */
export interface Shape {
  /** By field number. */
  readonly fields: (Field | undefined)[];
  counters: number;
}

export interface Tally {
  messages: number;
  /** Entries of lists of numbers. */
  numbers: number;
}

/** Throws where a list of the schema has no limit. */
export function shapeOf(type: protobuf.Type, known = new Map<protobuf.Type, Shape>()): Shape {
  const done = known.get(type);
  if (done !== undefined) return done;
  const shape: Shape = { fields: [], counters: 0 };
  known.set(type, shape);
  for (const field of type.fieldsArray) {
    const name = `${type.name}.${field.name}`;
    const nested = field.resolve().resolvedType;
    const varint = field.type === "uint32" || field.type === "uint64";
    // Anything but strings, messages and these would be packed in a way that the walk does not count.
    const countable = varint || field.type === "string" || nested instanceof protobuf.Type;
    const limit = field.repeated ? LIMITS[name] : 1;
    if (limit === undefined || (field.repeated && !countable)) throw new Error(`the list ${name} has no limit`);
    shape.fields[field.id] = {
      name,
      limit,
      counter: shape.counters++,
      wireType: (protobuf.types.basic as Readonly<Record<string, number>>)[field.type] ?? DELIMITED,
      numbers: field.repeated && varint,
      shape: nested instanceof protobuf.Type ? shapeOf(nested, known) : null,
    };
  }
  return shape;
}

/**
 * Throws at the first entry too many; a plain value told twice is one too many as well. Returns what it counted.
 * Time is proportional to the bytes, memory to the depth of the schema.
 */
export function checkBounds(bytes: Uint8Array, frame: Shape): Tally {
  const tally = { messages: 0, numbers: 0 };
  walk(protobuf.Reader.create(bytes), bytes.length, frame, tally);
  return tally;
}

function walk(reader: protobuf.Reader, end: number, shape: Shape, tally: Tally): void {
  if (++tally.messages > MAX_MESSAGES) throw invalid(`a frame has more than ${MAX_MESSAGES} messages`);
  const outer = reader.len;
  if (end > outer) throw invalid("a message is longer than what contains it");
  reader.len = end;
  const seen = new Array<number>(shape.counters).fill(0);
  while (reader.pos < end) {
    const tag = reader.tag();
    const wireType = tag & 7;
    const field = shape.fields[tag >>> 3];
    // A known field of another wire type is an unknown one.
    if (field === undefined || (wireType !== field.wireType && !(field.numbers && wireType === DELIMITED))) {
      reader.skipType(wireType, 0, tag >>> 3);
    } else if (field.shape !== null) {
      count(field, seen, 1);
      walk(reader, reader.size() + reader.pos, field.shape, tally);
    } else if (field.numbers) {
      const entries = wireType === DELIMITED ? packed(reader) : 1;
      if (wireType !== DELIMITED) reader.skipType(wireType);
      count(field, seen, entries);
      tally.numbers += entries;
      if (tally.numbers > MAX_NUMBERS) throw invalid(`a frame has more than ${MAX_NUMBERS} numbers in lists`);
    } else {
      count(field, seen, 1);
      reader.skipType(wireType);
    }
  }
  if (reader.pos !== end) throw invalid("a message does not end where it says");
  reader.len = outer;
}

function count(field: Field, seen: number[], entries: number): void {
  const total = seen[field.counter]! + entries;
  if (total > field.limit) throw invalid(`${field.name} has more than ${field.limit} entries`);
  seen[field.counter] = total;
}

/** Skips a list of varints, which end in a byte below 128 each. */
function packed(reader: protobuf.Reader): number {
  const end = reader.size() + reader.pos;
  if (end > reader.len) throw invalid("a list is longer than what contains it");
  let entries = 0;
  for (let at = reader.pos; at < end; at++) if (reader.buf[at]! < 128) entries++;
  reader.pos = end;
  return entries;
}
