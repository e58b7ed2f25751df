// Threads judged second by second: each by its own signs, and by those of that second alone.

import assert from "node:assert/strict";
import type { EventLoopUtilization } from "node:perf_hooks";
import { test } from "node:test";
import { allocateArena, Arena } from "../../node/load/arena.ts";
import { type Busy, RunDiagnosis } from "../../node/load/diagnosis.ts";
import { RunReport } from "../../node/load/report.ts";
import { shapeOf } from "../../node/load/shape.ts";
import { DROP_REASONS, type DropReason } from "../../node/metrics/results.ts";
import { planOf, rate, scenario, step } from "./support.ts";

const plan = planOf("http://127.0.0.1", scenario(rate(1, 1, 20_000), [step("/")]), scenario(rate(1, 1, 20_000), []));
const SHAPE = shapeOf(plan);
const newArena = () => new Arena(SHAPE, allocateArena(SHAPE));

/** A thread that is busy for such a part of every look. */
function busy(part: number): Busy & { part: number } {
  let active = 0;
  let idle = 0;
  const thread = {
    part,
    performance: {
      eventLoopUtilization(now?: EventLoopUtilization, before?: EventLoopUtilization): EventLoopUtilization {
        if (now !== undefined && before !== undefined) {
          const since = now.active - before.active;
          return { active: since, idle: now.idle - before.idle, utilization: since / (since + now.idle - before.idle) };
        }
        active += thread.part;
        idle += 1 - thread.part;
        return { active, idle, utilization: active / (active + idle) };
      },
    },
  };
  return thread;
}

function starts(arena: Arena, count: number, pacingMs: number): void {
  for (let i = 0; i < count; i++) arena.started(i % 2, 0, pacingMs);
}

const drop = (arena: Arena, reason: DropReason, times = 1) => arena.dropped(1, 0, DROP_REASONS.indexOf(reason), times);

test("each thread is judged by itself, and by what has happened since the last look", () => {
  const diagnosis = new RunDiagnosis(() => 0);
  const threads = [busy(0.5), busy(0.9), busy(0.99)].map((thread) => ({ thread, arena: newArena() }));
  const verdicts = () => diagnosis.look(threads).map(({ verdict }) => verdict);
  assert.deepEqual(verdicts(), ["ok", "ok", "ok"], "how busy they were before is none of the run's business");
  assert.deepEqual(verdicts(), ["ok", "strained", "bottleneck"]);
  starts(threads[0]!.arena, 100, 5);
  assert.deepEqual(verdicts(), ["strained", "strained", "bottleneck"]);
  starts(threads[0]!.arena, 100, 0.5);
  threads[1]!.thread.part = 0.1;
  assert.deepEqual(verdicts(), ["ok", "ok", "bottleneck"]);
});

test("what a thread misses by its own limits counts, what the plan, a person or the target keeps it from does not", () => {
  for (const [reason, verdict] of [
    ["late", "bottleneck"],
    ["no_connection", "bottleneck"],
    ["max_vus", "ok"],
    ["max_duration", "ok"],
    ["stopped", "ok"],
  ] as const) {
    const diagnosis = new RunDiagnosis(() => 0);
    const arena = newArena();
    const look = () => diagnosis.look([{ thread: busy(0), arena }])[0]!;
    starts(arena, 100, 0.5);
    assert.equal(look().verdict, "ok");
    drop(arena, reason, 100);
    const found = look();
    assert.deepEqual([found.verdict, found.scheduled, found.started], [verdict, 100, 0], reason);
    assert.equal(look().verdict, "ok");
  }
});

test("a quota that was used up makes all threads the bottleneck in that second", () => {
  let periods = 7;
  const diagnosis = new RunDiagnosis(() => periods);
  const threads = [busy(0.1), busy(0.1)].map((thread) => ({ thread, arena: newArena() }));
  const verdicts = () => diagnosis.look(threads).map(({ verdict }) => verdict);
  assert.deepEqual(verdicts(), ["ok", "ok"]);
  periods = 8;
  assert.deepEqual(verdicts(), ["bottleneck", "bottleneck"]);
  assert.deepEqual(verdicts(), ["ok", "ok"]);
});

test("a thread that is being replaced starts nothing; its successor is judged from its own beginning", () => {
  const diagnosis = new RunDiagnosis(() => 0);
  const arena = newArena();
  starts(arena, 500, 9);
  const look = (thread: Busy | null, of: Arena) => diagnosis.look([{ thread, arena: of }])[0]!.verdict;
  assert.equal(look(busy(0.2), arena), "strained");
  assert.equal(look(null, arena), "bottleneck");
  const next = newArena();
  starts(next, 100, 1);
  const successor = busy(0.2);
  assert.equal(look(successor, next), "ok");
  assert.equal(look(successor, next), "ok");
});

test("a report bears the verdict of each interval, the worst of its seconds and threads", () => {
  const report = new RunReport("run", "agent", plan, 1_000_000);
  const threads = [report.addArena(), report.addArena()].map(({ arena }) => ({ arena, thread: busy(0.1) }));
  const marks = () => report.snapshot(1_003_999, true).points.map(({ strained, bottleneck }) => [strained, bottleneck]);
  report.diagnose(threads, 1_000_999);
  starts(threads[1]!.arena, 50, 4);
  report.diagnose(threads, 1_001_999);
  drop(threads[0]!.arena, "late");
  report.diagnose(threads, 1_002_999);
  assert.deepEqual(marks(), [[0, 0], [1, 0], [0, 1], [0, 0]]);
  report.diagnose(threads, 1_002_999);
  assert.deepEqual(marks()[2], [0, 1], "a good second does not make good a bad one");
  assert.equal(report.measure({} as never).threads.length, 2);
});
