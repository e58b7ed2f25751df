// Summaries for tests: one with everything in it, and small changes to it.

import { readFileSync } from "node:fs";
import type { Summary } from "../../node/core/summary-type.ts";

/** A finished run with every section filled; a fresh copy at every call. */
export function fullSummary(change: Partial<Summary> = {}): Summary {
  const text = readFileSync(new URL("fixtures/summary.json", import.meta.url), "utf8");
  return { ...(JSON.parse(text) as Summary), ...change };
}
