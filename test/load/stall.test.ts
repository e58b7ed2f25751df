// A process that was stopped for seconds while it had every right to offer load: no burst makes good what it missed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LATE_LIMIT_MS } from "../../node/load/limits.ts";
import type { Plan } from "../../node/plan/types.ts";
import { assignmentOf, planOf, rate, scenario, startTarget, step, swarmNow } from "./support.ts";
import { forkStoppable } from "./stoppable-process.ts";

const RATE = 400;
const STALL_MS = 5_000;
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (const precision of [{}, { precision: "high" }] as const satisfies readonly Partial<Plan>[]) {
  const name = "precision" in precision ? "high" : "normal";
  test(`stopped for five seconds, it starts at most 50 ms' worth on top of what is due (precision ${name})`, async () => {
    const { promise: busy, resolve: isBusy } = Promise.withResolvers<void>();
    const { promise: back, resolve: isBack } = Promise.withResolvers<void>();
    let backAt = Number.POSITIVE_INFINITY;
    await using target = await startTarget((_, response) => {
      response.end("ok");
      if (target.seen.length > RATE) isBusy();
      if (target.seen.length > backAt) isBack();
    });
    const { child, told, order } = forkStoppable();
    try {
      await told((one) => "done" in one);
      const plan = { ...planOf(target.url, scenario(rate(RATE, RATE, 60_000), [step("/k/{{ iterationInTest }}")])), ...precision };
      const assignment = assignmentOf(plan, 100);
      await order({ leaseUntilMs: swarmNow() + 600_000 });
      await order({ assign: assignment });
      await busy;
      child.kill("SIGSTOP");
      await later(STALL_MS);
      // The kernel has long delivered what was written before.
      const seen = target.seen.length;
      backAt = seen + 2 * RATE;
      const backAtMs = swarmNow();
      const lateTold = told((one) => "late" in one && one.late >= (RATE * (STALL_MS - 2 * LATE_LIMIT_MS)) / 1000);
      child.kill("SIGCONT");
      await Promise.all([back, lateTold]);
      const numbers = target.seen.map((url) => Number(url.split("/").at(-1)));
      assert.equal(new Set(numbers).size, numbers.length, "an arrival was started twice");
      const overdue = numbers.slice(seen).filter((k) => assignment.startAtMs + (k * 1000) / RATE < backAtMs);
      assert.ok(overdue.length <= 0.05 * RATE, `${overdue.length} were due before it went on`);
    } finally {
      child.kill("SIGKILL");
    }
  });
}
