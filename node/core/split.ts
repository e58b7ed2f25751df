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

/** The next instant after `nowMs` at which a share changes; Infinity if none is known. */
export function nextChangeMs(members: Members, nowMs: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { fromMs, untilMs } of members.all()) {
    if (fromMs > nowMs && fromMs < untilMs) next = Math.min(next, fromMs);
    if (untilMs > nowMs) next = Math.min(next, untilMs);
  }
  return next;
}

/** The part of the rate that each member of the view carries at an instant, 0..1. */
export function sharesAt(members: Members, atMs: number): Map<MemberId, number> {
  const view = members.viewAt(atMs);
  const stripes = cut(view.map((member) => member.weight));
  return new Map(view.map((member, index) => [member.id, stripes[index]!.width / CIRCLE]));
}
