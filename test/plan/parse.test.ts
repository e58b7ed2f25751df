// The parser as a whole: what a valid plan becomes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { formatFaults } from "../../node/plan/faults.ts";
import { type ParseOptions, parsePlan } from "../../node/plan/parse.ts";
import type { HttpStep, Plan } from "../../node/plan/types.ts";
import { HEAD, faultsOf, flow, plan } from "./plan-text.ts";

function parsed(text: string, options?: ParseOptions): Plan {
  const result = parsePlan(text, options);
  assert.ok(result.ok, result.ok ? "" : formatFaults("plan", result.faults));
  return result.plan;
}

function stepsOf(text: string): HttpStep[] {
  return parsed(text).scenarios.flatMap((scenario) => scenario.flow.filter((step) => step.kind === "http"));
}

test("a whole plan becomes plain data with every default filled in", () => {
  const text = `${HEAD}scenarios:
  browse:
    executor: ramping-arrival-rate
    timeUnit: 1m
    startTime: 5s
    stages: [{ duration: 30s, target: 300 }, { duration: 0, target: 120 }]
    maxVUs: 50
    preAllocatedVUs: 50
    weight: 1
    flow:
      - post: /a/{{ t }}?q=a b
        name: first
        headers: { X-Run: "{{ run }}" }
        json: { n: 1, s: "{{ vu }}" }
        expect:
          { maxDuration: 500ms, headers: { Content-Type: x }, body: yes, json: { "$[0].id": tt }, status: [200, 201] }
        capture: { id: { json: "$[0].id" }, h: { header: X-Y }, r: { regex: "a(.)" } }
      - think: { min: 1s, max: 3s }
      - get: /b/{{ id }}
data: { d: { fields: [t, n], rows: [[a, 1], [true, x]] } }
thresholds:
  http_req_failed: [{ threshold: "rate<0.1", abortOnFail: true, delayAbortEval: 10s }]
  http_req_duration{name:first}: ["p(95)<50"]
`;
  assert.deepEqual(parsed(text), {
    name: "x",
    targets: ["http://127.0.0.1:8080"],
    start: { minAgents: 1, delayMs: 0 },
    onMinority: "stop",
    scenarios: [
      {
        name: "browse",
        executor: {
          kind: "ramping-arrival-rate",
          curve: {
            startPerSecond: 0,
            stages: [
              { durationMs: 30_000, targetPerSecond: 5 },
              { durationMs: 0, targetPerSecond: 2 },
            ],
          },
          maxVUs: 50,
        },
        startTimeMs: 5000,
        gracefulStopMs: 30_000,
        flow: [
          {
            kind: "http",
            name: "first",
            method: "POST",
            url: "/a/{{ t }}?q=a%20b",
            headers: { "X-Run": "{{ run }}", "content-type": "application/json" },
            body: '{"n":1,"s":"{{ vu }}"}',
            bodyFormat: "json",
            timeoutMs: 30_000,
            checks: [
              { name: "first: status is 200 or 201", kind: "status", anyOf: [200, 201] },
              { name: 'first: json $[0].id is "tt"', kind: "json", path: "$[0].id", equals: "tt" },
              { name: 'first: body contains "yes"', kind: "body", contains: "yes" },
              { name: 'first: header content-type is "x"', kind: "header", header: "content-type", equals: "x" },
              { name: "first: duration < 500ms", kind: "maxDuration", maxMs: 500 },
            ],
            captures: [
              { variable: "id", source: { kind: "json", path: "$[0].id" } },
              { variable: "h", source: { kind: "header", header: "x-y" } },
              { variable: "r", source: { kind: "regex", pattern: "a(.)" } },
            ],
          },
          { kind: "think", minMs: 1000, maxMs: 3000 },
          {
            kind: "http",
            name: "GET /b/{{ id }}",
            method: "GET",
            url: "/b/{{ id }}",
            headers: {},
            body: null,
            timeoutMs: 30_000,
            checks: [],
            captures: [],
          },
        ],
      },
    ],
    data: {
      d: {
        fields: ["t", "n"],
        rows: [
          ["a", "1"],
          ["true", "x"],
        ],
      },
    },
    thresholds: [
      {
        metric: "http_req_failed",
        tags: {},
        expression: "rate<0.1",
        aggregator: "rate",
        comparison: "<",
        bound: 0.1,
        abortOnFail: true,
        delayAbortEvalMs: 10_000,
      },
      {
        metric: "http_req_duration",
        tags: { name: "first" },
        expression: "p(95)<50",
        aggregator: { percentile: 95 },
        comparison: "<",
        bound: 50,
        abortOnFail: false,
        delayAbortEvalMs: 0,
      },
    ],
  });
});

for (const [executor, options, expected] of [
  [
    "constant-arrival-rate",
    { rate: "300/m", duration: "2s" },
    { curve: { startPerSecond: 5, stages: [{ durationMs: 2000, targetPerSecond: 5 }] }, maxVUs: null },
  ],
  ["constant-vus", { vus: 3, duration: "2s" }, { vus: 3, durationMs: 2000 }],
  [
    "ramping-vus",
    { stages: [{ duration: "2s", target: 5 }] },
    { startVUs: 1, stages: [{ durationMs: 2000, target: 5 }], gracefulRampDownMs: 30_000 },
  ],
  ["shared-iterations", { vus: 2, iterations: 10 }, { vus: 2, iterations: 10, maxDurationMs: 600_000 }],
  ["per-vu-iterations", { vus: 2, iterations: 1, maxDuration: "3s" }, { vus: 2, iterations: 1, maxDurationMs: 3000 }],
] as const) {
  test(`${executor} takes k6's options`, () => {
    const text = JSON.stringify({
      name: "x",
      target: "http://x",
      scenarios: { a: { executor, ...options, flow: [{ get: "/" }] } },
    });
    assert.deepEqual(parsed(text).scenarios[0]!.executor, { kind: executor, ...expected });
  });
}

test("requests without a name are called by method and URL, made unique around the names that were given", () => {
  const steps = stepsOf(flow({ get: "/a" }, { get: "/a" }, { get: "/b", name: "GET /a #2" }, { post: "/a" }));
  assert.deepEqual(
    steps.map((step) => step.name),
    ["GET /a", "GET /a #3", "GET /a #2", "POST /a"],
  );
});

test("a form is sent urlencoded, its variables left to be filled in", () => {
  const [step] = stepsOf(flow({ post: "/", form: { "a b": "c&d {{ vu }}", n: 1 } }));
  assert.equal(step!.body, "a%20b=c%26d%20{{ vu }}&n=1");
  assert.deepEqual(step!.headers, { "content-type": "application/x-www-form-urlencoded" });
});

const FORM = "application/x-www-form-urlencoded";

for (const [what, body, format] of [
  ["json", { json: "{{ vu }}" }, "json"],
  ["json of a content type that is written", { json: 1, headers: { "content-type": "text/plain" } }, "json"],
  ["a form", { form: { a: 1 } }, "form"],
  ["a form of a content type that is written", { form: { a: 1 }, headers: { "content-type": "text/plain" } }, "form"],
  ["a body", { body: "x" }, undefined],
  ["a body with JSON", { body: "x", headers: { "content-type": "application/json" } }, "json"],
  ["any spelling", { body: "x", headers: { "Content-Type": "Application/JSON ; charset=utf-8" } }, "json"],
  ["an old name", { body: "x", headers: { "content-type": "text/json" } }, "json"],
  ["a JSON suffix", { body: "x", headers: { "content-type": "application/problem+json" } }, "json"],
  ["lines of JSON", { body: "x", headers: { "content-type": "application/x-ndjson" } }, "json"],
  ["a form as text", { body: "a=1", headers: { "content-type": FORM } }, "form"],
  ["something like JSON", { body: "x", headers: { "content-type": "application/json5" } }, undefined],
  ["JSON as a parameter", { body: "x", headers: { "content-type": "text/plain; a=application/json" } }, undefined],
  ["XML", { body: "x", headers: { "content-type": "application/xml" } }, undefined],
  ["a variable", { body: "x", headers: { "content-type": "{{ run }}" } }, undefined],
  ["no body", { headers: { "content-type": "application/json" } }, undefined],
] as const) {
  test(`values are escaped for ${format ?? "text"} in the body of a request with ${what}`, () => {
    const [step] = stepsOf(flow({ post: "/", ...body }));
    assert.equal(step!.bodyFormat, format);
  });
}

test("a content type that is written stands", () => {
  const [step] = stepsOf(flow({ post: "/", json: null, headers: { "Content-Type": "application/ld+json" } }));
  assert.deepEqual([step!.headers, step!.body], [{ "Content-Type": "application/ld+json" }, "null"]);
});

test("the default target serves a plan without one, and becomes part of the document", () => {
  const text = plan({}).replace('"target": "http://127.0.0.1:8080",', "");
  assert.deepEqual(faultsOf(text), [
    "target: is missing; it is: the origin that the plan may touch, such as http://127.0.0.1:8080",
  ]);
  const result = parsePlan(text, { defaultTarget: "http://127.0.0.1:9/" });
  assert.ok(result.ok);
  assert.deepEqual(result.plan.targets, ["http://127.0.0.1:9"]);
  assert.deepEqual(parsePlan(result.document), result);
  assert.deepEqual(parsed(plan({}), { defaultTarget: "http://127.0.0.1:9/" }).targets, ["http://127.0.0.1:8080"]);
});

test("aliases stand for what they name, and are counted in full", () => {
  const a = "&a { executor: constant-arrival-rate, rate: 1, duration: 1s, flow: [{ get: / }] }";
  const steps = `${HEAD}scenarios:\n  a: ${a}\n  b: *a\n`;
  assert.deepEqual(
    parsed(steps).scenarios.map(({ name, flow: [step] }) => [name, (step as HttpStep).name]),
    [
      ["a", "GET /"],
      ["b", "GET / #2"],
    ],
  );
  const lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"];
  for (let i = 1; i < 9; i++) lines.push(`a${i}: &a${i} [${new Array(10).fill(`*a${i - 1}`).join(",")}]`);
  assert.match(faultsOf(lines.join("\n")).join(), /more than 1000000 values/);
});

test("precision is normal unless it is high", () => {
  assert.deepEqual(
    [{}, { precision: "normal" }, { precision: "high" }].map((more) => parsed(plan({}, more)).precision),
    [undefined, undefined, "high"],
  );
});
