// The shared memory in which a worker counts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateArena, Arena } from "../../node/load/arena.ts";
import type { ArenaShape } from "../../node/load/arena-layout.ts";
import { shapeOf } from "../../node/load/shape.ts";
import { emptyTotals } from "../../node/metrics/merge.ts";
import { ERROR_KINDS } from "../../node/metrics/results.ts";
import { sketchCount } from "../../node/metrics/sketch.ts";
import { planOf, rate, scenario, step } from "./support.ts";

const SHAPE: ArenaShape = { scenarios: 2, steps: 3, checks: 2, intervals: 4 };

/** A writer and a reader of the same memory. */
function setUp() {
  const memory = allocateArena(SHAPE);
  return { writer: new Arena(SHAPE, memory), reader: new Arena(SHAPE, memory) };
}

test("new memory reads as nothing", () => {
  assert.deepEqual(setUp().reader.totals(), emptyTotals(SHAPE));
});

test("the reader sees what the writer counted, each thing in its own place", () => {
  const { writer, reader } = setUp();
  writer.started(1, 0, 0.5);
  writer.started(1, 1, 1.5);
  writer.completed(1, 20);
  writer.interrupted(1);
  writer.dropped(0, 2, 0);
  writer.dropped(0, 2, 3);
  writer.request(2, 1, false, 100, 2 ** 33, 200);
  writer.request(2, 1, true, 100, 1);
  writer.timings(2, 30, 31, 25);
  writer.timings(2, 40, 41, -1, true);
  writer.phases(1, { blockedMs: 1, connectingMs: 2, tlsMs: 3 }, 4, 5);
  writer.phases(1, null, 6, 0);
  writer.phases(1, null, 7, -1);
  writer.check(0, true);
  writer.check(1, false);
  writer.status(200);
  writer.status(200);
  writer.status(999);
  writer.error(4, 2);
  const totals = reader.totals();
  const [untouched, , detail] = reader.details();
  assert.deepEqual(detail!.outcomes, [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(detail!.errors.flatMap((count, kind) => (count > 0 ? [[kind, count]] : [])), [[4, 1]]);
  assert.deepEqual([detail!.failedDuration.sum, untouched!.failedDuration.sum], [40, 0]);
  const [first, second] = totals.scenarios;
  assert.deepEqual([first!.scheduled, first!.started, first!.dropped], [2, 0, [1, 0, 0, 1, 0]]);
  assert.deepEqual([second!.scheduled, second!.started, second!.dropped], [2, 2, [0, 0, 0, 0, 0]]);
  assert.deepEqual([second!.completed, second!.interrupted], [1, 1]);
  assert.deepEqual([second!.pacing.sum, second!.iterationDuration.sum], [2, 20]);
  assert.deepEqual(second!.phases.map(({ sum }) => sum), [1, 2, 3, 17, 5]);
  assert.deepEqual(second!.phases.map(sketchCount), [3, 3, 3, 3, 2]);
  assert.deepEqual(first!.phases, emptyTotals(SHAPE).scenarios[0]!.phases);
  const counted = totals.steps[2]!;
  assert.deepEqual([counted.requests, counted.failed, counted.bytesSent], [2, 1, 200]);
  assert.equal(counted.bytesReceived, 2 ** 33 + 1);
  assert.deepEqual([counted.duration.sum, counted.latency.sum, counted.waiting.sum], [70, 72, 25]);
  assert.equal(sketchCount(counted.waiting), 1);
  assert.deepEqual(totals.steps.slice(0, 2), emptyTotals(SHAPE).steps.slice(0, 2));
  assert.deepEqual(totals.checks, [
    { passed: 1, failed: 0 },
    { passed: 0, failed: 1 },
  ]);
  assert.deepEqual(totals.status, [
    [0, 1],
    [200, 2],
  ]);
  assert.deepEqual(totals.errors, ERROR_KINDS.map((kind) => (kind === "tls" ? 1 : 0)));
  assert.equal(reader.overall().sum, 70);
  assert.deepEqual(
    [0, 1, 2].map((index) => reader.interval(index)),
    [
      { started: 1, dropped: 0, requests: 0, failed: 0 },
      { started: 1, dropped: 0, requests: 2, failed: 1 },
      { started: 0, dropped: 2, requests: 0, failed: 0 },
    ],
  );
});

test("what happens outside of the series counts in its first or last interval", () => {
  const { writer, reader } = setUp();
  writer.started(0, -1, 0);
  writer.started(0, 99, 0);
  assert.deepEqual(
    [0, 3].map((index) => reader.interval(index).started),
    [1, 1],
  );
});

test("after a crash what was in flight is interrupted, and only that", () => {
  const { writer, reader } = setUp();
  for (let i = 0; i < 5; i++) writer.started(0, 0, 0);
  writer.completed(0, 1);
  writer.completed(0, 1);
  writer.interrupted(0);
  reader.abandon();
  const { started, completed, interrupted } = reader.totals().scenarios[0]!;
  assert.deepEqual([started, completed, interrupted], [5, 2, 3]);
});

test("after a crash what was in hand was started and is interrupted, once; what was counted by then is not counted again", () => {
  for (const [then, expected] of [
    [() => {}, { scheduled: 1, started: 1, interrupted: 1 }],
    [(arena: Arena) => arena.started(1, 0, null), { scheduled: 1, started: 1, interrupted: 1 }],
    [(arena: Arena) => arena.dropped(1, 0, 0), { scheduled: 1, started: 0, interrupted: 0 }],
  ] as const) {
    const { writer, reader } = setUp();
    writer.take(1, 70);
    then(writer);
    reader.abandon();
    reader.abandon();
    const { scheduled, started, interrupted } = reader.totals().scenarios[1]!;
    assert.deepEqual([{ scheduled, started, interrupted }, reader.resumeAtMs(1)], [expected, 70]);
    assert.equal(reader.totals().scenarios[0]!.scheduled, 0);
  }
});

test("an arena has room for every step, check and interval of the plan, however long it runs", () => {
  const check = { name: "c", kind: "body" as const, contains: "x" };
  const flow = [step("/a", { checks: [check, check] }), { kind: "think" as const, minMs: 1, maxMs: 1 }, step("/b")];
  const of = (durationMs: number, gracefulStopMs: number) =>
    shapeOf(planOf("http://x", scenario(rate(1, 1, durationMs), flow, { gracefulStopMs })));
  assert.deepEqual(of(10_000, 3_000), { scenarios: 1, steps: 2, checks: 2, intervals: 14 });
  assert.ok(of(7 * 86_400_000, 86_400_000).intervals <= 721);
});
