// Thresholds: every metric by every aggregator it has, restricted by tags; nothing measured, nothing failed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Merged, merge } from "../../node/core/merged.ts";
import { judge } from "../../node/core/verdict.ts";
import { PHASES } from "../../node/metrics/results.ts";
import { METRICS } from "../../node/plan/thresholds.ts";
import type { Check, Plan, Threshold } from "../../node/plan/types.ts";
import { plan, scenarioTotals, sketch, snapshot, step, stepTotals, threshold, totals } from "./support.ts";

const OK: Check = { name: "ok", kind: "status", anyOf: [200] };

const base = plan(10, 10);
const [scenario] = base.scenarios;
const TWO: Plan = {
  ...base,
  scenarios: [
    { ...scenario!, name: "browse", flow: [step("search", { checks: [OK] }), step("open")] },
    { ...scenario!, name: "buy", flow: [step("pay", { checks: [OK] })] },
  ],
};

const ONE_AGENT = totals({
  scenarios: [
    scenarioTotals({ scheduled: 6, started: 5, completed: 4, dropped: [1, 0], iterationDuration: sketch(10, 20, 30, 40), pacing: sketch(1), phases: PHASES.map((_, i) => sketch(i, 10 * i)) }),
    scenarioTotals({ scheduled: 5, started: 2, completed: 2, dropped: [0, 3], iterationDuration: sketch(100, 100), pacing: sketch(5), phases: PHASES.map((_, i) => sketch(2 * i)) }),
  ],
  steps: [
    stepTotals({ requests: 5, failed: 1, bytesSent: 100, bytesReceived: 1000, duration: sketch(1, 2, 3, 4, 5), latency: sketch(6), waiting: sketch(7) }),
    stepTotals({ requests: 4, failed: 0, bytesSent: 10, bytesReceived: 50, duration: sketch(8, 8, 8, 8), latency: sketch(9), waiting: sketch(9) }),
    stepTotals({ requests: 1, failed: 1, bytesSent: 1, bytesReceived: 2, duration: sketch(64), latency: sketch(65), waiting: sketch(63) }),
  ],
  checks: [{ passed: 4, failed: 1 }, { passed: 0, failed: 1 }],
});

const MERGED: Merged = merge(TWO, [snapshot("a", 1, { totals: ONE_AGENT })]);

const value = (expression: string, metric: string, tags: Threshold["tags"] = {}, merged = MERGED, seconds = 10) =>
  judge(threshold(expression, metric, { tags }), { merged, seconds }).value;

describe("values", () => {
  const cases: readonly [metric: string, aggregator: string, tags: Threshold["tags"], expected: number][] = [
    ["http_reqs", "count", {}, 10],
    ["http_reqs", "rate", {}, 1],
    ["http_reqs", "count", { scenario: "browse" }, 9],
    ["http_reqs", "count", { scenario: "browse", name: "open" }, 4],
    ["http_reqs", "count", { scenario: "buy", name: "open" }, 0],
    ["http_req_failed", "rate", {}, 0.2],
    ["http_req_failed", "rate", { name: "pay" }, 1],
    ["http_req_duration", "min", {}, 1],
    ["http_req_duration", "max", {}, 64],
    ["http_req_duration", "avg", { name: "search" }, 3],
    ["http_req_duration", "max", { scenario: "browse" }, 8],
    ["http_req_duration", "p(100)", {}, 64],
    ["http_req_latency", "max", { name: "search" }, 6],
    ["http_req_waiting", "max", {}, 63],
    ["http_req_blocked", "max", {}, 0],
    ["http_req_connecting", "max", {}, 10],
    ["http_req_tls_handshaking", "avg", {}, 26 / 3],
    ["http_req_sending", "max", { scenario: "buy" }, 6],
    ["http_req_receiving", "min", { scenario: "browse" }, 4],
    ["iterations", "count", {}, 6],
    ["iterations", "rate", {}, 0.6],
    ["iterations", "count", { scenario: "buy" }, 2],
    ["iteration_duration", "avg", { scenario: "browse" }, 25],
    ["dropped_iterations", "count", {}, 4],
    ["dropped_iterations", "count", { scenario: "buy" }, 3],
    ["pacing_error", "max", {}, 5],
    ["checks", "rate", {}, 4 / 6],
    ["checks", "rate", { scenario: "buy" }, 0],
    ["data_sent", "count", {}, 111],
    ["data_received", "rate", {}, 105.2],
  ];
  for (const [metric, aggregator, tags, expected] of cases) {
    it(`${metric} ${JSON.stringify(tags)} by ${aggregator} is ${expected}`, () => {
      assert.equal(value(`${aggregator}<1`, metric, tags), expected);
    });
  }

  for (const [aggregator, expected] of [["med", 3], ["p(80)", 4], ["p(20)", 1]] as const) {
    it(`a trend by ${aggregator} is the value of that rank, within 1 %`, () => {
      const found = value(`${aggregator}<1`, "http_req_duration", { name: "search" })!;
      assert.ok(Math.abs(found - expected) <= 0.01 * expected, String(found));
    });
  }

  it("every metric that a plan may name can be judged", () => {
    assert.deepEqual(Object.keys(METRICS).filter((metric) => !cases.some(([tested]) => tested === metric)), []);
  });

  it("percentiles of several agents come from the merged sketches", () => {
    const agents = [[1, 1, 1, 1, 1, 1, 1, 1, 1], [100]].map((values, i) =>
      snapshot(`a${i}`, 1, { totals: totals({ steps: [stepTotals({ duration: sketch(...values) })] }) }),
    );
    const found = value("p(90)<1", "http_req_duration", {}, merge(TWO, agents))!;
    assert.ok(found < 1.02, `${found}: the mean of the agents' own percentiles would be 50`);
  });
});

describe("judgement", () => {
  const EMPTY = merge(TWO, []);
  const nothing: readonly [string, string, number | null][] = [
    ["p(95)<0", "http_req_duration", null],
    ["avg>9", "iteration_duration", null],
    ["rate<0", "http_req_failed", null],
    ["rate>0.9", "checks", null],
    ["rate>=1", "http_reqs", null],
  ];
  for (const [expression, metric, expected] of nothing) {
    it(`${metric} ${expression} holds when nothing was measured`, () => {
      const judged = judge(threshold(expression, metric), { merged: EMPTY, seconds: 0 });
      assert.deepEqual(judged, { metric, expression, ok: true, value: expected });
    });
  }

  it("a count is 0 when nothing was measured, and that can fail", () => {
    const judged = judge(threshold("count>0", "http_reqs"), { merged: EMPTY, seconds: 10 });
    assert.deepEqual([judged.ok, judged.value], [false, 0]);
  });

  const comparisons: readonly [string, boolean][] = [
    ["count<10", false], ["count<11", true], ["count<=10", true], ["count<=9", false],
    ["count>10", false], ["count>9", true], ["count>=10", true], ["count>=11", false],
    ["count==10", true], ["count==9", false], ["count!=10", false], ["count!=9", true],
  ];
  for (const [expression, ok] of comparisons) {
    it(`10 requests: ${expression} ${ok ? "holds" : "fails"}`, () => {
      assert.equal(judge(threshold(expression, "http_reqs"), { merged: MERGED, seconds: 10 }).ok, ok);
    });
  }

  it("the result names the metric with its tags", () => {
    const tagged = threshold("count>0", "http_reqs", { tags: { scenario: "browse", name: "open" } });
    assert.equal(judge(tagged, { merged: MERGED, seconds: 1 }).metric, "http_reqs{scenario:browse,name:open}");
  });
});
