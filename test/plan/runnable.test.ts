// What this version runs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parsePlan } from "../../node/plan/parse.ts";
import { notRunnable } from "../../node/plan/runnable.ts";

for (const [executor, options, runs] of [
  ["constant-arrival-rate", { rate: 1, duration: "1s" }, true],
  ["ramping-arrival-rate", { stages: [{ duration: "1s", target: 1 }] }, true],
  ["constant-vus", { vus: 1, duration: "1s" }, true],
  ["ramping-vus", { stages: [{ duration: "1s", target: 1 }] }, false],
  ["shared-iterations", { vus: 1, iterations: 1 }, false],
  ["per-vu-iterations", { vus: 1, iterations: 1 }, false],
] as const) {
  test(`${executor} is valid and ${runs ? "runs" : "does not run"}`, () => {
    const scenarios = { a: { executor, ...options, flow: [{ get: "/" }] } };
    const result = parsePlan(JSON.stringify({ name: "x", target: "http://x", scenarios }));
    assert.ok(result.ok);
    const faults = notRunnable(result.plan);
    assert.deepEqual(
      faults.map(({ path }) => path),
      runs ? [] : ["scenarios.a.executor"],
    );
  });
}
