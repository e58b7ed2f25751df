// Durations and rates: read, bounded, written back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { formatDuration, readDuration, readPerSecond, readPositiveDuration, readRate } from "../../node/plan/units.ts";
import { forSeeds } from "../support/random.ts";

for (const [input, ms] of [
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["500ms", 500],
  ["2h", 7_200_000],
  ["1d", 86_400_000],
  ["1.1s", 1100],
  ["1h2m3s4ms", 3_723_004],
  ["0s", 0],
  ["7d", 604_800_000],
  [1500, 1500],
  [0, 0],
  [0.5, 0.5],
] as const) {
  test(`the duration ${JSON.stringify(input)} is ${ms} ms`, () => {
    assert.deepEqual(readDuration(input), { ok: true, value: ms });
  });
}

for (const input of [
  "",
  "30",
  "s",
  "-1s",
  "1 s",
  " 1s",
  "1s ",
  "1e3s",
  "1x",
  "1sm",
  ".5s",
  "1..5s",
  "30S",
  "∞",
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  null,
  true,
  [],
  {},
  "8d",
  604_800_001,
  "9".repeat(15) + "d",
  "1s".repeat(100),
]) {
  test(`${JSON.stringify(input)?.slice(0, 30)} is no duration a plan may have, and the fault shows it`, () => {
    const read = readDuration(input);
    assert.ok(!read.ok);
    assert.match(read.message, /^must be .*, is /);
  });
}

test("zero is a duration, but not a positive one", () => {
  assert.equal(readDuration("0ms").ok, true);
  assert.equal(readPositiveDuration("0ms").ok, false);
  assert.equal(readPositiveDuration("1ms").ok, true);
});

test("a duration that is written is read as the same number", () => {
  for (const [ms, text] of [
    [0, "0s"],
    [1, "1ms"],
    [999.5, "999.5ms"],
    [1500, "1.5s"],
    [90_000, "1m30s"],
    [86_400_000, "1d"],
  ] as const) {
    assert.equal(formatDuration(ms), text);
  }
  forSeeds(500, (random) => {
    const ms = random.pick([
      random.integer(0, 604_800_000),
      random.integer(0, 604_800) * 1000,
      random.integer(0, 5000) / 8,
    ]);
    assert.deepEqual(readDuration(formatDuration(ms)), { ok: true, value: ms });
  });
});

for (const [input, timeUnitMs, perSecond] of [
  [600, 1000, 600],
  ["600", 1000, 600],
  ["600/s", 1000, 600],
  ["5k/s", 1000, 5000],
  ["300/m", 1000, 5],
  ["1.5M/h", 1000, 1_500_000 / 3600],
  [60, 60_000, 1],
  ["5k", 60_000, 5000 / 60],
  ["600/s", 60_000, 600],
  [0, 1000, 0],
  ["1000M/s", 1000, 1e9],
] as const) {
  test(`the rate ${JSON.stringify(input)} with a time unit of ${timeUnitMs} ms is ${perSecond}/s`, () => {
    assert.deepEqual(readPerSecond(input, timeUnitMs), { ok: true, value: perSecond });
  });
}

for (const input of [
  "",
  "-1",
  "1/d",
  "1/ms",
  "1K/s",
  "1 /s",
  "k/s",
  "1e9/s",
  "0x10",
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  null,
  false,
  {},
  "1001M/s",
]) {
  test(`${JSON.stringify(input)} is no rate`, () => assert.equal(readRate(input).ok, false));
}

test("a bare number is bounded by what it means in its time unit", () => {
  assert.equal(readPerSecond(2e9, 1000).ok, false);
  assert.equal(readPerSecond(2e9, 10_000).ok, true);
  assert.equal(readPerSecond(1000, 1e-6).ok, false);
});
