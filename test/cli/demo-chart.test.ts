// The demo's chart and what it takes for a rate to have held.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chartLine, judgeSpans } from "../../node/cli/demo-chart.ts";
import { demoPlan, demoSpans } from "../../node/cli/demo-plan.ts";
import { parseOrThrow } from "../../node/cli/plan-file.ts";

test("a line per second, as long as the rate", () => {
  assert.equal(chartLine(7, 300, 300, ""), `   7s  ${"█".repeat(30)}   300 of 300/s`);
  assert.equal(chartLine(12, 150, 300, "x"), `  12s  ${"█".repeat(15)}${"·".repeat(15)}   150 of 300/s  <- x`);
  assert.equal(chartLine(0, 9999, 300, "").match(/█/g)!.length, 36);
});

test("a span holds if its mean does", () => {
  const spans = [
    { name: "moved within", from: 0, to: 2 },
    { name: "lacking", from: 2, to: 4 },
    { name: "too much", from: 4, to: 5 },
    { name: "beyond the end", from: 5, to: 7 },
  ];
  const judged = judgeSpans([90, 110, 100, 90, 104, 100], 100, spans, 0.03);
  assert.deepEqual(
    judged.map(({ rate, held }) => [rate, held]),
    [
      [100, true],
      [95, false],
      [104, false],
      [50, false],
    ],
  );
});

test("a span also holds if what it lacks was dropped as late, each once, and is not too much", () => {
  const spans = [0, 1, 2].map((from) => ({ name: "", from, to: from + 1 }));
  const judged = (hits: number[], late: number) =>
    judgeSpans(hits, 100, spans, 0.03, { late, mostLate: 0.1 }).map(({ held, tooBusyFor }) => (held ? tooBusyFor : null));
  for (const [hits, late, expected] of [
    [[100, 95, 92], 13, [0, 5, 8]],
    [[100, 95, 92], 12, [0, 5, null]],
    [[89, 90, 98], 100, [null, 10, 0]],
    [[104, 110, 100], 100, [null, null, 0]],
    [[100, 95, 100], 0, [0, null, 0]],
  ] as const) {
    assert.deepEqual(judged([...hits], late), expected, `${hits} with ${late} late`);
  }
});

test("the demo's plan is a valid plan, and its spans lie within the run", () => {
  assert.equal(parseOrThrow(demoPlan("http://127.0.0.1:1"), "demo", null).plan.name, "demo");
  const spans = demoSpans(19);
  assert.ok(spans.every((span) => span.from < span.to && span.to <= 19));
});
