// Where rendered URLs lead, and how steps are numbered.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFlows } from "../../node/load/flow.ts";
import { planOf, rate, scenario, step } from "./support.ts";

const BASE = "http://127.0.0.1:8080";

const ROWS: readonly (readonly [string, string, string])[] = [
  ["/plain?q=1", BASE, "/plain?q=1"],
  ["/{{ run }}", BASE, "/a%20b"],
  ["/with space", BASE, "/with%20space"],
  ["/größe", BASE, "/gr%C3%B6%C3%9Fe"],
  ["/x#fragment", BASE, "/x"],
  ["relative", BASE, "/relative"],
  ["http://127.0.0.1:9090/x", "http://127.0.0.1:9090", "/x"],
  ["http://127.0.0.1:9090", "http://127.0.0.1:9090", "/"],
  // All of them lead elsewhere.
  ["http://127.0.0.1:9091/x", "blocked", ""],
  ["https://127.0.0.1:8080/x", "blocked", ""],
  ["//elsewhere.test/x", "blocked", ""],
  ["/\\elsewhere.test/x", "blocked", ""],
  ["http://127.0.0.1:8080@elsewhere.test/", "blocked", ""],
  ["file:///etc/passwd", "blocked", ""],
  ["http://[", "blocked", ""],
];

for (const [url, origin, path] of ROWS) {
  test(`${url} leads to ${origin}${path}`, () => {
    const plan = planOf(BASE, scenario(rate(1, 1, 1_000), [step(url)]));
    const [flow] = compileFlows({ ...plan, targets: [BASE, "http://127.0.0.1:9090"] });
    const compiled = flow!.steps[0]!;
    assert.ok(compiled.kind === "http");
    const destination = compiled.destination({ k: 0, vu: 0, run: "a b", captures: [] });
    assert.deepEqual(destination, origin === "blocked" ? "blocked" : { origin, path });
  });
}

test("steps and checks are numbered over the whole plan", () => {
  const check = { name: "c", kind: "body" as const, contains: "x" };
  const flows = compileFlows(
    planOf(
      BASE,
      scenario(rate(1, 1, 1_000), [step("/a", { checks: [check, check] }), { kind: "think", minMs: 1, maxMs: 2 }]),
      scenario(rate(1, 1, 1_000), [step("/b", { checks: [check] }), step("/c", { checks: [check] })]),
    ),
  );
  const numbers = flows
    .flatMap(({ steps }) => steps)
    .flatMap((each) => (each.kind === "http" ? [[each.step, each.firstCheck]] : []));
  assert.deepEqual(numbers, [
    [0, 0],
    [1, 2],
    [2, 3],
  ]);
});
