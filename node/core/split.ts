// From the members to one member's stripes over time: the split of the rate.

import type { Segment } from "../plan/schedule.ts";
import { CIRCLE, cut } from "../plan/stripe.ts";
import type { MemberId } from "./events.ts";
import { PAST_VIEWS_MS } from "./limits.ts";
import type { Members } from "./members.ts";

const NOTHING = { low: 0, width: 0 } as const;

/**
 * The stripes of `self` now and at every change already known. The first segment holds from the beginning of time.
 * Equal members give equal cuts on every agent, whoever computes them.
 */
export function segmentsOf(self: MemberId, members: Members, nowMs: number): Segment[] {
  const oldest = nowMs - PAST_VIEWS_MS;
  const instants = new Set<number>();
  for (const member of members.all()) {
    if (member.fromMs > oldest && member.fromMs < member.untilMs) instants.add(member.fromMs);
    if (member.untilMs > oldest) instants.add(member.untilMs);
  }
  instants.delete(Number.POSITIVE_INFINITY);
  const segments: Segment[] = [];
  for (const fromMs of [oldest, ...[...instants].sort((a, b) => a - b)]) {
    segments.push({ fromMs, stripe: stripeAt(self, members, fromMs) });
  }
  return segments;
}

function stripeAt(self: MemberId, members: Members, atMs: number): Segment["stripe"] {
  const view = members.viewAt(atMs);
  const position = view.findIndex((member) => member.id === self);
  if (position < 0) return NOTHING;
  return cut(view.map((member) => member.weight))[position] ?? NOTHING;
}

/** The part of the rate that `self` carries at an instant, 0..1. */
export function shareAt(self: MemberId, members: Members, atMs: number): number {
  return stripeAt(self, members, atMs).width / CIRCLE;
}
