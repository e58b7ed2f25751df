// The printed summary is exactly what the fixtures say.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bytes, duration, percent, printable } from "../../node/cli/format.ts";
import { wantsColour } from "../../node/cli/io.ts";
import { junit } from "../../node/cli/junit.ts";
import { summaryText } from "../../node/cli/summary-text.ts";
import { fullSummary } from "./summaries.ts";

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8");

test("a full summary prints as the golden file", () => {
  assert.equal(summaryText(fullSummary(), false), fixture("summary.txt"));
});

test("colours add nothing but colours", () => {
  const coloured = summaryText(fullSummary(), true);
  assert.match(coloured, /\u001b\[31m✗\u001b\[0m 'p\(99\)<90'/);
  assert.equal(coloured.replace(/\u001b\[\d+m/g, ""), fixture("summary.txt"));
});

test("colours are for terminals, and not with NO_COLOR", () => {
  assert.equal(wantsColour({ isTTY: true }, {}), true);
  assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: "1" }), false);
  assert.equal(wantsColour({}, {}), false);
});

test("a run in which nothing happened prints without the sections it has nothing for", () => {
  const text = summaryText(
    fullSummary({
      durationSeconds: 0,
      iterations: { scheduled: 0, started: 0, completed: 0, dropped: { late: 0 }, lost: 0 },
      requests: { total: 0, failed: 0, rate: 0, bytesSent: 0, bytesReceived: 0 },
      metrics: {},
      steps: {},
      checks: {},
      status: {},
      errors: [],
      thresholds: [],
    }),
    false,
  );
  assert.doesNotMatch(text, /NaN|Infinity|undefined|THRESHOLDS|errors|checks_total/);
  assert.match(text, /scheduled 0 = started 0 \+ dropped 0 \+ lost 0/);
});

test("thresholds and checks become JUnit test cases", () => {
  assert.equal(junit(fullSummary()), fixture("summary.junit.xml"));
});

test("names cannot break out of the XML", () => {
  const xml = junit(fullSummary({ plan: 'a"><b>&', checks: { "x\u0000<y>": { passes: 1, fails: 0 } } }));
  assert.match(xml, /name="a&quot;&gt;&lt;b&gt;&amp;"/);
  assert.match(xml, /name="x\ufffd&lt;y&gt;"/);
});

test("numbers as people read them", () => {
  const durations: [number, string][] = [
    [0, "0s"],
    [0.0005, "500ns"],
    [0.3456, "345.6µs"],
    [117.424, "117.42ms"],
    [1500, "1.5s"],
    [123_000, "2m3s"],
    [3_723_000, "1h2m3s"],
  ];
  for (const [ms, text] of durations) assert.equal(duration(ms), text);
  assert.deepEqual([0, 999, 1234, 5e9, 5e12].map(bytes), ["0 B", "999 B", "1.23 kB", "5 GB", "5 TB"]);
  assert.deepEqual([0, 0.5, 0.99999, 1].map(percent), ["0.00%", "50.00%", "99.99%", "100.00%"]);
  assert.equal(printable("a\u001b[2Jb\u009bc\n"), "a\ufffd[2Jb\ufffdc\n");
});

test("an error that the plan can avoid says how", () => {
  const text = summaryText(fullSummary({ errors: [{ kind: "version", count: 3 }, { kind: "reset", count: 5 }] }), false);
  assert.match(text, /errors {2}reset: 5 {3}version: 3\n +version: the target offers only HTTP\/1\.1; .*version: auto/);
});
