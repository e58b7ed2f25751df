// The parser as a whole: what a valid plan becomes, and what is said of every way to get one wrong.

import assert from "node:assert/strict";
import { test } from "node:test";

import { formatFaults } from "../../node/plan/faults.ts";
import { type ParseOptions, parsePlan } from "../../node/plan/parse.ts";
import type { HttpStep, Plan } from "../../node/plan/types.ts";

const HEAD = "name: x\ntarget: http://127.0.0.1:8080\n";

/** A plan with one scenario `a` of these options, and more top-level keys. */
function plan(options: Record<string, unknown>, more: Record<string, unknown> = {}): string {
  const base = { executor: "constant-arrival-rate", rate: 10, duration: "1s", flow: [{ get: "/" }] };
  return JSON.stringify({ name: "x", target: "http://127.0.0.1:8080", scenarios: { a: { ...base, ...options } }, ...more }, null, 1);
}

function flow(...steps: unknown[]): string {
  return plan({ flow: steps });
}

function parsed(text: string, options?: ParseOptions): Plan {
  const result = parsePlan(text, options);
  assert.ok(result.ok, result.ok ? "" : formatFaults("plan", result.faults));
  return result.plan;
}

/** `path: message` of each fault. */
function faultsOf(text: string, options?: ParseOptions): string[] {
  const result = parsePlan(text, options);
  return result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`);
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
        expect: { maxDuration: 500ms, headers: { Content-Type: x }, body: yes, json: { "$[0].id": "tt" }, status: [200, 201] }
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
    scenarios: [
      {
        name: "browse",
        executor: {
          kind: "ramping-arrival-rate",
          curve: {
            startPerSecond: 0,
            stages: [{ durationMs: 30_000, targetPerSecond: 5 }, { durationMs: 0, targetPerSecond: 2 }],
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
    data: { d: { fields: ["t", "n"], rows: [["a", "1"], ["true", "x"]] } },
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
  ["constant-arrival-rate", { rate: "300/m", duration: "2s" }, { curve: { startPerSecond: 5, stages: [{ durationMs: 2000, targetPerSecond: 5 }] }, maxVUs: null }],
  ["constant-vus", { vus: 3, duration: "2s" }, { vus: 3, durationMs: 2000 }],
  ["ramping-vus", { stages: [{ duration: "2s", target: 5 }] }, { startVUs: 1, stages: [{ durationMs: 2000, target: 5 }], gracefulRampDownMs: 30_000 }],
  ["shared-iterations", { vus: 2, iterations: 10 }, { vus: 2, iterations: 10, maxDurationMs: 600_000 }],
  ["per-vu-iterations", { vus: 2, iterations: 1, maxDuration: "3s" }, { vus: 2, iterations: 1, maxDurationMs: 3000 }],
] as const) {
  test(`${executor} takes k6's options`, () => {
    const text = JSON.stringify({ name: "x", target: "http://x", scenarios: { a: { executor, ...options, flow: [{ get: "/" }] } } });
    assert.deepEqual(parsed(text).scenarios[0]!.executor, { kind: executor, ...expected });
  });
}

test("requests without a name are called by method and URL, made unique around the names that were given", () => {
  const steps = stepsOf(flow({ get: "/a" }, { get: "/a" }, { get: "/b", name: "GET /a #2" }, { post: "/a" }));
  assert.deepEqual(steps.map((step) => step.name), ["GET /a", "GET /a #3", "GET /a #2", "POST /a"]);
});

test("a form is sent urlencoded, its variables left to be filled in", () => {
  const [step] = stepsOf(flow({ post: "/", form: { "a b": "c&d {{ vu }}", n: 1 } }));
  assert.equal(step!.body, "a%20b=c%26d%20{{ vu }}&n=1");
  assert.deepEqual(step!.headers, { "content-type": "application/x-www-form-urlencoded" });
});

test("a content type that is written stands", () => {
  const [step] = stepsOf(flow({ post: "/", json: null, headers: { "Content-Type": "application/ld+json" } }));
  assert.deepEqual([step!.headers, step!.body], [{ "Content-Type": "application/ld+json" }, "null"]);
});

test("the default target serves a plan without one, and becomes part of the document", () => {
  const text = plan({}).replace('"target": "http://127.0.0.1:8080",', "");
  assert.deepEqual(faultsOf(text), ["target: is missing; it is: the origin that the plan may touch, such as http://127.0.0.1:8080"]);
  const result = parsePlan(text, { defaultTarget: "http://127.0.0.1:9/" });
  assert.ok(result.ok);
  assert.deepEqual(result.plan.targets, ["http://127.0.0.1:9"]);
  assert.deepEqual(parsePlan(result.document), result);
  assert.deepEqual(parsed(plan({}), { defaultTarget: "http://127.0.0.1:9/" }).targets, ["http://127.0.0.1:8080"]);
});

/** What is written, where the fault is, what it says. */
const SAD: readonly (readonly [text: string, path: string, message: RegExp])[] = [
  ["", "", /must be a map with name, target and scenarios/],
  ["[]", "", /must be a map/],
  [`${HEAD}scenarios: {}`, "scenarios", /at least 1 entry/],
  [`${HEAD}scenarios:`, "scenarios", /must be a map, is empty/],
  [HEAD, "scenarios", /is missing/],
  [plan({}).replace('"x"', '"a b"'), "name", /1 to 64 letters/],
  [plan({}, { taget: 1 }), "taget", /not known here \(did you mean target\?\)/],
  [plan({}, { toString: 1 }), "toString", /not known here/],
  [plan({}, { target: [] }), "target", /at least 1 item/],
  [plan({}, { start: { minAgents: 0 } }), "start.minAgents", /whole number from 1/],
  [plan({}, { start: null }), "start", /must be a map, is empty/],
  [plan({ executor: "constant-arival-rate" }), "scenarios.a.executor", /did you mean constant-arrival-rate/],
  [plan({ executor: undefined }), "scenarios.a.executor", /is missing/],
  [plan({ durration: "1s" }), "scenarios.a.durration", /did you mean duration/],
  [plan({ vus: 1 }), "scenarios.a.vus", /not known here/],
  [plan({ rate: undefined }), "scenarios.a.rate", /is missing; it is: iterations started per timeUnit/],
  [plan({ rate: -1 }), "scenarios.a.rate", /must be a rate/],
  [plan({ rate: 0 }), "scenarios.a.rate", /above 0/],
  [plan({ rate: 1e10 }), "scenarios.a.rate", /at most 1,000,000,000\/s/],
  [plan({ rate: "5/s", timeUnit: "1m" }), "scenarios.a.rate", /leave timeUnit out/],
  [plan({ duration: "0s" }), "scenarios.a.duration", /longer than 0/],
  [plan({ duration: "8d" }), "scenarios.a.duration", /at most 7d/],
  [plan({ duration: "5d", startTime: "5d" }), "scenarios.a", /must end within 7d/],
  [plan({ preAllocatedVUs: 5, maxVUs: 4 }), "scenarios.a.preAllocatedVUs", /at most maxVUs \(4\)/],
  [plan({ weight: 2 }), "scenarios.a.weight", /every scenario has a rate of its own; set that/],
  [plan({ gracefulStop: "-1s" }), "scenarios.a.gracefulStop", /must be a duration/],
  [plan({ flow: undefined }), "scenarios.a.flow", /is missing/],
  [plan({ flow: [] }), "scenarios.a.flow", /at least 1 item/],
  [plan({ flow: [{ think: "1s" }] }), "scenarios.a.flow", /at least one request/],
  [flow(...new Array(101).fill({ get: "/" })), "scenarios.a.flow", /at most 100 items, has 101/],
  [flow({ gett: "/" }), "scenarios.a.flow[0].gett", /did you mean get/],
  [flow({ name: "n" }), "scenarios.a.flow[0]", /exactly one of get, .*has none/],
  [flow({ get: "/", post: "/" }), "scenarios.a.flow[0]", /has get and post/],
  [flow({ post: "/", json: 1, body: "x" }), "scenarios.a.flow[0]", /at most one of json, body, form/],
  [flow({ get: "/", think: "1s" }), "scenarios.a.flow[0].get", /not known here/],
  [flow({ get: "/" }, { think: { min: "2s", max: "1s" } }), "scenarios.a.flow[1].think.min", /at most max/],
  [flow({ get: "/", name: "n" }, { get: "/", name: "n" }), "scenarios.a.flow[1].name", /name of another step/],
  [flow({ get: "http://evil/" }), "scenarios.a.flow[0].get", /target of the plan \(http:\/\/127.0.0.1:8080\), is on http:\/\/evil/],
  [flow({ get: "/{{ idd }}" }), "scenarios.a.flow[0].get", /uses {{ idd }}/],
  [flow({ get: "/{{ uid }}" }), "scenarios.a.flow[0].get", /did you mean uuid/],
  [flow({ get: "/{{ id }}", capture: { id: { json: "$" } } }), "scenarios.a.flow[0].get", /no earlier step/],
  [flow({ get: "/{{ id " }), "scenarios.a.flow[0].get", /without "}}"/],
  [flow({ post: "/", body: "{{ q }}" }), "scenarios.a.flow[0].body", /uses {{ q }}/],
  [flow({ post: "/", json: { a: "{{ q }}" } }), "scenarios.a.flow[0].json", /uses {{ q }}/],
  [flow({ get: "/", headers: { a: "{{ q }}" } }), "scenarios.a.flow[0].headers.a", /uses {{ q }}/],
  [flow({ get: "/", headers: { a: "x\r\nb: y" } }), "scenarios.a.flow[0].headers.a", /on one line/],
  [flow({ get: "/", headers: { "a b": "x" } }), 'scenarios.a.flow[0].headers["a b"]', /header name/],
  [flow({ get: "/", headers: { "Content-Length": 1 } }), "scenarios.a.flow[0].headers.Content-Length", /generator itself/],
  [flow({ get: "/", headers: { A: 1, a: 2 } }), "scenarios.a.flow[0].headers.a", /ignore case/],
  [flow({ get: "/", expect: { status: 99 } }), "scenarios.a.flow[0].expect.status", /from 100 to 599/],
  [flow({ get: "/", expect: { json: { a: 1 } } }), "scenarios.a.flow[0].expect.json.a", /must be a path/],
  [flow({ get: "/", expect: { json: { "$.a": {} } } }), 'scenarios.a.flow[0].expect.json["$.a"]', /is a map/],
  [flow({ get: "/", expect: { body: "{{ vu }}" } }), "scenarios.a.flow[0].expect.body", /must be literal/],
  [flow({ get: "/", capture: { "a-b": { json: "$" } } }), "scenarios.a.flow[0].capture.a-b", /letters, digits and _/],
  [flow({ get: "/", capture: { a: {} } }), "scenarios.a.flow[0].capture.a", /exactly one of json, header, regex/],
  [flow({ get: "/", capture: { a: { regex: "(" } } }), "scenarios.a.flow[0].capture.a.regex", /regular expression/],
  [flow({ get: "/", capture: { a: { regex: "a".repeat(501) } } }), "scenarios.a.flow[0].capture.a.regex", /at most 500/],
  [flow({ get: "/", capture: { vu: { json: "$" } } }), "scenarios.a.flow[0].capture.vu", /built-in/],
  [plan({ executor: "ramping-arrival-rate", stages: [], rate: undefined, duration: undefined }), "scenarios.a.stages", /at least 1/],
  [plan({ executor: "ramping-arrival-rate", stages: [{ duration: 0, target: 1 }], rate: undefined, duration: undefined }), "scenarios.a.stages", /longer than 0/],
  [plan({ executor: "ramping-arrival-rate", stages: [{ duration: 1, target: 0 }], rate: undefined, duration: undefined }), "scenarios.a.stages", /nothing would ever start/],
  [plan({}, { data: { d: { fields: ["a"], rows: [] } } }), "data.d.rows", /at least one row/],
  [plan({}, { data: { d: { fields: ["a"], rows: [["x"], ["x", "y"]] } } }), "data.d.rows[1]", /must have 1 values, .* has 2/],
  [plan({}, { data: { d: { fields: ["a"], rows: [[null]] } } }), "data.d.rows[0]", /is empty/],
  [plan({}, { data: { d: { fields: ["a", "a"], rows: [["x", "y"]] } } }), "data.d.fields[1]", /field of d already/],
  [plan({}, { data: { d: { fields: ["vu"], rows: [["x"]] } } }), "data.d.fields[0]", /built-in/],
  [plan({}, { data: { d: {} } }), "data.d.fields", /is missing/],
  [plan({}, { thresholds: { http_reqs: "count>1" } }), "thresholds.http_reqs", /must be a list/],
  [plan({}, { thresholds: { http_reqs: ["p(95)<1"] } }), "thresholds.http_reqs[0]", /is a counter/],
  [plan({}, { thresholds: { http_reqs: [{ threshold: "count<" }] } }), "thresholds.http_reqs[0].threshold", /such as count>100/],
  [plan({}, { thresholds: { "http_reqs{scenario:b}": ["count>1"] } }), 'thresholds["http_reqs{scenario:b}"]', /does not have/],
  [plan({}, { thresholds: { "http_reqs{name:GET /x}": ["count>1"] } }), 'thresholds["http_reqs{name:GET /x}"]', /did you mean GET \/\?/],
  [plan({}).replace("{", '{"__proto__": {},'), "", /must not have the key __proto__/],
  [plan({}).replace('"name": "x"', '"name": "x", "name": "y"'), "name", /stands twice/],
  [plan({ maxVUs: 2 ** 53 }), "scenarios.a.maxVUs", /holds exactly/],
  [`${HEAD}? [a]\n: 1`, "", /key that is not plain text/],
  ["a: !!binary aGk=", "a", /must be text/],
  ["a: *b", "a", /not defined before it/],
  ["a: [", "", /valid YAML/],
  ["a: 1\n---\nb: 1", "", /valid YAML/],
  ["a: &a [*a]", `a${"[0]".repeat(16)}`, /nested more than 32 deep/],
  ["[".repeat(20_000), "", /is not valid YAML|too deeply/],
  ["#".repeat(1_048_577), "", /at most 1048576 bytes/],
  ["é".repeat(600_000), "", /at most 1048576 bytes/],
];

for (const [text, path, message] of SAD) {
  test(`${text.replaceAll(/\s+/g, " ").slice(0, 50)}… is refused at "${path}"`, () => {
    const faults = faultsOf(text);
    const found = faults.find((fault) => fault.startsWith(`${path}: `) && message.test(fault));
    assert.ok(found !== undefined, `faults: ${faults.join("\n")}`);
  });
}

test("aliases stand for what they name, and are counted in full", () => {
  const steps = `${HEAD}scenarios:\n  a: &a { executor: constant-arrival-rate, rate: 1, duration: 1s, flow: [{ get: / }] }\n  b: *a\n`;
  assert.deepEqual(parsed(steps).scenarios.map(({ name, flow: [step] }) => [name, (step as HttpStep).name]), [["a", "GET /"], ["b", "GET / #2"]]);
  const lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"];
  for (let i = 1; i < 9; i++) lines.push(`a${i}: &a${i} [${new Array(10).fill(`*a${i - 1}`).join(",")}]`);
  assert.match(faultsOf(lines.join("\n")).join(), /more than 1000000 values/);
});
