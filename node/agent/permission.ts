// Whether this agent may publish a plan, and under which key.

import { createHash } from "node:crypto";
import { keyedId, notAfterOf } from "../core/runs.ts";
import { LoadswarmError } from "../plan/errors.ts";
import type { Plan } from "../plan/types.ts";
import { keyHashOf, type Operators } from "../wire/permit.ts";

/** What somebody wants to be published. */
export interface Wish {
  readonly plan: Plan;
  readonly planHash: string;
  /** Idempotency key. */
  readonly key: string | null;
  readonly permit: string | null;
}

export function keyHash(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** The hash of the run's key, null if it has none. `leadMs`: from publishing to the start at least. Throws KEY_MISSING. */
export function checkWish(wish: Wish, operators: Operators, nowMs: number, leadMs: number): string | null {
  const { plan, planHash, key, permit } = wish;
  const hash = key !== null ? keyHash(key) : permit === null ? null : keyHashOf(permit);
  const run = {
    id: keyedId(plan.name, hash ?? ""),
    plan,
    planHash,
    // As the core will say.
    notAfterMs: notAfterOf(plan, nowMs + Math.max(leadMs, plan.start.delayMs)),
    ...(permit === null ? {} : { permit }),
  };
  const refusal = operators.refusalOf(run);
  if (refusal === null) return hash;
  throw new LoadswarmError(
    "KEY_MISSING",
    `this agent runs what an operator has signed, and nothing else: ${refusal}`,
    "publish with an operator's key: loadswarm publish PLAN --operator-key FILE",
  );
}
