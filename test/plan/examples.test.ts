// The examples are valid, for the parser and for the published JSON Schema, which is current.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";

import { csvReferences } from "../../node/plan/data.ts";
import { formatFaults } from "../../node/plan/faults.ts";
import { parsePlan } from "../../node/plan/parse.ts";
import { notRunnable } from "../../node/plan/runnable.ts";
import { SCHEMA_FILE, planJsonSchema } from "./json-schema.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url);
const FILES = readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml"));

const matchesSchema = new Ajv2020({ strict: false, validateFormats: false }).compile(
  JSON.parse(planJsonSchema()) as object,
);

test("docs/plan.schema.json is what `npm run schema` writes", () => {
  assert.equal(readFileSync(SCHEMA_FILE, "utf8"), planJsonSchema());
});

test("there are examples", () => assert.ok(FILES.length >= 4));

for (const file of FILES) {
  const text = readFileSync(new URL(file, EXAMPLES), "utf8");

  test(`${file} is valid, runs in this version, and its data is there`, () => {
    const result = parsePlan(text);
    assert.ok(result.ok, result.ok ? "" : formatFaults(file, result.faults));
    const references = csvReferences(result.document);
    for (const { csv } of references) assert.ok(existsSync(new URL(csv, EXAMPLES)), csv);
    const open = references.map(({ table }) => `data.${table}`);
    assert.deepEqual(
      notRunnable(result.plan).map(({ path }) => path),
      open,
    );
  });

  test(`${file} matches the JSON Schema, as written and as a document`, () => {
    const result = parsePlan(text);
    assert.ok(result.ok);
    for (const value of [parse(text), JSON.parse(result.document)] as unknown[]) {
      assert.ok(matchesSchema(value), JSON.stringify(matchesSchema.errors, null, 1));
    }
  });
}

for (const [change, damage] of [
  ["an unknown key", (plan: Record<string, unknown>) => ({ ...plan, rate: 1 })],
  ["an empty name", (plan: Record<string, unknown>) => ({ ...plan, name: null })],
  ["no scenario", (plan: Record<string, unknown>) => ({ ...plan, scenarios: {} })],
  [
    "an unknown executor",
    (plan: Record<string, unknown>) => ({ ...plan, scenarios: { a: { executor: "x", flow: [{ get: "/" }] } } }),
  ],
  ["a wrong duration", (plan: Record<string, unknown>) => ({ ...plan, start: { delay: "1x" } })],
] as const) {
  test(`the JSON Schema refuses a plan with ${change}`, () => {
    const plan = parse(readFileSync(new URL("baseline.yaml", EXAMPLES), "utf8")) as Record<string, unknown>;
    assert.equal(matchesSchema(plan), true);
    assert.equal(matchesSchema(damage(plan)), false);
  });
}
