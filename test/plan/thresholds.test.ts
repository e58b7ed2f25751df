// Thresholds: k6's grammar, and which metric is judged by what.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readExpression, readSelector } from "../../node/plan/thresholds.ts";

for (const [text, metric, expected] of [
  ["p(95)<200", "http_req_duration", { aggregator: { percentile: 95 }, comparison: "<", bound: 200 }],
  [" p( 99.9 ) <= 1.5 ", "http_req_latency", { aggregator: { percentile: 99.9 }, comparison: "<=", bound: 1.5 }],
  ["med>=1e3", "pacing_error", { aggregator: "med", comparison: ">=", bound: 1000 }],
  ["avg!=0", "iteration_duration", { aggregator: "avg", comparison: "!=", bound: 0 }],
  ["count===100", "http_reqs", { aggregator: "count", comparison: "==", bound: 100 }],
  ["rate>=1000", "http_reqs", { aggregator: "rate", comparison: ">=", bound: 1000 }],
  ["rate<0.01", "http_req_failed", { aggregator: "rate", comparison: "<", bound: 0.01 }],
  ["rate==1", "checks", { aggregator: "rate", comparison: "==", bound: 1 }],
] as const) {
  test(`${metric}: ${text} is understood`, () =>
    assert.deepEqual(readExpression(text, metric), { ok: true, value: expected }));
}

for (const [text, metric, reason] of [
  ["", "http_req_duration", /such as p\(95\)<200/],
  ["p(95)", "http_req_duration", /such as/],
  ["p95<1", "http_req_duration", /such as/],
  ["p(95)<200ms", "http_req_duration", /such as/],
  ["p(101)<1", "http_req_duration", /percentile from 0 to 100/],
  ["p(95)=<1", "http_req_duration", /such as/],
  ["p(95)<NaN", "http_req_duration", /such as/],
  ["p(95)<1 && max<2", "http_req_duration", /such as/],
  ["count<1", "http_req_duration", /is a trend, judged by/],
  ["rate<1", "pacing_error", /is a trend/],
  ["p(95)<1", "http_reqs", /is a counter, judged by count, rate/],
  ["value>1", "iterations", /is a counter/],
  ["count<1", "checks", /is a rate, judged by rate/],
  ["rate<5", "http_req_failed", /5 % is 0.05/],
  ["rate>-1", "checks", /share from 0 to 1/],
] as const) {
  test(`${metric}: ${JSON.stringify(text)} is refused`, () => {
    const read = readExpression(text, metric);
    assert.ok(!read.ok);
    assert.match(read.message, reason);
  });
}

for (const [text, expected] of [
  ["http_reqs", { metric: "http_reqs", tags: {} }],
  ["http_reqs{scenario:browse}", { metric: "http_reqs", tags: { scenario: "browse" } }],
  [
    " http_req_duration { name: GET /a, b , scenario:x }",
    { metric: "http_req_duration", tags: { name: "GET /a, b", scenario: "x" } },
  ],
  ["iterations{scenario:x}", { metric: "iterations", tags: { scenario: "x" } }],
  ["http_reqs{name:GET /a/{{ id }}}", { metric: "http_reqs", tags: { name: "GET /a/{{ id }}" } }],
] as const) {
  test(`${text} selects`, () => assert.deepEqual(readSelector(text), { ok: true, value: expected }));
}

for (const [text, reason] of [
  ["http_req_duraton", /did you mean http_req_duration/],
  ["http_req_connecting{name:x}", /counted by scenario/],
  ["grpc_req_duration", /not measured by this version/],
  ["ws_connecting", /not measured/],
  ["messages", /not measured/],
  ["toString", /must be one of/],
  ["", /must be a metric/],
  ["http_reqs{", /must be a metric/],
  ["http_reqs{}", /must have tags/],
  ["http_reqs{status:200}", /scenario and name only/],
  ["http_reqs{scenario:}", /must have tags/],
  ["http_reqs{name:a,name:b}", /twice/],
  ["dropped_iterations{name:a}", /by scenario, not by step/],
] as const) {
  test(`${JSON.stringify(text)} is refused`, () => {
    const read = readSelector(text);
    assert.ok(!read.ok);
    assert.match(read.message, reason);
  });
}
