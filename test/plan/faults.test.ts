// Faults: all at once, each where it stands in the text.

import assert from "node:assert/strict";
import { test } from "node:test";

import { formatFaults, pathText } from "../../node/plan/faults.ts";
import { parsePlan } from "../../node/plan/parse.ts";

function lines(text: string): string[] {
  const result = parsePlan(text);
  return result.ok ? [] : formatFaults("p.yaml", result.faults).split("\n");
}

test("every fault is reported at once, at its key or value, in the order of the text", () => {
  const text = `name: x
targt: http://127.0.0.1:8080
scenarios:
  a:
    executor: constant-arrival-rate
    rate: -1
    flow:
      - get: /
        expect: { status: 20 }
      - get: /{{ x }}
  b:
    executor: nonsense
    flow: [{ think: 1s }]
thresholds:
  nonsense: ["rate<1"]
  checks: ["rate<2"]
`;
  const places = lines(text).map((line) => line.split(" ").slice(0, 2).join(" "));
  assert.deepEqual(places, [
    "p.yaml:1:1 target:",
    "p.yaml:2:1 targt:",
    "p.yaml:4:3 scenarios.a.duration:",
    "p.yaml:6:11 scenarios.a.rate:",
    "p.yaml:9:27 scenarios.a.flow[0].expect.status:",
    "p.yaml:10:14 scenarios.a.flow[1].get:",
    "p.yaml:12:15 scenarios.b.executor:",
    "p.yaml:13:11 scenarios.b.flow:",
    "p.yaml:15:3 thresholds.nonsense:",
    "p.yaml:16:12 thresholds.checks[0]:",
  ]);
});

test("JSON has positions too, also on one line", () => {
  assert.deepEqual(lines('{"name":"x","target":"http://x","scenarios":{"a":3}}'), [
    "p.yaml:1:50 scenarios.a: must be a map, is 3",
  ]);
});

test("a YAML error stands where the parser stumbled", () => {
  assert.match(lines('name: x\ntarget: "http').join(), /^p\.yaml:2:\d+ is not valid YAML: /);
});

test("faults beyond 100 are counted, not listed", () => {
  const keys = Array.from({ length: 150 }, (_, i) => `key${i}: 1`).join("\n");
  const listed = lines(keys);
  assert.equal(listed.length, 101);
  // 150 unknown keys; name, target and scenarios are missing.
  assert.match(listed.at(-1)!, /and 53 more faults, not listed$/);
});

for (const [path, text] of [
  [[], ""],
  [["a"], "a"],
  [["a", 0, "b-c", "d"], "a[0].b-c.d"],
  [["a", "x y", "$.z"], 'a["x y"]["$.z"]'],
] as const) {
  test(`the path ${JSON.stringify(path)} is written ${text}`, () => assert.equal(pathText(path), text));
}
