// What a sequence of pushes looks like to a receiver: beginnings, ends, and clocks that step.

import assert from "node:assert/strict";
import { it } from "node:test";
import { RUN_METERS } from "../../node/metrics/meters.ts";
import { SeriesTable, STALE } from "../../node/metrics/series-table.ts";
import { COMMON, durations, gauge, reading, requests, SKETCH, START } from "./readings.ts";

const points = (batch: ReturnType<SeriesTable["step"]>) =>
  batch.entries.map(({ points }) =>
    points.map(({ atMs, value }) => [atMs - START, typeof value === "object" ? value.count : value]),
  );

const setUp = () => new SeriesTable(COMMON, "native");

it("a new counter or histogram begins with a zero where it began to count; a gauge does not", () => {
  const batch = setUp().step([requests(7), gauge(3), durations(SKETCH)], START + 2000);
  assert.deepEqual(points(batch), [
    [
      [0, 0],
      [2000, 7],
    ],
    [[2000, 3]],
    [
      [0, 0],
      [2000, 6],
    ],
  ]);
  assert.deepEqual([batch.samples, batch.histograms], [3, 2]);
});

it("one that appears later begins at the push before, which is where it was still zero", () => {
  const table = setUp();
  table.step([requests(1)], START + 5000);
  const batch = table.step(
    [requests(2), reading(RUN_METERS.errors, 4, "r-1", "browse", "search", "reset")],
    START + 10_000,
  );
  assert.deepEqual(points(batch), [
    [[10_000, 2]],
    [
      [5000, 0],
      [10_000, 4],
    ],
  ]);
});

it("a counter of a run that has not begun has no zero in the future", () => {
  assert.deepEqual(points(setUp().step([requests(0)], START - 1000)), [[[-1000, 0]]]);
});

it("what is not read any more ends, once", () => {
  const table = setUp();
  table.step([requests(1), gauge(3)], START + 5000);
  assert.deepEqual(points(table.step([gauge(3)], START + 10_000)), [[[10_000, 3]], [[10_000, STALE]]]);
  assert.deepEqual(points(table.step([gauge(3)], START + 15_000)), [[[15_000, 3]]]);
  assert.deepEqual(points(table.step([], START + 20_000)), [[[20_000, STALE]]]);
  assert.equal(table.size, 0);
});

it("a clock that steps back does not make samples out of order", () => {
  const table = setUp();
  table.step([gauge(1)], START + 5000);
  assert.deepEqual(points(table.step([gauge(2)], START - 60_000)), [[[5001, 2]]]);
  assert.deepEqual(points(table.step([gauge(3)], START + 5000.9)), [[[5002, 3]]]);
});

it("a series keeps its identity, so that its labels are encoded once", () => {
  const table = setUp();
  const first = table.step([requests(1)], START + 5000).entries[0]!.series;
  assert.equal(table.step([requests(2)], START + 10_000).entries[0]!.series, first);
});

it("a classic histogram is 14 series, each with its zero", () => {
  const batch = new SeriesTable(COMMON, "classic").step([durations(SKETCH)], START + 5000);
  assert.equal(batch.entries.length, 14);
  assert.deepEqual([batch.samples, batch.histograms], [28, 0]);
});

it("two readings of one series are one point: a receiver would refuse both, and all else with them", () => {
  const table = new SeriesTable(COMMON, "native");
  const { entries, samples } = table.step([requests(7), requests(9), gauge(1)], START + 1000);
  assert.equal(entries.length, 2);
  assert.deepEqual([entries[0]!.points.at(-1)!.value, samples], [7, 3]);
  assert.equal(table.step([requests(8), requests(9)], START + 2000).entries[0]!.points[0]!.value, 8);
});
