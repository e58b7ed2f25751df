// Runs of a fixed number of iterations: what was due, what is lost, and that they end when nothing is left to do.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberRecord } from "../../node/core/events.ts";
import { JUDGE_EVERY_MS } from "../../node/core/limits.ts";
import { summarise } from "../../node/core/summary.ts";
import type { Snapshot } from "../../node/metrics/results.ts";
import type { IterationsExecutor, Plan } from "../../node/plan/types.ts";
import { member, membersOf, NOW, plan, runOf, scenarioTotals, snapshot, totals } from "./support.ts";
import { Swarm } from "./swarm.ts";

const shared: IterationsExecutor = { kind: "shared-iterations", vus: 10, iterations: 100, maxDurationMs: 60_000 };

function planOf(executor: IterationsExecutor = shared, more: Partial<Plan> = {}): Plan {
  const timed = plan(10, 10);
  return { ...timed, scenarios: [{ ...timed.scenarios[0]!, executor, startTimeMs: 5_000 }], ...more };
}

function counted(of: string, started: number, done: boolean, run = "r"): Snapshot {
  const scenario = scenarioTotals({ scheduled: started, started, completed: started });
  return snapshot(of, 1, { run, done, totals: totals({ scenarios: [scenario] }) });
}

const summary = (of: Plan, snapshots: Snapshot[], ms: number, members: MemberRecord[] = [member("a"), member("b")]) =>
  summarise(runOf(of, NOW), membersOf(...members), snapshots, NOW + ms);

describe("a summary of dealt iterations", () => {
  const b = member("b");
  const lost = member("b", { state: "lost", untilMs: NOW + 8_000 });
  for (const [name, snapshots, ms, members, expected] of [
    ["before the scenario begins", [counted("a", 0, false)], 4_000, [b], ["running", 0, 0, 0]],
    ["while both are busy", [counted("a", 30, false), counted("b", 20, false)], 9_000, [b], ["running", 50, 0, 0.5]],
    ["while one is busy", [counted("a", 60, true), counted("b", 20, false)], 9_000, [b], ["running", 80, 0, 0.8]],
    ["while one has not reported", [counted("a", 60, true)], 9_000, [b], ["running", 60, 0, 0.6]],
    ["when both are done", [counted("a", 60, true), counted("b", 40, true)], 9_000, [b], ["finished", 100, 0, 1]],
    ["when one has died with its part", [counted("a", 60, true), counted("b", 30, false)], 9_000, [lost], ["finished", 100, 10, 0.9]],
    ["when one has died unheard", [counted("a", 60, true)], 9_000, [lost], ["finished", 100, 40, 0.6]],
    ["long after the end", [counted("a", 60, false)], 95_000, [b], ["finished", 100, 40, 0.6]],
  ] as const) {
    it(name, () => {
      const found = summary(planOf(), [...snapshots], ms, [member("a"), ...members]);
      const { scheduled, lost: gone } = found.iterations;
      assert.deepEqual([found.state, scheduled, gone, found.scenarios["hits"]!.progress], expected);
    });
  }

  it("every user's iterations are due", () => {
    const perVu: IterationsExecutor = { ...shared, kind: "per-vu-iterations" };
    assert.equal(summary(planOf(perVu), [counted("a", 0, true), counted("b", 0, true)], 9_000).iterations.scheduled, 1_000);
  });

  it("a run that ends early has lasted until then", () => {
    const { durationSeconds, endedAt } = summary(planOf(), [counted("a", 60, true), counted("b", 40, true)], 9_000);
    assert.equal(durationSeconds, 9);
    assert.equal(Date.parse(endedAt!), NOW + 9_000);
  });

  it("it does not end before a scenario beside it whose duration is fixed", () => {
    const timed = plan(10, 20).scenarios[0]!;
    const of = planOf(shared, { scenarios: [{ ...timed, executor: shared }, { ...timed, name: "timed" }] });
    const snapshots = [counted("a", 60, true), counted("b", 40, true)];
    assert.deepEqual([19_000, 20_001].map((ms) => summary(of, snapshots, ms).state), ["running", "finished"]);
  });

  it("agents that say they are done do not end a run whose duration is fixed", () => {
    assert.equal(summary(plan(10, 60), [counted("a", 60, true), counted("b", 40, true)], 9_000).state, "running");
  });
});

describe("a swarm with dealt iterations", () => {
  function withRun(ids: string): { swarm: Swarm; run: string; states: () => unknown[] } {
    const swarm = Swarm.of(ids);
    swarm.input("a", { kind: "publish", token: 1, plan: planOf(), document: "{}", planHash: "hash", keyHash: null });
    swarm.pass(7_500);
    const run = swarm.of("a").assignment!.run;
    const states = () => [...ids].map((id) => swarm.of(id).machine.runs.get(run)!.control.stopReason);
    return { swarm, run, states };
  }

  it("ends for all, at the same instant, when the last one is done", () => {
    const { swarm, run, states } = withRun("abcde");
    for (const id of "abcd") swarm.input(id, { kind: "report", snapshot: counted(id, 20, true, run) });
    swarm.input("e", { kind: "report", snapshot: counted("e", 19, false, run) });
    swarm.pass(JUDGE_EVERY_MS + 500);
    assert.deepEqual(states(), Array(5).fill(null), "one is busy");
    swarm.input("e", { kind: "report", snapshot: { ...counted("e", 20, true, run), sequence: 2 } });
    swarm.pass(JUDGE_EVERY_MS + 500);
    assert.deepEqual(states(), Array(5).fill("finished"));
    const ends = [..."abcde"].map((id) => swarm.of(id).machine.runs.get(run)!.control.stopAtMs);
    assert.equal(new Set(ends).size, 1);
  });

  it("ends also when one that was busy has died", () => {
    const { swarm, run, states } = withRun("abc");
    for (const id of "ab") swarm.input(id, { kind: "report", snapshot: counted(id, 40, true, run) });
    swarm.crash("c");
    swarm.pass(15_000);
    assert.deepEqual(states().slice(0, 2), ["finished", "finished"]);
  });

  it("of one agent ends at once", () => {
    const { swarm, run, states } = withRun("a");
    swarm.input("a", { kind: "report", snapshot: counted("a", 100, true, run) });
    assert.deepEqual(states(), ["finished"]);
  });
});
