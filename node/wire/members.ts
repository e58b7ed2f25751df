// Member records to and from their wire form, each with its member's signature where there is an authority.

import type { MemberRecord } from "../core/events.ts";
import { MAX_WORKERS } from "./bounds.ts";
import { bytes, choice, count, identifier, instant, invalid, type Loose, number, text, texts } from "./check.ts";
import { type Authority, SIGNATURE_BYTES } from "./signing.ts";

const STATES = ["alive", "left", "lost"] as const;
/** Checking one costs 0.1-0.2 ms. Honest agents pass on none: a frame with more is refused. */
const MAX_FORGED = 16;
/** A worker that has lowered its weight as far as it can keeps a part of it. */
const LEAST_WEIGHT = 0.001;
/** Records read at a time: 10 ms. */
const SLICE = 64;

/** With an authority, a record whose signature is not known is left out: nobody would take it. */
export function memberToWire(member: MemberRecord, authority: Authority | null): Loose[] {
  const signature = authority?.signatureOf(member);
  if (signature === null) return [];
  const times = { fromMs: known(member.fromMs), untilMs: known(member.untilMs) };
  return [{ ...member, state: STATES.indexOf(member.state), ...times, signature }];
}

/**
 * Without an authority all records are taken, with one those that their members signed. Yields now and then: thousands of
 * signatures take half a second.
 */
export function* membersFromWire(wires: readonly Loose[], authority: Authority | null): Generator<void, MemberRecord[]> {
  const members: MemberRecord[] = [];
  let forged = 0;
  for (const [i, wire] of wires.entries()) {
    if (authority !== null && i % SLICE === SLICE - 1) yield;
    const member = memberFromWire(wire);
    const signature = bytes(wire, "signature");
    if (authority === null || authority.vouches(member, signature)) members.push(member);
    else if (signature.length === SIGNATURE_BYTES && ++forged > MAX_FORGED) throw invalid("too many forged members");
  }
  return members;
}

function memberFromWire(wire: Loose): MemberRecord {
  return {
    id: identifier(wire, "id"),
    incarnation: count(wire, "incarnation"),
    state: choice(wire, "state", STATES),
    name: text(wire, "name"),
    zone: text(wire, "zone"),
    addresses: texts(wire, "addresses"),
    api: text(wire, "api"),
    weight: number(wire, "weight", LEAST_WEIGHT, MAX_WORKERS),
    view: count(wire, "view"),
    fromMs: instant(wire, "fromMs"),
    untilMs: instant(wire, "untilMs"),
  };
}

function known(ms: number): number | undefined {
  return ms === Number.POSITIVE_INFINITY ? undefined : ms;
}
