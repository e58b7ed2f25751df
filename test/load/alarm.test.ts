// Alarms: they ring after their time and not before, none is lost, and runs that want them are exact as all others.

import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { Worker } from "node:worker_threads";
import { Alarm, allocateAlarms } from "../../node/load/alarm.ts";
import { monotonicMs } from "../../node/load/clock.ts";
import { planOf, rate, run, scenario, startTarget, step } from "./support.ts";

suite("alarms of a pacer thread", () => {
  const alarms = allocateAlarms(2);
  const pacer = new Worker(new URL("../../node/load/thread.mjs", import.meta.url), { workerData: { isPacer: true, alarms } });
  after(() => pacer.terminate());

  /** Sets the alarm and resolves to the time at which it rang. */
  function alarmClock(index: number): (atMs: number) => Promise<number> {
    let resolve: (ms: number) => void = () => {};
    const alarm = new Alarm(alarms, index, () => resolve(monotonicMs()));
    return (atMs) => {
      const { promise, resolve: ring } = Promise.withResolvers<number>();
      resolve = ring;
      alarm.set(atMs);
      return promise;
    };
  }
  const first = alarmClock(0);
  const second = alarmClock(1);

  test("ring after their time, each for its own thread", async () => {
    const nowMs = monotonicMs();
    const [one, other] = await Promise.all([first(nowMs + 40), second(nowMs + 20)]);
    assert.ok(one >= nowMs + 40 && other >= nowMs + 20);
  });

  test("one that is due already rings as well", async () => {
    assert.ok((await first(monotonicMs() - 1_000)) > 0);
  });

  test("one that is set anew for an earlier time rings, while the pacer sleeps for the later one", async () => {
    const nowMs = monotonicMs();
    void first(nowMs + 3_600_000);
    await second(nowMs + 10);
    assert.ok((await first(nowMs + 20)) < nowMs + 3_600_000);
  });

  test("none of many is lost", async () => {
    let rung = 0;
    for (let i = 0; i < 300; i++) {
      const atMs = monotonicMs() + (i % 3) / 10;
      assert.ok((await first(atMs)) >= atMs);
      rung++;
    }
    assert.equal(rung, 300);
  });
});

test("a run of high precision starts every arrival once, over several workers", async () => {
  await using target = await startTarget();
  const plan = planOf(target.url, scenario(rate(0, 400, 1_500), [step("/k/{{ iterationInTest }}")]));
  const { last, faults } = await run({ ...plan, precision: "high" }, { workers: 2 });
  const { scheduled, started } = last.totals.scenarios[0]!;
  assert.deepEqual([scheduled, started, faults], [300, target.seen.length, []]);
  assert.equal(new Set(target.seen).size, target.seen.length);
});
