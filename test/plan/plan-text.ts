// Texts of small plans for the parser's tests.

import { type ParseOptions, parsePlan } from "../../node/plan/parse.ts";

export const HEAD = "name: x\ntarget: http://127.0.0.1:8080\n";

/** A plan with one scenario `a` of these options, and more top-level keys. */
export function plan(options: Record<string, unknown>, more: Record<string, unknown> = {}): string {
  const base = { executor: "constant-arrival-rate", rate: 10, duration: "1s", flow: [{ get: "/" }] };
  return JSON.stringify(
    { name: "x", target: "http://127.0.0.1:8080", scenarios: { a: { ...base, ...options } }, ...more },
    null,
    1,
  );
}

export function flow(...steps: unknown[]): string {
  return plan({ flow: steps });
}

/** `path: message` of each fault. */
export function faultsOf(text: string, options?: ParseOptions): string[] {
  const result = parsePlan(text, options);
  return result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`);
}
