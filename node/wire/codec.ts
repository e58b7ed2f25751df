// Core frames to bytes and back. What comes back is checked: the core never sees an unbounded or impossible value.

import type { MemberRecord, RunRecord } from "../core/events.ts";
import type { Frame } from "../core/frame.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { parsePlan } from "../plan/parse.ts";
import { readCanonical } from "../plan/source.ts";
import type { Plan } from "../plan/types.ts";
import { count, identifier, invalid, list, type Loose, message, messages, number, text, texts } from "./check.ts";
import { MAX_PLAN_BYTES, planHash } from "./plan-hash.ts";
import { MAX_TIME_MS, reportFromWire, reportToWire } from "./reports.ts";
import { frame as frameType } from "./schema.ts";

/** Largest frame accepted; a hello of 10,000 members needs about 3 MB. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024;

/** Addresses of one member. */
export const MAX_ADDRESSES = 16;
const MAX_MEMBERS = 10_000;
const MAX_RUNS = 200;
const MAX_REPORTS = 10_000;
/** Weights are worker counts; a billionfold share is an attack or a mistake. */
const MAX_WEIGHT = 100_000;
const STATES = ["alive", "left", "lost"] as const;
const STOP_REASONS = [null, "stopped", "aborted"] as const;

export function encodeFrame(frame: Frame): Uint8Array {
  return frameType().encode(frameToWire(frame)).finish();
}

/** Throws WIRE_INVALID, whatever the bytes. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length > MAX_FRAME_BYTES) throw invalid(`a frame of ${bytes.length} bytes is larger than ${MAX_FRAME_BYTES}`);
  let wire: Loose;
  try {
    const decoded = frameType().decode(bytes);
    // Before anything is made of them: millions of empty entries fit into a frame and take seconds to convert.
    checkLengths(decoded as unknown as Loose);
    wire = frameType().toObject(decoded, { longs: Number, defaults: true, arrays: true });
  } catch (cause) {
    throw cause instanceof LoadswarmError ? cause : invalid("a frame is not valid protobuf", cause);
  }
  return frameFromWire(wire);
}

function checkLengths(decoded: Loose): void {
  list(decoded, "members", MAX_MEMBERS);
  list(decoded, "runs", MAX_RUNS);
  list(decoded, "reports", MAX_REPORTS);
}

function frameToWire(frame: Frame): Loose {
  return {
    hello: frame.hello ?? false,
    members: (frame.members ?? []).map(memberToWire),
    runs: (frame.runs ?? []).map(runToWire),
    reports: (frame.reports ?? []).map(reportToWire),
    ...(frame.gather === undefined ? {} : { gather: frame.gather }),
    ...(frame.gathered === undefined
      ? {}
      : { gathered: frame.gathered }),
  };
}

function frameFromWire(wire: Loose): Frame {
  const gather = message(wire, "gather");
  const gathered = message(wire, "gathered");
  return {
    hello: wire["hello"] === true,
    members: messages(wire, "members", MAX_MEMBERS).map(memberFromWire),
    runs: messages(wire, "runs", MAX_RUNS).map(runFromWire),
    reports: messages(wire, "reports", MAX_REPORTS).map(reportFromWire),
    ...(gather === null
      ? {}
      : {
          gather: {
            id: count(gather, "id"),
            run: identifier(gather, "run"),
            have: messages(gather, "have", MAX_MEMBERS).map((entry) => ({
              member: identifier(entry, "member"),
              sequence: count(entry, "sequence"),
            })),
          },
        }),
    ...(gathered === null
      ? {}
      : {
          gathered: { id: count(gathered, "id") },
        }),
  };
}

function memberToWire(member: MemberRecord): Loose {
  return {
    ...member,
    state: STATES.indexOf(member.state),
    untilMs: Number.isFinite(member.untilMs) ? member.untilMs : 0,
  };
}

function memberFromWire(wire: Loose): MemberRecord {
  const untilMs = number(wire, "untilMs", 0, MAX_TIME_MS);
  const state = STATES[count(wire, "state")];
  if (state === undefined) throw invalid("a member is in no known state");
  if ((state === "alive") !== (untilMs === 0)) throw invalid("a member that is gone needs an end, a living one has none");
  return {
    id: identifier(wire, "id"),
    incarnation: count(wire, "incarnation"),
    state,
    name: text(wire, "name"),
    zone: text(wire, "zone"),
    addresses: texts(wire, "addresses", MAX_ADDRESSES),
    api: text(wire, "api"),
    weight: number(wire, "weight", 0, MAX_WEIGHT),
    view: count(wire, "view"),
    fromMs: number(wire, "fromMs", 0, MAX_TIME_MS),
    untilMs: untilMs === 0 ? Number.POSITIVE_INFINITY : untilMs,
  };
}

function runToWire({ spec, control }: RunRecord): Loose {
  const { id, document, planHash: hash, author, publishedAtMs, notAfterMs } = spec;
  return {
    id,
    document,
    planHash: hash,
    author,
    publishedAtMs,
    notAfterMs,
    control: {
      sequence: control.sequence,
      author: control.author,
      startAtMs: control.startAtMs ?? 0,
      lineage: control.lineage ?? "",
      stopAtMs: control.stopAtMs ?? 0,
      stopReason: STOP_REASONS.indexOf(control.stopReason),
    },
  };
}

function runFromWire(wire: Loose): RunRecord {
  const control = message(wire, "control");
  if (control === null) throw invalid("a run has no control register");
  const stopReason = STOP_REASONS[count(control, "stopReason")];
  if (stopReason === undefined) throw invalid("a run was stopped for no known reason");
  const stopAtMs = number(control, "stopAtMs", 0, MAX_TIME_MS) || null;
  if ((stopAtMs === null) !== (stopReason === null)) throw invalid("a stop needs both its time and its reason");
  const document = text(wire, "document", MAX_PLAN_BYTES);
  const hash = identifier(wire, "planHash");
  return {
    spec: {
      id: identifier(wire, "id"),
      plan: planOf(document, hash),
      document,
      planHash: hash,
      author: identifier(wire, "author"),
      publishedAtMs: number(wire, "publishedAtMs", 0, MAX_TIME_MS),
      notAfterMs: number(wire, "notAfterMs", 0, MAX_TIME_MS),
    },
    control: {
      sequence: count(control, "sequence"),
      author: identifier(control, "author"),
      startAtMs: number(control, "startAtMs", 0, MAX_TIME_MS) || null,
      lineage: text(control, "lineage") || null,
      stopAtMs,
      stopReason,
    },
  };
}

/** Plans already checked, by hash: each hello repeats the plans of all runs. */
const knownPlans = new Map<string, Plan>();
const KNOWN_PLANS = 64;

function planOf(document: string, hash: string): Plan {
  if (planHash(document) !== hash) throw invalid("a plan does not match its hash");
  const known = knownPlans.get(hash);
  if (known !== undefined) return known;
  // The canonical form is plain JSON: a peer cannot make us read a megabyte of YAML for seconds.
  if (readCanonical(document) === null) throw invalid("a plan is not in canonical form");
  const parsed = parsePlan(document);
  if (!parsed.ok) throw invalid(`a plan is invalid: ${parsed.faults[0]?.message ?? "unknown fault"}`);
  if (knownPlans.size >= KNOWN_PLANS) knownPlans.delete(knownPlans.keys().next().value!);
  knownPlans.set(hash, parsed.plan);
  return parsed.plan;
}
