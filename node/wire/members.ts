// Member records to and from their wire form, each with its member's signature where there is an authority.

import type { MemberRecord } from "../core/events.ts";
import { bytes, choice, count, identifier, instant, invalid, type Loose, text, texts } from "./check.ts";
import { type Authority, SIGNATURE_BYTES } from "./signing.ts";
import { weightFrom } from "./views.ts";

const STATES = ["alive", "left", "lost"] as const;
/** Checking one costs 0.1-0.2 ms. Honest agents pass on none: a frame with more is refused. */
const MAX_FORGED = 16;

export function memberToWire(member: MemberRecord, authority: Authority | null): Loose {
  return {
    ...member,
    state: STATES.indexOf(member.state),
    fromMs: known(member.fromMs),
    untilMs: known(member.untilMs),
    signature: authority?.signatureOf(member),
  };
}

/** Without an authority all records are taken, with one those that their members signed. */
export function membersFromWire(wires: readonly Loose[], authority: Authority | null): MemberRecord[] {
  if (authority === null) return wires.map(memberFromWire);
  let forged = 0;
  return wires.flatMap((wire) => {
    const member = memberFromWire(wire);
    const signature = bytes(wire, "signature");
    if (authority.vouches(member, signature)) return [member];
    if (signature.length === SIGNATURE_BYTES && ++forged > MAX_FORGED) throw invalid("too many forged members");
    return [];
  });
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
    weight: weightFrom(wire),
    view: count(wire, "view"),
    fromMs: instant(wire, "fromMs"),
    untilMs: instant(wire, "untilMs"),
  };
}

function known(ms: number): number | undefined {
  return ms === Number.POSITIVE_INFINITY ? undefined : ms;
}
