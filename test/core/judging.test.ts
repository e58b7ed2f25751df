// Judging while a run lasts: a few members look every two seconds, and a threshold that fails ends the run for all.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Frame } from "../../node/core/frame.ts";
import { Judging } from "../../node/core/judging.ts";
import { GATHER_PATIENCE_MS, GATHER_TIMEOUT_MS, JUDGE_EVERY_MS, JUDGES } from "../../node/core/limits.ts";
import { Membership } from "../../node/core/membership.ts";
import { Outbox } from "../../node/core/outbox.ts";
import { Runs } from "../../node/core/runs.ts";
import { firstInHashOrder } from "../../node/core/rings.ts";
import { summarise } from "../../node/core/summary.ts";
import { change, commitOf } from "./agreement/support.ts";
import { member, membersOf, NOW, plan, runOf, scenarioTotals, snapshot, threshold, totals } from "./support.ts";
import { Swarm } from "./swarm.ts";

const FEWER = (delayAbortEvalMs = 0) => threshold("count<10", "iterations", { abortOnFail: true, delayAbortEvalMs });
const counted = (of: string, completed: number, run = "r") =>
  snapshot(of, 1, { run, totals: totals({ scenarios: [scenarioTotals({ scheduled: completed, started: completed, completed })] }) });

/** The judge of a swarm of one, and a run that began at NOW. */
function judging(of = plan(10, 60, { thresholds: [FEWER()] }), startAtMs: number | null = NOW) {
  const runs = new Runs();
  const run = runOf(of, startAtMs);
  runs.merge(run, NOW);
  const membership = new Membership(member("a", { incarnation: 0, fromMs: Infinity }), new Outbox(), NOW);
  return { run, judging: new Judging("a", runs, membership) };
}

describe("a judge", () => {
  it("looks every two seconds from the start on, as long as the run lasts", () => {
    const { judging: one } = judging();
    const looks: number[] = [];
    for (let ms = 0; ms <= 70_000; ms += 100) if (one.due(NOW + ms).length > 0) looks.push(ms);
    assert.deepEqual(looks, Array.from({ length: 29 }, (_, i) => (i + 1) * JUDGE_EVERY_MS));
  });

  it("can tell when it looks next", () => {
    const { judging: one } = judging();
    assert.equal(one.nextDueMs(NOW), NOW + JUDGE_EVERY_MS);
    one.due(NOW + JUDGE_EVERY_MS + 30);
    assert.equal(one.nextDueMs(NOW + JUDGE_EVERY_MS + 30), NOW + 2 * JUDGE_EVERY_MS + 30);
  });

  const idle: readonly [string, ReturnType<typeof plan>, number | null][] = [
    ["no threshold aborts", plan(10, 60, { thresholds: [threshold("count<10", "iterations")] }), NOW],
    ["there is no threshold", plan(10, 60), NOW],
    ["which waits for agents", plan(10, 60, { thresholds: [FEWER()] }), null],
  ];
  for (const [name, of, startAtMs] of idle) {
    it(`does not look at a run ${name}`, () => {
      const { judging: one } = judging(of, startAtMs);
      assert.deepEqual([one.due(NOW + 10_000), one.nextDueMs(NOW + 10_000)], [[], Infinity]);
    });
  }

  const verdicts: readonly [string, number, number, number, boolean][] = [
    ["ends a run whose threshold fails", 10, 0, 5000, true],
    ["lets one go on whose threshold holds", 9, 0, 5000, false],
    ["waits as long as the plan says", 10, 5001, 5000, false],
    ["and no longer", 10, 5000, 5000, true],
    ["leaves a run alone that is over", 10, 0, 60_000, false],
  ];
  for (const [name, completed, delayMs, atMs, aborts] of verdicts) {
    it(name, () => {
      const { run, judging: one } = judging(plan(10, 60, { thresholds: [FEWER(delayMs)] }));
      const summary = summarise(run, membersOf(member("a")), [counted("a", completed)], NOW + atMs);
      const aborted = one.verdict(run, summary, NOW + atMs);
      if (!aborts) return assert.equal(aborted, null);
      const { sequence, author, stopAtMs, stopReason, startAtMs } = aborted!.control;
      assert.deepEqual([sequence, author, stopAtMs, stopReason, startAtMs], [1, "a", NOW + atMs, "aborted", NOW]);
    });
  }

  it("judges only what aborts: another threshold may fail", () => {
    const { run, judging: one } = judging(plan(10, 60, { thresholds: [threshold("count>99", "iterations"), FEWER()] }));
    const summary = summarise(run, membersOf(member("a")), [counted("a", 9)], NOW + 5000);
    assert.deepEqual(summary.thresholds.map(({ ok }) => ok), [false, true]);
    assert.equal(one.verdict(run, summary, NOW + 5000), null);
  });
});

describe("the judges of a run", () => {
  it("are those of the view who are not excluded", () => {
    const membership = new Membership(member("a", { incarnation: 0, fromMs: Infinity }), new Outbox(), NOW);
    const { agreement } = membership;
    const before = agreement.view;
    agreement.take({ commits: [commitOf(before, change(before, "", "bcdef"))] }, NOW);
    const { view } = agreement;
    const of = plan(10, 60, { thresholds: [FEWER()] });
    // A run whose judges are others.
    const id = Array.from({ length: 99 }, (_, i) => `r${i}`).find((one) => !firstInHashOrder(one, view.ids, JUDGES).includes("a"))!;
    const runs = new Runs();
    runs.merge(runOf(of, NOW, id), NOW);
    const one = new Judging("a", runs, membership);
    assert.deepEqual(one.due(NOW + JUDGE_EVERY_MS), []);
    const judges = firstInHashOrder(id, view.ids, JUDGES).map((judge) => view.positionOf(judge));
    const accusations = judges.flatMap((target) =>
      view.neighboursOf(target).map((accuser) => ({ view: 2, target, accuser, version: 1, kind: "silent" as const })),
    );
    agreement.take({ accusations: accusations.filter(({ accuser }) => !judges.includes(accuser)) }, NOW);
    assert.deepEqual(judges.map((position) => agreement.isExcluded(view.ids[position]!)), [true, true, true]);
    assert.equal(one.due(NOW + 2 * JUDGE_EVERY_MS).length, 1);
  });
});

describe("a swarm", () => {
  function withRun(ids: string): { swarm: Swarm; run: string } {
    const swarm = Swarm.of(ids);
    const of = plan(10, 60, { thresholds: [FEWER()] });
    swarm.input("a", { kind: "publish", token: 1, plan: of, document: "{}", planHash: "hash", keyHash: null });
    swarm.pass(2100);
    return { swarm, run: swarm.of("a").assignment!.run };
  }

  it("ends a run for all when what all did together fails", () => {
    const { swarm, run } = withRun("abcde");
    for (const id of "abcde") swarm.input(id, { kind: "report", snapshot: counted(id, 2, run) });
    swarm.pass(JUDGE_EVERY_MS + 500);
    const controls = [..."abcde"].map((id) => swarm.of(id).machine.runs.get(run)!.control);
    assert.deepEqual(controls.map(({ stopReason }) => stopReason), Array(5).fill("aborted"));
    assert.equal(new Set(controls.map(({ stopAtMs }) => stopAtMs)).size, 1);
    assert.equal(swarm.offered(), 0);
  });

  // A question to one that does not answer costs the judges left its patience; three gone must first be noticed.
  const losses: readonly [string, number, (swarm: Swarm, id: string) => void, number][] = [
    ["one judge has crashed", 1, (swarm, id) => swarm.crash(id), JUDGE_EVERY_MS + GATHER_TIMEOUT_MS],
    ["two judges have crashed", 2, (swarm, id) => swarm.crash(id), JUDGE_EVERY_MS + GATHER_TIMEOUT_MS],
    ["two judges are silent", 2, () => {}, JUDGE_EVERY_MS + GATHER_TIMEOUT_MS],
    ["all three have crashed", 3, (swarm, id) => swarm.crash(id), 2 * JUDGE_EVERY_MS + GATHER_TIMEOUT_MS],
  ];
  for (const [name, count, lose, withinMs] of losses) {
    it(`ends a run for all that are left, at one instant, though ${name}`, () => {
      const { swarm, run } = withRun("abcdefghi");
      const gone = firstInHashOrder(run, [..."abcdefghi"], JUDGES).slice(0, count);
      const left = [..."abcdefghi"].filter((id) => !gone.includes(id));
      swarm.cut(gone.join(""));
      for (const id of gone) lose(swarm, id);
      for (const id of left) swarm.input(id, { kind: "report", snapshot: counted(id, 2, run) });
      swarm.pass(withinMs + 100);
      const controls = left.map((id) => swarm.of(id).machine.runs.get(run)!.control);
      assert.deepEqual(controls.map(({ stopReason }) => stopReason), left.map(() => "aborted"));
      assert.equal(new Set(controls.map(({ stopAtMs }) => stopAtMs)).size, 1);
    });
  }

  it("has few judges, and others when they are gone", () => {
    const { swarm } = withRun("abcdef");
    // Whoever passes a question on has less patience.
    const gathers = (frame: Frame) => (frame.gather?.scope?.patienceMs ?? 0) >= GATHER_PATIENCE_MS;
    const judges = () => [...swarm.agents.values()].filter((agent) => agent.sent().some(gathers));
    swarm.pass(JUDGE_EVERY_MS + 100);
    const first = judges().map(({ id }) => id);
    assert.equal(first.length, JUDGES);
    for (const id of first.slice(0, 2)) swarm.crash(id);
    for (const agent of swarm.agents.values()) agent.effects.length = 0;
    swarm.pass(10_000);
    assert.equal(judges().filter(({ isUp }) => isUp).length, JUDGES);
  });
});
