// Templates and the variables they read.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inHeader, type Place } from "../../node/load/escape.ts";
import { compileTemplate } from "../../node/load/template.ts";
import { Scope, type Variables } from "../../node/load/variables.ts";
import { LoadswarmError } from "../../node/plan/errors.ts";
import type { Plan } from "../../node/plan/types.ts";
import { planOf, rate, scenario, step } from "./support.ts";

const capture = (variable: string) => ({ variable, source: { kind: "header" as const, header: "x" } });

const flow = [step("/", { captures: [capture("token"), capture("id"), capture("token")] })];
const plan: Plan = {
  ...planOf("http://127.0.0.1", scenario(rate(1, 1, 1_000), flow)),
  data: {
    titles: { fields: ["title", "year"], rows: [["Alien", "1979"], ["Brazil", "1985"], ["Cube", "1997"]] },
    empty: { fields: ["nobody"], rows: [] },
    ids: { fields: ["id"], rows: [["from data"]] },
  },
};
const scope = new Scope(plan, plan.scenarios[0]!);

function render(text: string, more: Partial<Variables> = {}): string | null {
  return compileTemplate(text, scope, inHeader).render({ k: 7, vu: 3, run: "r1", captures: ["abc", null], ...more });
}

const ROWS: readonly (readonly [string, Partial<Variables>, string | null])[] = [
  ["plain", {}, "plain"],
  ["", {}, ""],
  ["{{iterationInTest}}/{{ vu }}/{{ run }}", {}, "7/3/r1"],
  ["a }} b", {}, "a }} b"],
  ["{{ title }} {{ year }}", { k: 0 }, "Alien 1979"],
  ["{{ title }}", { k: 7 }, "Brazil"],
  ["{{ title }}", { k: 3_000_002 }, "Cube"],
  ["Bearer {{ token }}", {}, "Bearer abc"],
  ["{{ token }}", { captures: ["", null] }, ""],
  // A capture hides the data field of the same name, also while it is missing.
  ["/x/{{ id }}", {}, null],
  ["/x/{{ id }}", { captures: [null, "9"] }, "/x/9"],
];

for (const [text, variables, expected] of ROWS) {
  test(`${JSON.stringify(text)} with ${JSON.stringify(variables)} gives ${JSON.stringify(expected)}`, () => {
    assert.equal(render(text, variables), expected);
  });
}

for (const text of ["{{ nothing }}", "{{ nobody }}", "{{ toString }}", "{{", "{{ a b }}"]) {
  test(`${JSON.stringify(text)} does not compile`, () => {
    assert.throws(
      () => compileTemplate(text, scope, inHeader),
      (error) => error instanceof LoadswarmError && error.code === "PLAN_INVALID",
    );
  });
}

test("random variables are new at every use", () => {
  const [first, second] = render("{{ uuid }} {{ uuid }}")!.split(" ");
  assert.match(first!, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(first, second);
  const numbers = Array.from({ length: 50 }, () => Number(render("{{ randomInt }}")));
  assert.ok(numbers.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 31));
  assert.ok(new Set(numbers).size > 40);
});

test("a template without variables is known before it is rendered", () => {
  assert.equal(compileTemplate("/a", scope, inHeader).constant, "/a");
  assert.equal(compileTemplate("/{{ vu }}", scope, inHeader).constant, null);
});

test("every slot is escaped as the text before it demands, decided once, and literal text is left alone", () => {
  const asked: string[] = [];
  const place: Place = (before) => {
    asked.push(before);
    return before === "" ? null : (value) => `<${value}>`;
  };
  const template = compileTemplate("{{ token }}a{{ token }}{{ id }}", scope, place);
  const variables = { k: 0, vu: 0, run: "r", captures: ["x", "y"] };
  assert.equal(template.render(variables), "xa<x><y>");
  assert.equal(template.render(variables), "xa<x><y>");
  assert.equal(template.render({ ...variables, captures: ["x", null] }), null);
  assert.deepEqual(asked, ["", "{{}}a", "{{}}a{{}}"]);
});
