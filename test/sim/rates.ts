// What P4 allows: clocks are known to each other within milliseconds, so a second may have a few arrivals of its neighbour.

import assert from "node:assert/strict";

/** Every second within 1 % of the rate. */
export function assertHeld(perSecond: readonly number[], rate: number): void {
  const worst = Math.max(...perSecond.map((count) => Math.abs(count - rate)));
  assert.ok(perSecond.length > 0 && worst <= rate / 100, perSecond.join(" "));
}
