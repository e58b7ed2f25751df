// Templates: cut into text and variables, or refused.

import assert from "node:assert/strict";
import { test } from "node:test";

import { mapLiterals, parseTemplate } from "../../node/plan/template.ts";

for (const [text, parts] of [
  ["", []],
  ["plain", ["plain"]],
  ["{{id}}", [{ variable: "id" }]],
  ["/a/{{ id }}/b{{ x_1 }}", ["/a/", { variable: "id" }, "/b", { variable: "x_1" }]],
  ["{{ a }}{{ b }}", [{ variable: "a" }, { variable: "b" }]],
  ['{"a":{"b":{}}}', ['{"a":{"b":{}}}']],
  ["a }} b", ["a }} b"]],
] as const) {
  test(`${JSON.stringify(text)} has ${parts.length} parts`, () => {
    assert.deepEqual(parseTemplate(text), { ok: true, value: parts });
  });
}

for (const text of [
  "{{",
  "a {{ b",
  "{{ }}",
  "{{}}",
  "{{ a b }}",
  "{{ 1a }}",
  "{{ a.b }}",
  "{{ {{ a }} }}",
  "{{ a | json }}",
  "{{ é }}",
]) {
  test(`${text} is refused`, () => assert.equal(parseTemplate(text).ok, false));
}

test("changing the literal text leaves variables alone", () => {
  const parts = parseTemplate("a b{{x}}c d");
  assert.ok(parts.ok);
  assert.equal(mapLiterals(parts.value, encodeURIComponent), "a%20b{{ x }}c%20d");
});
