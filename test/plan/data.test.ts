// Data tables: references to CSV files are kept open, then replaced by rows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { csvReferences, withTables } from "../../node/plan/data.ts";
import { LIMITS } from "../../node/plan/defaults.ts";
import { parsePlan } from "../../node/plan/parse.ts";
import { notRunnable } from "../../node/plan/runnable.ts";

const TEXT = `{name: x, target: "http://x", data: {t: {csv: a.csv}, u: {fields: [n], rows: [[1]]}},
  scenarios: {a: {executor: constant-vus, vus: 1, duration: 1s, flow: [{get: "/{{ title }}/{{ n }}"}]}}}`;

test("a plan with a CSV file is valid, whatever fields the file may have, but cannot run yet", () => {
  const result = parsePlan(TEXT);
  assert.ok(result.ok);
  assert.deepEqual(csvReferences(result.document), [{ table: "t", csv: "a.csv" }]);
  assert.deepEqual(result.plan.data["t"], { fields: [], rows: [] });
  assert.deepEqual(
    notRunnable(result.plan).map(({ path }) => path),
    ["data.t"],
  );
});

test("with the rows in the file's place it can run, and unknown fields are faults", () => {
  const result = parsePlan(TEXT);
  assert.ok(result.ok);
  const inlined = parsePlan(withTables(result.document, { t: { fields: ["title"], rows: [["Ä"], ["b"]] } }));
  assert.ok(inlined.ok);
  assert.deepEqual(csvReferences(inlined.document), []);
  assert.deepEqual(inlined.plan.data["t"], { fields: ["title"], rows: [["Ä"], ["b"]] });
  assert.deepEqual(notRunnable(inlined.plan), []);
  const other = parsePlan(withTables(result.document, { t: { fields: ["titel"], rows: [["a"]] } }));
  assert.ok(!other.ok);
  assert.match(other.faults[0]!.message, /did you mean titel\?/);
});

test("rows are bounded over all tables", () => {
  const table = (field: string, rows: number): object => ({ fields: [field], rows: new Array(rows).fill([1]) });
  const parse = (rows: number): ReturnType<typeof parsePlan> =>
    parsePlan(
      JSON.stringify({
        name: "x",
        data: { t: table("title", LIMITS.rows / 2), u: table("n", rows) },
        scenarios: { a: { executor: "constant-vus", vus: 1, duration: "1s", flow: [{ get: "/" }] } },
        target: "http://x",
      }),
    );
  assert.ok(parse(LIMITS.rows / 2).ok);
  const over = parse(LIMITS.rows / 2 + 1);
  assert.ok(!over.ok);
  assert.deepEqual(
    over.faults.map(({ path, message }) => [path, message]),
    [["data", "must have at most 100000 rows in all, has 100001"]],
  );
});
