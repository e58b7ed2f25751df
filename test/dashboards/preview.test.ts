// The pictures of the dashboards: what draws them reads values, stacks and marks right, and those that are committed are small.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { DASHBOARDS } from "../../dashboards/main.ts";
import { beginnings } from "./preview/answers.ts";
// @ts-expect-error It runs in a page and has no types.
import { stack, text } from "./preview/format.mjs";
import { pageOf } from "./preview/page.ts";

const MAX_BYTES = 250_000;

describe("a value as text", () => {
  for (const [unit, value, expected] of [
    ["s", 0.0123, "12.3 ms"],
    ["s", 0, "0 s"],
    ["s", 0.000_25, "250 µs"],
    ["s", 0.9999, "1 s"],
    ["s", 150, "2.5 min"],
    ["percentunit", 0.0069, "0.69 %"],
    ["percentunit", 1, "100 %"],
    ["reqps", 1234, "1.23 kreq/s"],
    ["reqps", 0, "0 req/s"],
    ["bytes", 3 * 2 ** 20, "3 MiB"],
    ["Bps", 1500, "1.5 kB/s"],
    ["Bps", -24_400, "-24.4 kB/s"],
    ["short", 1_500_000, "1.5 M"],
    ["short", 7, "7"],
    ["short", null, "–"],
  ] as const) {
    it(`${value} ${unit} is ${expected}`, () => assert.equal(text(unit, value), expected));
  }

  it("has as many decimals as the panel says", () => assert.equal(text("percentunit", 0.123456, 1), "12.3 %"));
});

it("what is stacked stands on what is below it; nothing stands on nothing", () => {
  assert.deepEqual(stack([[1, 2, null], [10, null, 30], [100, 200, 300]]), [[1, 2, null], [11, null, 30], [111, 202, 330]]);
});

it("marks that follow each other are one", () => {
  const series = (...times: number[]) => ({ metric: {}, values: times.map((time) => [time, "1"] as const) });
  assert.deepEqual(beginnings([series(5, 10, 15, 40), series(10, 60)]), [5, 10, 40, 60]);
  assert.deepEqual(beginnings([]), []);
});

it("a page cannot be left by what somebody is called", () => {
  const page = pageOf({ title: "</script><script>alert(1)", description: "", variables: [], times: [], marks: [], panels: [] });
  assert.ok(!page.includes("</script><script>alert"));
});

for (const name of Object.keys(DASHBOARDS)) {
  it(`the picture of ${name} is committed, and light`, () => {
    const bytes = readFileSync(new URL(`../../docs/img/${name}.png`, import.meta.url));
    assert.equal(bytes.subarray(1, 4).toString("latin1"), "PNG");
    assert.ok(bytes.length > 10_000 && bytes.length < MAX_BYTES, `${bytes.length} bytes`);
  });
}
