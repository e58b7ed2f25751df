// The promises' figures (DESIGN, section 1), and those derived from them, in one place.

import type { MarkKind, Promised } from "../scenario.ts";

/** P3: the others see connections close. */
export const CLOSED_MS = 3000;
/** The same while other changes are being agreed (docs on view agreement: repeated commits). */
export const CLOSED_IN_CHURN_MS = 5500;
/** P3: nothing closes. */
export const SILENT_MS = 7000;
/** A stopped process that goes on has its place again. */
const RESUMED_MS = 3000;
/** TCP comes back to a healed link only at its next retransmission, as long after the heal as the cut lasted. */
export const HEALED_MS = 10_000;

export function takesOver(after: MarkKind | readonly MarkKind[], withinMs: number): Promised {
  return { promise: "takes over", after: typeof after === "string" ? [after] : after, withinMs };
}

export const AFTER_HEAL = takesOver("heal", HEALED_MS);
export const AFTER_RESUME = takesOver("resume", RESUMED_MS);
export const SEAMLESS: Promised = { promise: "seamless", within: 0.01 };
export const NEWCOMERS: Promised = { promise: "newcomers", withinMs: 5000 };
export const CONSERVES: Promised = { promise: "conserves" };
export const SAME_SUMMARY: Promised = { promise: "same summary" };
export const NO_FALSE_STOPS: Promised = { promise: "no false stops" };
export const NO_FALSE_LOSSES: Promised = { promise: "no false losses" };
export const STOPS: Promised = { promise: "stops", withinMs: 1000, isolatedMs: 10_000 };
