// Plans made from a URL, and plan files with another rate or duration.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOrThrow } from "../../node/cli/plan-file.ts";
import { planOfUrl, withOverrides } from "../../node/cli/plan-make.ts";
import type { ArrivalRateExecutor } from "../../node/plan/types.ts";

const NONE = { rate: null, durationMs: null, vus: null };
const parse = (text: string) => parseOrThrow(text, "test", null);
const plan = (executor: object) =>
  parse(
    JSON.stringify({
      name: "p",
      target: "http://127.0.0.1:9",
      scenarios: { s: { ...executor, flow: [{ get: "/" }] } },
    }),
  );
const curveAfter = (executor: object, overrides: object) => {
  const { plan: changed } = parse(withOverrides(plan(executor), "f", { ...NONE, ...overrides }));
  return (changed.scenarios[0]!.executor as ArrivalRateExecutor).curve;
};

test("a URL becomes one GET at a constant rate", () => {
  const { plan: made } = parse(planOfUrl(new URL("http://127.0.0.1:8080/a/b?q=1&r=%20"), NONE));
  assert.deepEqual(made.targets, ["http://127.0.0.1:8080"]);
  const { executor, flow } = made.scenarios[0]!;
  assert.deepEqual(
    [executor.kind, "curve" in executor && executor.curve.startPerSecond],
    ["constant-arrival-rate", 50],
  );
  const [step] = flow;
  assert.ok(step?.kind === "http");
  assert.deepEqual([step.method, step.url], ["GET", "/a/b?q=1&r=%20"]);
});

test("a URL with virtual users becomes a closed model", () => {
  const { executor } = parse(planOfUrl(new URL("http://[::1]:80/"), { ...NONE, vus: 3, durationMs: 1500 })).plan
    .scenarios[0]!;
  assert.deepEqual(executor, { kind: "constant-vus", vus: 3, durationMs: 1500 });
});

test("without overrides the plan stays as it is", () => {
  const loaded = plan({ executor: "constant-vus", vus: 1, duration: "1s" });
  assert.equal(withOverrides(loaded, "f", NONE), loaded.document);
});

test("a constant rate and its duration are replaced, whatever its unit was", () => {
  const executor = { executor: "constant-arrival-rate", rate: 600, timeUnit: "1m", duration: "30s" };
  assert.deepEqual(curveAfter(executor, { rate: 25 }), {
    startPerSecond: 25,
    stages: [{ durationMs: 30_000, targetPerSecond: 25 }],
  });
  assert.deepEqual(curveAfter(executor, { durationMs: 4000 }), {
    startPerSecond: 10,
    stages: [{ durationMs: 4000, targetPerSecond: 10 }],
  });
});

test("a ramp keeps its shape", () => {
  const stages = [
    { duration: "10s", target: 100 },
    { duration: "20s", target: 200 },
    { duration: "10s", target: 0 },
  ];
  const curve = curveAfter({ executor: "ramping-arrival-rate", startRate: 20, stages }, { rate: 50, durationMs: 4000 });
  assert.deepEqual(curve, {
    startPerSecond: 5,
    stages: [
      { durationMs: 1000, targetPerSecond: 25 },
      { durationMs: 2000, targetPerSecond: 50 },
      { durationMs: 1000, targetPerSecond: 0 },
    ],
  });
});

test("what cannot be scaled is refused", () => {
  const closed = { executor: "constant-vus", vus: 1, duration: "1s" };
  assert.throws(() => curveAfter(closed, { rate: 5 }), /exactly one arrival-rate scenario; f has 0/);
});
