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

// A value stays where the template has put it, whatever it holds.
const VALUES: readonly (readonly [string, string, string, string])[] = [
  ["/{{ run }}", "/evil.example/", BASE, "//evil.example/"],
  ["/{{ run }}", "//evil.example/", BASE, "///evil.example/"],
  ["/{{ run }}", "\\evil.example", BASE, "/%5Cevil.example"],
  ["/{{ run }}", "@evil.example/", BASE, "/%40evil.example/"],
  ["/{{ run }}", "", BASE, "/"],
  ["/{{ run }}", "http://evil.example/", BASE, "/http%3A//evil.example/"],
  ["/a/{{ run }}/b", "x?y#z", BASE, "/a/x%3Fy%23z/b"],
  ["/a b/{{ run }}", "/c d", BASE, "/a%20b//c%20d"],
  ["/a?q={{ run }}", "1&admin=1", BASE, "/a?q=1%26admin%3D1"],
  // Where a value may hold an origin, it is compared with the targets.
  ["{{ run }}", "/next?page=2&q=a%20b", BASE, "/next?page=2&q=a%20b"],
  ["{{ run }}", "http://127.0.0.1:9090/next", "http://127.0.0.1:9090", "/next"],
  ["{{ run }}/x", "http://127.0.0.1:9090", "http://127.0.0.1:9090", "/x"],
  ["http://{{ run }}/x", "127.0.0.1:9090", "http://127.0.0.1:9090", "/x"],
  ["http://127.0.0.1:8080{{ run }}", "/x", BASE, "/x"],
  ["{{ run }}", "http://evil.example/", "blocked", ""],
  ["{{ run }}", "//evil.example/", "blocked", ""],
  ["{{ run }}", "/\\evil.example/", "blocked", ""],
  ["{{ run }}", "\t//evil.example/", "blocked", ""],
  ["{{ run }}/evil.example", "/", "blocked", ""],
  ["http://{{ run }}/x", "evil.example", "blocked", ""],
  ["http://{{ run }}/x", "127.0.0.1:8080@evil.example", "blocked", ""],
  ["http://127.0.0.1:8080{{ run }}", "@evil.example/", "blocked", ""],
  ["http://127.0.0.1{{ run }}", ".evil.example", "blocked", ""],
  ["http://127.0.0.1:{{ run }}/x", "9091", "blocked", ""],
];

for (const [url, value, origin, path] of VALUES) {
  test(`${url} with ${JSON.stringify(value)} leads to ${origin}${path}`, () => {
    const plan = planOf(BASE, scenario(rate(1, 1, 1_000), [step(url)]));
    const [flow] = compileFlows({ ...plan, targets: [BASE, "http://127.0.0.1:9090"] });
    const compiled = flow!.steps[0]!;
    assert.ok(compiled.kind === "http");
    const destination = compiled.destination({ k: 0, vu: 0, run: value, captures: [] });
    assert.deepEqual(destination, origin === "blocked" ? "blocked" : { origin, path });
  });
}

const HEADERS: readonly (readonly [string, string, boolean])[] = [
  ["plain", "abc", true],
  ["a tab", "a\tb", true],
  ["Latin-1", "é", true],
  ["a line feed", "a\nx-admin: 1", false],
  ["CR LF", "a\r\n\r\nGET / HTTP/1.1", false],
  ["a carriage return", "a\r", false],
  ["NUL", "a\0", false],
  ["another control character", "a\x1b[0m", false],
  ["DEL", "\x7f", false],
  ["a character beyond Latin-1", "日", false],
  ["a lone surrogate", "\ud800", false],
];

for (const [what, value, sendable] of HEADERS) {
  for (const template of ["{{ run }}", value]) {
    const where = template === value ? "written in the plan" : "in a variable";
    test(`a header with ${what} ${where} is ${sendable ? "sent as it is" : "not sent"}`, () => {
      const headers = { a: "1", x: template, z: "{{ vu }}" };
      for (const each of [headers, { a: "1", x: template }]) {
        const [flow] = compileFlows(planOf(BASE, scenario(rate(1, 1, 1_000), [step("/", { headers: each })])));
        const compiled = flow!.steps[0]!;
        assert.ok(compiled.kind === "http");
        const rendered = compiled.headers({ k: 0, vu: 0, run: value, captures: [] });
        const expected = ["a", "1", "x", value, ...("z" in each ? ["z", "0"] : [])];
        assert.deepEqual(rendered, sendable ? expected : "unsendable");
      }
    });
  }
}

for (const [format, expected] of [
  ["json", '\\"&\\n'],
  ["form", "%22%26%0A"],
  ["text", '"&\n'],
  [undefined, '"&\n'],
] as const) {
  test(`a value in a body of format ${format} is escaped for it`, () => {
    const more = { method: "POST", body: "{{ run }}", ...(format === undefined ? {} : { bodyFormat: format }) };
    const [flow] = compileFlows(planOf(BASE, scenario(rate(1, 1, 1_000), [step("/", more)])));
    const compiled = flow!.steps[0]!;
    assert.ok(compiled.kind === "http");
    assert.equal(compiled.body!.render({ k: 0, vu: 0, run: '"&\n', captures: [] }), expected);
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
