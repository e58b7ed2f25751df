// Which runs are rehearsed, and what is left of a plan in its rehearsal.

import assert from "node:assert/strict";
import { it } from "node:test";
import { compileFlows } from "../../node/load/flow.ts";
import { ACT_MS, isRehearsed, REHEARSAL_LEAD_MS, rehearsalLeadMs, rehearsalOf } from "../../node/load/rehearsal-plan.ts";
import { RateCurve } from "../../node/plan/curve.ts";
import type { ArrivalRateExecutor, Executor, Step } from "../../node/plan/types.ts";
import { planOf, rate, scenario, step } from "./support.ts";

const TARGET = "http://127.0.0.1:8080";
const OWN = "http://127.0.0.1:1234";
const vus: Executor = { kind: "constant-vus", vus: 1000, durationMs: 60_000 };

/** [what, executor, steps, share, rehearsed] */
const ROWS: readonly (readonly [string, Executor, number, number, boolean])[] = [
  ["a fast constant rate", rate(20_000, 20_000, 60_000), 1, 1, true],
  ["just fast enough", rate(2_000, 2_000, 60_000), 1, 1, true],
  ["a slow one", rate(1_999, 1_999, 60_000), 1, 1, false],
  ["a slow one of several requests", rate(1_000, 1_000, 60_000), 2, 1, true],
  ["a small part of a fast one", rate(20_000, 20_000, 60_000), 1, 1 / 11, false],
  ["no part of it", rate(20_000, 20_000, 60_000), 1, 0, false],
  ["one that is fast in a minute", rate(0, 20_000, 60_000), 1, 1, false],
  ["one that is fast at once", rate(0, 20_000, 1_000), 1, 1, true],
  ["a closed model", vus, 1, 1, false],
  ["one that sends nothing", rate(20_000, 20_000, 60_000), 0, 1, false],
];

for (const [what, executor, steps, share, expected] of ROWS) {
  it(`${what}: ${expected ? "rehearsed" : "not rehearsed"}`, () => {
    const flow = Array.from({ length: steps }, (_, i) => step(`/${i}`));
    assert.equal(isRehearsed(planOf(TARGET, scenario(executor, flow)), share), expected);
  });
}

it("asks for time before the start only where each of the workers has something to rehearse", () => {
  const plan = planOf(TARGET, scenario(rate(6_000, 6_000, 60_000), [step("/")]));
  assert.deepEqual([1, 3, 4].map((workers) => rehearsalLeadMs(plan, workers)), [REHEARSAL_LEAD_MS, REHEARSAL_LEAD_MS, 0]);
});

it("keeps what a scenario sends, and nothing that waits, leads elsewhere or takes another client", () => {
  const think: Step = { kind: "think", minMs: 1000, maxMs: 1000 };
  const flow = [step("/a?k={{ iterationInTest }}"), think, step(`${TARGET}/b`, { method: "POST", body: "{}" })];
  const http = { version: 2, client: "undici", cookies: true } as const;
  const open = { ...scenario(rate(40_000, 40_000, 60_000), flow, { http, startTimeMs: 500 }), name: "open" };
  const closed = { ...scenario(vus, flow), name: "closed" };
  const rehearsed = rehearsalOf(planOf(TARGET, closed, open), 0.5, OWN);
  assert.deepEqual(rehearsed.targets, [OWN]);
  assert.equal(rehearsed.scenarios.length, 1);
  const [{ name, flow: steps, http: left, startTimeMs, gracefulStopMs, executor } = assert.fail()] = rehearsed.scenarios;
  assert.deepEqual([name, left, startTimeMs, gracefulStopMs], ["open", { cookies: true }, 0, 0]);
  assert.deepEqual(steps.map((one) => one.kind === "http" && one.url), ["/a?k={{ iterationInTest }}", `${OWN}/b`]);
  // Ramps up to 5,000 requests a second of this worker: of 2 requests each, and half of them its own.
  const { curve } = executor as ArrivalRateExecutor;
  assert.deepEqual(curve, { startPerSecond: 1_000, stages: [{ durationMs: ACT_MS, targetPerSecond: 5_000 }] });
  assert.equal(new RateCurve(curve).durationMs, ACT_MS);
  assert.doesNotThrow(() => compileFlows(rehearsed));
});

it("is no faster than the run", () => {
  const executor = rate(3_000, 3_000, 60_000);
  const { scenarios } = rehearsalOf(planOf(TARGET, scenario(executor, [step("/")])), 1, OWN);
  assert.equal((scenarios[0]!.executor as ArrivalRateExecutor).curve.stages[0]!.targetPerSecond, 3_000);
});

it("a path that begins like a target is none, and a longer host is not the target", () => {
  const flow = [step("http://127.0.0.1:80800/"), step("/http://127.0.0.1:8080/")];
  const { scenarios } = rehearsalOf(planOf(TARGET, scenario(rate(9_000, 9_000, 1_000), flow)), 1, OWN);
  assert.deepEqual(scenarios[0]!.flow.map((one) => one.kind === "http" && one.url), flow.map(({ url }) => url));
});
