// Leases and changes of swarm time with real threads: the target is the judge.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DROP_REASONS } from "../../node/metrics/results.ts";
import type { Executor, Step } from "../../node/plan/types.ts";
import { assignmentOf, planOf, rate, scenario, startEngine, startTarget, step, swarmNow } from "./support.ts";
import { forkStoppable } from "./stoppable-process.ts";

const COUNTED = step("/k/{{ iterationInTest }}");
const LATE = DROP_REASONS.indexOf("late");
/** Of the process in stoppable.ts. */
const STOPPABLE_THREADS = 2;
const FOREVER = Number.POSITIVE_INFINITY;

const numbersOf = (urls: readonly string[]) => urls.map((url) => Number(url.split("/").at(-1)));

/** A target that says when it has seen so many requests. */
async function startCounting() {
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const target = await startTarget((_, response) => {
    response.end("ok");
    for (const { count, resolve } of waiting) if (target.seen.length >= count) resolve();
  });
  const sees = (more: number) =>
    new Promise<void>((resolve) => void waiting.push({ count: target.seen.length + more, resolve }));
  return Object.assign(target, { sees });
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const users: Executor = { kind: "constant-vus", vus: 4, durationMs: 60_000 };
const think: Step = { kind: "think", minMs: 5, maxMs: 10 };

suite("leases", { concurrency: 3 }, () => {
  for (const [what, executor, flow] of [
    ["an arrival rate", rate(200, 200, 60_000), [COUNTED]],
    ["virtual users", users, [COUNTED, think]],
    ["iterations with several requests", rate(50, 50, 60_000), [COUNTED, think, COUNTED, think, COUNTED]],
  ] as const) {
    test(`${what}: without a lease the target sees nothing, with one it does, and again when it is renewed`, async () => {
      await using target = await startCounting();
      await using harness = startEngine({ workers: 2 });
      const { engine } = harness;
      await harness.warmUp();
      engine.setLease(swarmNow() - 1);
      engine.assign(assignmentOf(planOf(target.url, scenario(executor, flow)), 0));
      await later(300);
      assert.equal(target.seen.length, 0);
      engine.setLease(FOREVER);
      await target.sees(20);
      engine.setLease(swarmNow() - 1);
      // What had been sent by then has arrived.
      await later(300);
      const seen = target.seen.length;
      await later(300);
      assert.equal(target.seen.length, seen);
      engine.setLease(swarmNow() + 60_000);
      await target.sees(20);
    });
  }

  test("what falls due without a lease is nobody's here: not started, not dropped, not caught up with", async () => {
    await using target = await startCounting();
    await using harness = startEngine();
    const { engine } = harness;
    await harness.warmUp();
    engine.setLease(swarmNow() - 1);
    const assignment = assignmentOf(planOf(target.url, scenario(rate(500, 500, 2_000), [COUNTED])), 0);
    engine.assign(assignment);
    await later(700);
    const renewedMs = swarmNow() - assignment.startAtMs;
    engine.setLease(FOREVER);
    const { totals } = await harness.done;
    const { scheduled, started, dropped } = totals.scenarios[0]!;
    assert.equal(started, target.seen.length);
    const first = Math.min(...numbersOf(target.seen));
    assert.ok(first >= renewedMs / 2, `arrival ${first} was due ${renewedMs - 2 * first} ms before the lease`);
    assert.equal(scheduled, started + dropped[LATE]!);
    assert.ok(scheduled <= 1_000 - renewedMs / 2);
  });

  test("a run that ignores leases goes on without one", async () => {
    await using target = await startCounting();
    await using harness = startEngine();
    await harness.warmUp();
    harness.engine.setLease(swarmNow() - 1);
    const plan = planOf(target.url, scenario(rate(100, 100, 300), [COUNTED, COUNTED]));
    harness.engine.assign(assignmentOf(plan, 0, { ignoresLease: true }));
    const { totals } = await harness.done;
    assert.equal(target.seen.length, 2 * totals.scenarios[0]!.started);
    assert.ok(target.seen.length > 0);
  });

  test("iterations that wait for a lease are interrupted when their time is over", async () => {
    await using target = await startCounting();
    await using harness = startEngine();
    await harness.warmUp();
    const pause: Step = { kind: "think", minMs: 100, maxMs: 100 };
    const plan = planOf(target.url, scenario(rate(50, 50, 300), [COUNTED, pause, COUNTED], { gracefulStopMs: 300 }));
    harness.engine.assign(assignmentOf(plan, 0));
    await target.sees(1);
    harness.engine.setLease(swarmNow() - 1);
    const { totals } = await harness.done;
    const { started, completed, interrupted } = totals.scenarios[0]!;
    assert.ok(interrupted > 0);
    assert.equal(started, completed + interrupted);
  });

  test("swarm time that steps to and fro moves what is due and bends no duration", async () => {
    await using target = await startCounting();
    await using harness = startEngine();
    const { engine } = harness;
    await harness.warmUp();
    const plan = planOf(target.url, scenario(rate(200, 200, 60_000), [COUNTED]));
    const assignment = assignmentOf(plan, 0);
    engine.assign(assignment);
    await target.sees(20);
    // Ten seconds later at once: nothing of them is caught up with.
    engine.setClockOffset(10_000);
    await target.sees(20);
    const beyond = numbersOf(target.seen).filter((k) => k > 1_000);
    assert.ok(Math.min(...beyond) >= 2_000 - 10, `arrival ${Math.min(...beyond)}`);
    engine.setClockOffset(9_999.5);
    await target.sees(20);
    engine.assign({ ...assignment, endAtMs: swarmNow() + 9_000 });
    const { totals } = await harness.done;
    assert.equal(new Set(target.seen).size, target.seen.length);
    assert.ok(totals.steps[0]!.latency.max < 5_000, `${totals.steps[0]!.latency.max} ms`);
    assert.equal(totals.scenarios[0]!.started, target.seen.length);
  });
});

test("a process that was stopped for longer than its lease sends nothing when it goes on, until that is renewed", async () => {
  await using target = await startCounting();
  const { child, told, order } = forkStoppable();
  try {
    await told((one) => "done" in one);
    const assignment = assignmentOf(planOf(target.url, scenario(rate(500, 500, 60_000), [COUNTED, think, COUNTED])), 0);
    await order({ leaseUntilMs: swarmNow() + 1_000 });
    await order({ assign: assignment });
    await target.sees(100);
    const leaseEndMs = swarmNow() + 1_000;
    await order({ leaseUntilMs: leaseEndMs });
    child.kill("SIGSTOP");
    await later(3_000);
    // The kernel has long delivered what was written before.
    const seen = target.seen.length;
    child.kill("SIGCONT");
    // Both threads have looked: they dropped what had been theirs until the lease ended.
    await told((one) => "late" in one && one.late > 300);
    // A thread may have been stopped between its look at the lease and its write: that one request is on its way already.
    assert.ok(target.seen.length <= seen + STOPPABLE_THREADS, `${target.seen.length - seen} requests without a lease`);
    const renewedAtMs = swarmNow();
    await order({ leaseUntilMs: renewedAtMs + 60_000 });
    await target.sees(300);
    const dueMs = numbersOf(target.seen).map((k) => assignment.startAtMs + k * 2);
    const stale = dueMs.filter((atMs) => atMs > leaseEndMs && atMs < renewedAtMs);
    assert.deepEqual(stale, [], "started what was others' by then");
  } finally {
    child.kill("SIGKILL");
  }
});
