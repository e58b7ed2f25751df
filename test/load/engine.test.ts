// The engine as a whole, with the target as the judge of what it sent.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { ScenarioTotals, Snapshot } from "../../node/metrics/results.ts";
import { sketchCount } from "../../node/metrics/sketch.ts";
import { LoadswarmError } from "../../node/plan/errors.ts";
import { cut } from "../../node/plan/stripe.ts";
import { ALL, assignmentOf, planOf, rate, run, scenario, startEngine, startTarget, step, swarmNow } from "./support.ts";

const COUNTED = step("/k/{{ iterationInTest }}");

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const first = (snapshot: Snapshot): ScenarioTotals => snapshot.totals.scenarios[0]!;
const numbersOf = (urls: readonly string[]) => urls.map((url) => Number(url.split("/").at(-1)));

/** scheduled = started + dropped in every report; started = completed + interrupted in the last one. */
function assertBalanced(snapshots: readonly Snapshot[]): void {
  assert.ok(snapshots.length > 0);
  for (const { totals, done } of snapshots) {
    for (const { scheduled, started, dropped, completed, interrupted } of totals.scenarios) {
      assert.equal(scheduled, started + sum(dropped));
      assert.ok(completed + interrupted <= started);
      if (done) assert.equal(completed + interrupted, started);
    }
  }
}

function assertUnique(numbers: readonly number[]): void {
  assert.equal(new Set(numbers).size, numbers.length, "an arrival was started twice");
}

// They mostly wait for the clock, so they wait together.
suite("load engine", { concurrency: 3 }, () => {
  test("what a constant rate schedules, the target counts: every arrival once, over several workers", async () => {
    await using target = await startTarget();
    const { last, snapshots, faults } = await run(planOf(target.url, scenario(rate(300, 300, 2_000), [COUNTED])), {
      workers: 2,
    });
    const totals = first(last);
    assert.equal(totals.scheduled, 600);
    assert.equal(totals.started, target.seen.length);
    assert.equal(last.totals.steps[0]!.requests, target.seen.length);
    assert.deepEqual(last.totals.status, [[200, target.seen.length]]);
    assertUnique(numbersOf(target.seen));
    assert.ok(numbersOf(target.seen).every((k) => k >= 0 && k < 600));
    assertBalanced(snapshots);
    assert.deepEqual(faults, []);
  });

  test("another start that wins before either has come replaces the first; one that comes later changes nothing", async () => {
    await using target = await startTarget();
    await using harness = startEngine();
    const { engine } = harness;
    await harness.warmUp();
    const plan = planOf(target.url, scenario(rate(100, 100, 500), [COUNTED]));
    const early = assignmentOf(plan, 400);
    engine.assign(early);
    const late = assignmentOf(plan, 900);
    engine.assign(late);
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(target.seen.length, 0, "the first start has passed");
    await new Promise((resolve) => setTimeout(resolve, 400));
    engine.assign(early);
    const last = await harness.done;
    assert.deepEqual([first(last).scheduled, first(last).started], [50, target.seen.length]);
    assertUnique(numbersOf(target.seen));
  });

  test("a thread that hangs in a regular expression is replaced, and the run ends", async () => {
    const hanging = `${"a".repeat(40)}!`;
    await using target = await startTarget((_, response) => response.end(hanging));
    const captures = [{ variable: "x", source: { kind: "regex" as const, pattern: "(a+)+$" } }];
    const { last, snapshots, faults } = await run(planOf(target.url, scenario(rate(4, 4, 500), [{ ...COUNTED, captures }])));
    assert.match(String(faults[0]?.message), /crashed and is replaced: it hung/);
    assert.deepEqual([first(last).scheduled, first(last).started], [2, target.seen.length]);
    assertBalanced(snapshots);
  });

  test("reports come with rising sequences, and the series adds up to the totals", async () => {
    await using target = await startTarget();
    const { last, snapshots } = await run(planOf(target.url, scenario(rate(100, 100, 3_200), [COUNTED])));
    assert.deepEqual(
      snapshots.map(({ sequence }) => sequence),
      snapshots.map((_, i) => i + 1),
    );
    assert.ok(snapshots.length >= 3, `${snapshots.length} reports`);
    assert.deepEqual(
      snapshots.map(({ done }) => done),
      snapshots.map((_, i) => i === snapshots.length - 1),
    );
    assert.deepEqual(
      last.points.map(({ index }) => index),
      last.points.map((_, i) => i),
    );
    const totals = first(last);
    assert.equal(sum(last.points.map(({ started }) => started)), totals.started);
    assert.equal(sum(last.points.map(({ dropped }) => dropped)), sum(totals.dropped));
    assert.equal(sum(last.points.map(({ requests }) => requests)), last.totals.steps[0]!.requests);
    const durations = sum(last.points.map(({ duration }) => sketchCount(duration)));
    assert.equal(durations, sketchCount(last.totals.steps[0]!.duration));
    assert.equal(sketchCount(totals.pacing), totals.started);
    assert.equal(sketchCount(totals.iterationDuration), totals.completed);
  });

  test("a ramp schedules the area under it", async () => {
    await using target = await startTarget();
    const { last } = await run(planOf(target.url, scenario(rate(0, 400, 1_500), [COUNTED])));
    assert.equal(first(last).scheduled, 300);
    assert.equal(first(last).started, target.seen.length);
    assertUnique(numbersOf(target.seen));
  });

  test("a stop in the middle schedules nothing due after it", async () => {
    await using target = await startTarget();
    await using harness = startEngine();
    await harness.warmUp();
    const assignment = assignmentOf(planOf(target.url, scenario(rate(200, 200, 60_000), [COUNTED])), 100);
    harness.engine.assign(assignment);
    harness.engine.assign({ ...assignment, endAtMs: assignment.startAtMs + 800 });
    const last = await harness.done;
    assert.equal(first(last).scheduled, 160);
    assert.equal(first(last).started, target.seen.length);
    assert.ok(numbersOf(target.seen).every((k) => k < 160));
    assertBalanced(harness.snapshots);
  });

  test("a stop in the past ends a run at once", async () => {
    const { promise: busy, resolve } = Promise.withResolvers<void>();
    await using target = await startTarget((_, response) => {
      response.end();
      if (target.seen.length > 50) resolve();
    });
    await using harness = startEngine();
    await harness.warmUp();
    const assignment = assignmentOf(planOf(target.url, scenario(rate(200, 200, 60_000), [COUNTED])), 100);
    harness.engine.assign(assignment);
    await busy;
    harness.engine.assign({ ...assignment, endAtMs: swarmNow() - 1 });
    const last = await harness.done;
    assert.equal(first(last).started, target.seen.length);
    assert.ok(target.seen.length < 60_000 / 5);
    assertBalanced(harness.snapshots);
  });

  test("two agents that change shares in the middle take every arrival once", async () => {
    await using target = await startTarget();
    await using left = startEngine({ workers: 2, member: "left" });
    await using right = startEngine({ member: "right" });
    const plan = planOf(target.url, scenario(rate(200, 200, 2_400), [COUNTED]));
    const [most, rest] = cut([3, 1]);
    const [half, other] = cut([1, 1]);
    await Promise.all([left.warmUp(), right.warmUp()]);
    const base = assignmentOf(plan, 200);
    const { startAtMs } = base;
    left.engine.assign({ ...base, segments: [{ fromMs: startAtMs, stripe: most! }] });
    right.engine.assign({ ...base, segments: [{ fromMs: startAtMs, stripe: rest! }] });
    // Known well before it holds, as the view agreement has it, but on its way at different times.
    const changeAtMs = startAtMs + 1_203.7;
    await new Promise((later) => setTimeout(later, 600));
    left.engine.assign({
      ...base,
      segments: [
        { fromMs: startAtMs, stripe: most! },
        { fromMs: changeAtMs, stripe: half! },
      ],
    });
    right.engine.assign({
      ...base,
      segments: [
        { fromMs: startAtMs, stripe: rest! },
        { fromMs: changeAtMs, stripe: other! },
      ],
    });
    const both = await Promise.all([left.done, right.done]);
    assert.equal(sum(both.map((last) => first(last).scheduled)), 480);
    assert.equal(sum(both.map((last) => first(last).started)), target.seen.length);
    assertUnique(numbersOf(target.seen));
    assertBalanced([...left.snapshots, ...right.snapshots]);
  });

  test("an engine has no thread until something is assigned, and none after it is closed", async () => {
    await using target = await startTarget();
    const spawned: Worker[] = [];
    const spawn = (settings: unknown) => {
      const worker = new Worker(new URL("../../node/load/worker.ts", import.meta.url), { workerData: settings });
      spawned.push(worker);
      return worker;
    };
    const harness = startEngine({ workers: 2 }, spawn);
    assert.equal(spawned.length, 0);
    const plan = planOf(target.url, scenario(rate(20, 20, 500), [COUNTED]));
    harness.engine.assign(assignmentOf(plan, 300));
    assert.equal(spawned.length, 2);
    await harness.done;
    harness.engine.assign(assignmentOf(plan, 0));
    assert.equal(spawned.length, 2);
    await harness.engine.close();
    assert.ok(spawned.every((worker) => worker.threadId === -1));
    assert.equal(harness.snapshots.filter(({ done }) => done).length, 1, "news of a finished run began it anew");
  });

  test("a crashed thread is replaced: no arrival is started twice and none is forgotten", async () => {
    const { promise: busy, resolve } = Promise.withResolvers<void>();
    await using target = await startTarget((_, response) => {
      response.end();
      if (target.seen.length > 60) resolve();
    });
    const spawned: Worker[] = [];
    await using harness = startEngine({}, (settings) => {
      const worker = new Worker(new URL("../../node/load/worker.ts", import.meta.url), { workerData: settings });
      spawned.push(worker);
      return worker;
    });
    await harness.warmUp();
    harness.engine.assign(assignmentOf(planOf(target.url, scenario(rate(200, 200, 6_000), [COUNTED])), 100));
    await busy;
    await spawned[0]!.terminate();
    const last = await harness.done;
    assert.equal(spawned.length, 2);
    assert.equal(harness.faults.length, 1);
    assert.ok(harness.faults[0] instanceof LoadswarmError);
    assert.equal(first(last).scheduled, 1_200);
    assertUnique(numbersOf(target.seen));
    // What was on the point of being sent when the thread died was started, but did not reach the target.
    assert.ok(target.seen.length <= first(last).started);
    assert.ok(first(last).started - target.seen.length <= first(last).interrupted);
    assert.ok(Math.max(...numbersOf(target.seen)) > 900, "the new thread did nothing");
    assertBalanced(harness.snapshots);
  });

  test("closing in the middle of a run reports what was counted, and what was in flight as interrupted", async () => {
    const { promise: busy, resolve } = Promise.withResolvers<void>();
    await using target = await startTarget(() => {
      if (target.seen.length === 10) resolve();
    });
    const harness = startEngine();
    await harness.warmUp();
    harness.engine.assign(assignmentOf(planOf(target.url, scenario(rate(50, 50, 60_000), [COUNTED])), 100));
    await busy;
    await harness.engine.close();
    const last = await harness.done;
    assert.ok(first(last).started >= 10);
    assert.equal(first(last).interrupted, first(last).started);
    assertBalanced(harness.snapshots);
  });

  test("more than maxVUs iterations are never in flight; what does not fit is dropped by that name", async () => {
    let open = 0;
    let most = 0;
    await using target = await startTarget(() => {
      open++;
      most = Math.max(most, open);
    });
    const plan = planOf(target.url, scenario(rate(100, 100, 1_000, 7), [COUNTED], { gracefulStopMs: 100 }));
    const { last, snapshots } = await run(plan, { workers: 2 });
    const totals = first(last);
    assert.equal(most, 7);
    assert.equal(totals.started, 7);
    assert.equal(totals.interrupted, 7);
    assert.equal(totals.scheduled, 100);
    assert.equal(totals.dropped[1]! + totals.dropped[0]!, 93);
    assert.ok(totals.dropped[1]! > 0);
    // Sent and counted by the target, so counted here, but nobody knows whether they would have failed.
    assert.equal(last.totals.steps[0]!.requests, 7);
    assert.equal(last.totals.steps[0]!.failed, 0);
    assertBalanced(snapshots);
  });

  test("a scenario begins at its own start time, beside the others", async () => {
    await using target = await startTarget();
    const plan = planOf(
      target.url,
      scenario(rate(50, 50, 1_000), [step("/a/{{ iterationInTest }}")]),
      scenario(rate(50, 50, 400), [{ kind: "think", minMs: 1, maxMs: 2 }, step("/b/{{ iterationInTest }}")], {
        name: "second",
        startTimeMs: 1_000,
      }),
    );
    const { last } = await run(plan);
    assert.deepEqual(
      last.totals.scenarios.map(({ scheduled }) => scheduled),
      [50, 20],
    );
    assert.deepEqual(
      last.totals.steps.map(({ requests }) => requests),
      ["/a/", "/b/"].map((prefix) => target.seen.filter((url) => url.startsWith(prefix)).length),
    );
    assert.equal(last.points[0]!.started + last.points[0]!.dropped, 50);
  });

  test("a target that the agent does not allow is never connected to", async () => {
    await using target = await startTarget();
    const plan = planOf(target.url, scenario(rate(50, 50, 400), [COUNTED]));
    const { last, snapshots } = await run(plan, { guard: { allow: ["192.0.2.0/24"] } });
    const { started } = first(last);
    assert.ok(started > 0);
    assert.deepEqual(target.seen, []);
    assert.equal(last.totals.errors[7], started);
    assert.equal(last.totals.steps[0]!.failed, started);
    assertBalanced(snapshots);
  });

  test("a template cannot lead a request away from the targets of the plan", async () => {
    await using target = await startTarget();
    await using other = await startTarget();
    const flow = [step(`${other.url}/{{ iterationInTest }}`), step("//127.0.0.1:1/x"), COUNTED];
    const { last } = await run(planOf(target.url, scenario(rate(50, 50, 400), flow)));
    const { started } = first(last);
    assert.ok(started > 0);
    assert.deepEqual(other.seen, []);
    assert.equal(last.totals.errors[7], 2 * started);
    assert.equal(target.seen.length, started);
  });

  test("a plan whose templates cannot work is a fault, and the run is over for this agent", async () => {
    const harness = startEngine();
    const plan = planOf("http://127.0.0.1:1", scenario(rate(20, 20, 300), [step("/{{ nothing }}")]));
    harness.engine.assign(assignmentOf(plan, 0, { segments: [{ fromMs: 0, stripe: ALL }] }));
    const last = await harness.done;
    assert.equal(harness.faults.length, 1);
    assert.match(harness.faults[0]!.message, /nothing/);
    assert.equal(first(last).scheduled, 0);
    await harness.engine.close();
  });
});
