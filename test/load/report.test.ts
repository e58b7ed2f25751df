// What an agent reports, and when an interval is sent again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RunReport } from "../../node/load/report.ts";
import type { Snapshot } from "../../node/metrics/results.ts";
import { sketchCount } from "../../node/metrics/sketch.ts";
import { planOf, rate, scenario, step } from "./support.ts";

const START = 1_000_000;
const plan = planOf("http://127.0.0.1", scenario(rate(1, 1, 20_000), [step("/")]));

const setUp = () => new RunReport("run", "agent", plan, START);
const indices = ({ points }: Snapshot) => points.map(({ index }) => index);
const durations = ({ points }: Snapshot) => points.map(({ duration }) => sketchCount(duration));

test("a report holds the last two intervals, the final one all of them", () => {
  const report = setUp();
  report.addArena();
  assert.deepEqual(indices(report.snapshot(START + 999, false)), [0]);
  assert.deepEqual(indices(report.snapshot(START + 1_999, false)), [0, 1]);
  assert.deepEqual(indices(report.snapshot(START + 2_999, false)), [1, 2]);
  assert.deepEqual(indices(report.snapshot(START + 3_999, true)), [0, 1, 2, 3]);
});

test("an interval that changed after all is sent again", () => {
  const report = setUp();
  const { arena } = report.addArena();
  report.snapshot(START + 4_999, false);
  arena.dropped(0, 1, 0);
  const { points } = report.snapshot(START + 5_999, false);
  assert.deepEqual(
    points.map(({ index, dropped }) => [index, dropped]),
    [
      [1, 1],
      [4, 0],
      [5, 0],
    ],
  );
});

test("durations stand in the interval in which requests ended since the report before", () => {
  const report = setUp();
  const { arena } = report.addArena();
  arena.request(0, 0, false, 1, 1);
  arena.timings(0, 5, 5, 5);
  assert.deepEqual(durations(report.snapshot(START + 999, false)), [1]);
  arena.request(0, 1, false, 1, 1);
  arena.timings(0, 6, 6, 6);
  // Late: the second interval is over and nothing has ended in the third.
  assert.deepEqual(durations(report.snapshot(START + 2_003, true)), [1, 1, 0]);
});

test("what all workers counted is added up, also of one that has been replaced", () => {
  const report = setUp();
  const first = report.addArena().arena;
  first.started(0, 0, 1);
  first.abandon();
  const second = report.addArena().arena;
  second.started(0, 0, 1);
  second.completed(0, 9);
  const { totals, points, sequence } = report.snapshot(START + 999, true);
  const { scheduled, started, completed, interrupted } = totals.scenarios[0]!;
  assert.deepEqual([scheduled, started, completed, interrupted], [2, 2, 1, 1]);
  assert.equal(points[0]!.started, 2);
  assert.equal(sequence, 1);
  assert.equal(report.snapshot(START + 1_999, true).sequence, 2);
});
