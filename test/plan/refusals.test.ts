// What the parser says of every way to get a plan wrong, and where.

import assert from "node:assert/strict";
import { test } from "node:test";

import { HEAD, faultsOf, flow, plan } from "./plan-text.ts";

const ninety = {
  executor: "constant-arrival-rate",
  rate: 10,
  duration: "1s",
  flow: Array.from({ length: 90 }, (_, i) => ({ get: `/${i}` })),
};

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
  [plan({}, { precision: "higher" }), "precision", /normal or high/],
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
  [
    plan({}, { scenarios: Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((name) => [name, ninety])) }),
    "scenarios",
    /at most 500 requests in all, have 540/,
  ],
  [flow({ gett: "/" }), "scenarios.a.flow[0].gett", /did you mean get/],
  [flow({ name: "n" }), "scenarios.a.flow[0]", /exactly one of get, .*has none/],
  [flow({ get: "/", post: "/" }), "scenarios.a.flow[0]", /has get and post/],
  [flow({ post: "/", json: 1, body: "x" }), "scenarios.a.flow[0]", /at most one of json, body, form/],
  [flow({ get: "/", think: "1s" }), "scenarios.a.flow[0].get", /not known here/],
  [flow({ get: "/" }, { think: { min: "2s", max: "1s" } }), "scenarios.a.flow[1].think.min", /at most max/],
  [flow({ get: "/", name: "n" }, { get: "/", name: "n" }), "scenarios.a.flow[1].name", /name of another step/],
  [
    flow({ get: "http://evil/" }),
    "scenarios.a.flow[0].get",
    /target of the plan \(http:\/\/127.0.0.1:8080\), is on http:\/\/evil/,
  ],
  [flow({ get: "/{{ idd }}" }), "scenarios.a.flow[0].get", /uses {{ idd }}/],
  [flow({ get: "/{{ uid }}" }), "scenarios.a.flow[0].get", /did you mean uuid/],
  [flow({ get: "/{{ id }}", capture: { id: { json: "$" } } }), "scenarios.a.flow[0].get", /no earlier step/],
  [flow({ get: "/{{ id " }), "scenarios.a.flow[0].get", /without "}}"/],
  [flow({ post: "/", body: "{{ q }}" }), "scenarios.a.flow[0].body", /uses {{ q }}/],
  [flow({ post: "/", json: { a: "{{ q }}" } }), "scenarios.a.flow[0].json", /uses {{ q }}/],
  [flow({ get: "/", headers: { a: "{{ q }}" } }), "scenarios.a.flow[0].headers.a", /uses {{ q }}/],
  [flow({ get: "/", headers: { a: "x\r\nb: y" } }), "scenarios.a.flow[0].headers.a", /on one line/],
  [flow({ get: "/", headers: { "a b": "x" } }), 'scenarios.a.flow[0].headers["a b"]', /header name/],
  [
    flow({ get: "/", headers: { "Content-Length": 1 } }),
    "scenarios.a.flow[0].headers.Content-Length",
    /generator itself/,
  ],
  [flow({ get: "/", headers: { A: 1, a: 2 } }), "scenarios.a.flow[0].headers.a", /ignore case/],
  [flow({ get: "/", expect: { status: 99 } }), "scenarios.a.flow[0].expect.status", /from 100 to 599/],
  [flow({ get: "/", expect: { json: { a: 1 } } }), "scenarios.a.flow[0].expect.json.a", /must be a path/],
  [flow({ get: "/", expect: { json: { "$.a": {} } } }), 'scenarios.a.flow[0].expect.json["$.a"]', /is a map/],
  [flow({ get: "/", expect: { body: "{{ vu }}" } }), "scenarios.a.flow[0].expect.body", /must be literal/],
  [flow({ get: "/", capture: { "a-b": { json: "$" } } }), "scenarios.a.flow[0].capture.a-b", /letters, digits and _/],
  [flow({ get: "/", capture: { a: {} } }), "scenarios.a.flow[0].capture.a", /exactly one of json, header, regex/],
  [flow({ get: "/", capture: { a: { regex: "(" } } }), "scenarios.a.flow[0].capture.a.regex", /regular expression/],
  [
    flow({ get: "/", capture: { a: { regex: "a".repeat(501) } } }),
    "scenarios.a.flow[0].capture.a.regex",
    /at most 500/,
  ],
  [flow({ get: "/", capture: { vu: { json: "$" } } }), "scenarios.a.flow[0].capture.vu", /built-in/],
  [
    plan({ executor: "ramping-arrival-rate", stages: [], rate: undefined, duration: undefined }),
    "scenarios.a.stages",
    /at least 1/,
  ],
  [
    plan({
      executor: "ramping-arrival-rate",
      stages: [{ duration: 0, target: 1 }],
      rate: undefined,
      duration: undefined,
    }),
    "scenarios.a.stages",
    /longer than 0/,
  ],
  [
    plan({
      executor: "ramping-arrival-rate",
      stages: [{ duration: 1, target: 0 }],
      rate: undefined,
      duration: undefined,
    }),
    "scenarios.a.stages",
    /nothing would ever start/,
  ],
  [plan({}, { data: { d: { fields: ["a"], rows: [] } } }), "data.d.rows", /at least one row/],
  [
    plan({}, { data: { d: { fields: ["a"], rows: [["x"], ["x", "y"]] } } }),
    "data.d.rows[1]",
    /must have 1 values, .* has 2/,
  ],
  [plan({}, { data: { d: { fields: ["a"], rows: [[null]] } } }), "data.d.rows[0]", /is empty/],
  [plan({}, { data: { d: { fields: ["a", "a"], rows: [["x", "y"]] } } }), "data.d.fields[1]", /field of d already/],
  [plan({}, { data: { d: { fields: ["vu"], rows: [["x"]] } } }), "data.d.fields[0]", /built-in/],
  [plan({}, { data: { d: {} } }), "data.d.fields", /is missing/],
  [plan({}, { thresholds: { http_reqs: "count>1" } }), "thresholds.http_reqs", /must be a list/],
  [plan({}, { thresholds: { http_reqs: ["p(95)<1"] } }), "thresholds.http_reqs[0]", /is a counter/],
  [
    plan({}, { thresholds: { http_reqs: [{ threshold: "count<" }] } }),
    "thresholds.http_reqs[0].threshold",
    /such as count>100/,
  ],
  [
    plan({}, { thresholds: { "http_reqs{scenario:b}": ["count>1"] } }),
    'thresholds["http_reqs{scenario:b}"]',
    /does not have/,
  ],
  [
    plan({}, { thresholds: { "http_reqs{name:GET /x}": ["count>1"] } }),
    'thresholds["http_reqs{name:GET /x}"]',
    /did you mean GET \/\?/,
  ],
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
