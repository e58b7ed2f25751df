// The identity of a plan.

import { createHash } from "node:crypto";

/** Largest plan document. */
export const MAX_PLAN_BYTES = 1024 * 1024;

/** SHA-256 of the canonical document, hex. */
export function planHash(document: string): string {
  return createHash("sha256").update(document).digest("hex");
}
