// An operator's word for a plan, made where the operator's key is: no agent ever sees the key.

import { randomBytes, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { keyHash } from "../agent/permission.ts";
import { notAfterOf } from "../core/runs.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { fileReason } from "../plan/file-reason.ts";
import { makePermit, readOperatorKey } from "../wire/permit.ts";
import { planHash } from "../wire/plan-hash.ts";
import type { Call } from "./client.ts";
import type { LoadedPlan } from "./plan-file.ts";

/** The time between signing and the start, and what clocks differ by. Longer: a permit that leaks is good for longer. */
const SLACK_MS = 10 * 60_000;

/** @throws LoadswarmError KEY_MISSING when the file cannot be read, CONFIG_INVALID when it holds something else */
export function readKeyFile(file: string): KeyObject {
  const make = "make one with `loadswarm keygen --operator --out operator.key`";
  let pem: string;
  try {
    pem = readFileSync(file, "utf8");
  } catch (cause) {
    throw new LoadswarmError("KEY_MISSING", `the operator's key ${file} cannot be read: ${fileReason(cause, "read")}`, make, cause);
  }
  try {
    return readOperatorKey(pem);
  } catch (cause) {
    throw new LoadswarmError("CONFIG_INVALID", `${file} is no operator's key`, make, cause);
  }
}

/** Asks an agent which swarm it is of, and signs the plan for it. `key`: the run's idempotency key, if it is to have one. */
export async function permitFor(
  ask: (call: Call) => Promise<Record<string, unknown>>,
  operator: KeyObject,
  { plan, document }: LoadedPlan,
  key: string | null,
): Promise<string> {
  const { swarm } = await ask({ method: "GET", path: "/api/v1/swarm" });
  return makePermit(operator, {
    swarm: String(swarm),
    planHash: planHash(document),
    keyHash: keyHash(key ?? randomBytes(16).toString("hex")),
    notAfterMs: notAfterOf(plan, Date.now() + plan.start.delayMs) + SLACK_MS,
  });
}
