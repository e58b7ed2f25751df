// What this version runs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parsePlan } from "../../node/plan/parse.ts";
import { notRunnable } from "../../node/plan/runnable.ts";

for (const [executor, options] of [
  ["constant-arrival-rate", { rate: 1, duration: "1s" }],
  ["ramping-arrival-rate", { stages: [{ duration: "1s", target: 1 }] }],
  ["constant-vus", { vus: 1, duration: "1s" }],
  ["ramping-vus", { stages: [{ duration: "1s", target: 1 }] }],
  ["shared-iterations", { vus: 1, iterations: 1 }],
  ["per-vu-iterations", { vus: 1, iterations: 1 }],
] as const) {
  test(`${executor} is valid and runs`, () => {
    const scenarios = { a: { executor, ...options, flow: [{ get: "/" }] } };
    const result = parsePlan(JSON.stringify({ name: "x", target: "http://x", scenarios }));
    assert.ok(result.ok);
    assert.deepEqual(notRunnable(result.plan), []);
  });
}

test("a table whose rows were not read does not run, and says what to do", () => {
  const scenarios = { a: { executor: "shared-iterations", vus: 1, iterations: 1, flow: [{ get: "/" }] } };
  const result = parsePlan(JSON.stringify({ name: "x", target: "http://x", data: { t: { csv: "t.csv" } }, scenarios }));
  assert.ok(result.ok);
  const [fault] = notRunnable(result.plan);
  assert.equal(fault?.path, "data.t");
  assert.match(fault.message, /loadswarm publish/);
});
