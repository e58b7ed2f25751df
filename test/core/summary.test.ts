// The summary: counts that add up, states, and who is accounted for.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberRecord, RunRecord } from "../../node/core/events.ts";
import { summarise } from "../../node/core/summary.ts";
import { ERROR_KINDS, type Snapshot } from "../../node/metrics/results.ts";
import {
  member, membersOf, NOW, plan, point, runOf, scenarioTotals, sketch, snapshot, stepTotals, threshold, totals,
} from "./support.ts";

const RATE = 10;
const SECONDS = 10;
const END = NOW + SECONDS * 1000;
const RUN = runOf(plan(RATE, SECONDS), NOW);
const LIVING = [member("a"), member("b")];

function counted(of: string, scheduled: number, dropped: readonly number[] = [], done = true): Snapshot {
  const started = scheduled - dropped.reduce((sum, count) => sum + count, 0);
  const scenario = scenarioTotals({ scheduled, started, completed: started, dropped });
  return snapshot(of, 1, { done, totals: totals({ scenarios: [scenario], steps: [stepTotals({ requests: started })] }) });
}

const summary = (snapshots: Snapshot[], nowMs: number, run: RunRecord = RUN, members: MemberRecord[] = LIVING) =>
  summarise(run, membersOf(...members), snapshots, nowMs);

describe("counts", () => {
  it("scheduled = started + dropped + lost, over all agents", () => {
    const { iterations } = summary([counted("a", 50, [2, 3]), counted("b", 30)], END + 5000);
    assert.deepEqual(iterations, { scheduled: 100, started: 75, completed: 75, dropped: { late: 2, max_vus: 3 }, lost: 20 });
  });

  it("nothing is lost while the run lasts: reports are up to a second apart", () => {
    const { iterations } = summary([counted("a", 20, [], false)], NOW + 5000);
    assert.deepEqual([iterations.scheduled, iterations.lost], [20, 0]);
  });

  it("a stopped run lost only what was due before the stop", () => {
    const stopped = { ...RUN, control: { ...RUN.control, stopAtMs: NOW + 3000, stopReason: "stopped" as const } };
    const found = summary([counted("a", 15), counted("b", 10)], END, stopped);
    assert.deepEqual([found.iterations.scheduled, found.iterations.lost, found.durationSeconds], [30, 5, 3]);
  });

  it("without a single report everything is lost, and nothing divides by zero", () => {
    const found = summary([], END + 5000);
    assert.deepEqual([found.iterations.scheduled, found.iterations.lost, found.agents.coverage], [100, 100, 0]);
    assert.doesNotMatch(JSON.stringify(found), /null,"p\(|NaN/);
  });

  it("requests per second are of the time that has passed", () => {
    assert.equal(summary([counted("a", 40, [], false)], NOW + 4000).requests.rate, 10);
    assert.equal(summary([counted("a", 100)], END + 60_000).requests.rate, 10);
  });
});

describe("the generator's verdict", () => {
  const failing = (of: string, generator: number): Snapshot => {
    const errors = ERROR_KINDS.map((kind) => (kind === "generator" ? generator : kind === "refused" ? 40 : 0));
    const base = counted(of, 50);
    return { ...base, totals: { ...base.totals, errors } };
  };

  it("is bottleneck when its own machine ran out of ports or files, whatever the target refused", () => {
    assert.equal(summary([failing("a", 0), failing("b", 0)], END + 5000).generator.verdict, "ok");
    assert.equal(summary([failing("a", 1), failing("b", 0)], END + 5000).generator.verdict, "bottleneck");
  });
});

describe("the generator's verdict from second to second", () => {
  const second = (index: number, verdict: "ok" | "strained" | "bottleneck") => ({
    ...point(index, 5),
    strained: verdict === "strained" ? 1 : 0,
    bottleneck: verdict === "bottleneck" ? 1 : 0,
  });
  const seconds = (of: string, ...verdicts: ("ok" | "strained" | "bottleneck")[]): Snapshot => ({
    ...counted(of, 50),
    points: Array.from({ length: 10 }, (_, index) => second(index, verdicts[index] ?? "ok")),
  });

  it("the series tells the worst agent's", () => {
    const { series } = summary([seconds("a", "ok", "strained", "ok"), seconds("b", "ok", "bottleneck", "strained")], END + 5000);
    assert.deepEqual(series.slice(0, 4).map(({ generator }) => generator), ["ok", "bottleneck", "strained", "ok"]);
  });

  const cases = [
    [[seconds("a", "strained"), seconds("b")], "ok"],
    [[seconds("a", "strained", "strained"), seconds("b")], "strained"],
    [[seconds("a", "bottleneck"), seconds("b")], "ok"],
    [[seconds("a", "bottleneck", "strained"), seconds("b")], "strained"],
    [[seconds("a", "bottleneck"), seconds("b", "bottleneck")], "bottleneck"],
  ] as const;
  cases.forEach(([snapshots, verdict], i) => {
    it(`the run is ${verdict} if more than a twentieth of the agents' seconds was so or worse (${i + 1})`, () => {
      assert.equal(summary([...snapshots], END + 5000).generator.verdict, verdict);
    });
  });

  it("what came after the end of the run does not count", () => {
    const late: Snapshot = { ...counted("a", 100), points: [second(0, "ok"), second(10, "bottleneck"), second(11, "bottleneck")] };
    assert.equal(summary([late], END + 5000).generator.verdict, "ok");
  });
});

describe("states", () => {
  const waiting = runOf(plan(RATE, SECONDS), null);
  const stop = (run: RunRecord, stopAtMs: number, stopReason: "stopped" | "aborted") => ({
    ...run,
    control: { ...run.control, stopAtMs, stopReason },
  });
  const all = [counted("a", 50), counted("b", 50)];
  const open = [counted("a", 50), counted("b", 50, [], false)];
  const cases: readonly [string, RunRecord, Snapshot[], number, string, boolean, boolean][] = [
    ["waits for agents", waiting, [], NOW, "scheduled", false, false],
    ["was stopped while waiting", stop(waiting, NOW, "stopped"), [], NOW + 1, "stopped", false, true],
    ["has not begun", RUN, [], NOW - 1, "scheduled", false, false],
    ["is under way", RUN, [], NOW + 1, "running", true, false],
    ["has ended, something is in flight", RUN, open, END + 1, "running", true, false],
    ["has ended everywhere", RUN, all, END, "finished", true, true],
    ["has ended, an agent never said so", RUN, open, END + 2000, "finished", true, true],
    ["was stopped", stop(RUN, NOW + 5, "stopped"), all, NOW + 6, "stopped", true, true],
    ["was aborted", stop(RUN, NOW + 5, "aborted"), all, NOW + 6, "aborted", true, true],
    ["stop in flight", stop(RUN, NOW + 5, "aborted"), open, NOW + 6, "running", true, false],
  ];
  for (const [name, run, snapshots, nowMs, state, begun, ended] of cases) {
    it(`a run that ${name} is ${state}`, () => {
      const found = summary(snapshots, nowMs, run);
      assert.deepEqual([found.state, found.startedAt !== null, found.endedAt !== null], [state, begun, ended]);
    });
  }

  it("does not wait for a member that is lost", () => {
    const members = [member("a"), member("b", { state: "lost", untilMs: NOW + 5000 })];
    assert.equal(summary(open, END, RUN, members).state, "finished");
  });
});

describe("agents", () => {
  it("coverage is the part of those who had a share that reported", () => {
    const members = [
      member("a"),
      member("b"),
      member("crashed", { state: "lost", untilMs: NOW + 5000 }),
      member("left", { state: "left", untilMs: NOW + 1000 }),
      member("too-late", { fromMs: END + 1 }),
      member("gone-before", { state: "lost", untilMs: NOW - 1 }),
    ];
    const found = summary([counted("a", 1), counted("left", 1), counted("crashed", 1)], END + 5000, RUN, members);
    assert.deepEqual(found.agents, { planned: 4, reported: 3, lost: 1, coverage: 0.75 });
  });

  it("an agent that reported is accounted for even if its record is forgotten", () => {
    assert.deepEqual(summary([counted("x", 1)], END, RUN, []).agents, { planned: 1, reported: 1, lost: 0, coverage: 1 });
  });
});

describe("judgement and series", () => {
  const judged = (expression: string) => ({
    ...RUN,
    spec: { ...RUN.spec, plan: { ...RUN.spec.plan, thresholds: [threshold(expression, "iterations")] } },
  });
  const verdicts: readonly [RunRecord, string][] = [[RUN, "none"], [judged("count>9"), "pass"], [judged("count>10"), "fail"]];
  for (const [run, verdict] of verdicts) {
    it(`verdict ${verdict}`, () => assert.equal(summary([counted("a", 10)], END, run).verdict, verdict));
  }

  const pacing = (ms: number) => [
    snapshot("a", 1, { totals: totals({ scenarios: [scenarioTotals({ scheduled: 100, started: 100, pacing: sketch(ms) })] }) }),
  ];
  const generators: readonly [string, Snapshot[], string][] = [
    ["nothing dropped, on time", pacing(0.5), "ok"],
    ["nothing dropped, late", pacing(5), "strained"],
    ["dropped late", [counted("a", 100, [5])], "bottleneck"],
    ["a handful dropped late", [counted("a", 100, [4])], "ok"],
    ["as many, of few", [counted("a", 6, [4])], "bottleneck"],
    ["dropped because the plan bounds virtual users", [counted("a", 100, [0, 9])], "ok"],
    ["dropped for want of connections", [counted("a", 100, [0, 0, 5])], "bottleneck"],
  ];
  for (const [name, snapshots, verdict] of generators) {
    it(`generator: ${name} -> ${verdict}`, () => assert.equal(summary(snapshots, END).generator.verdict, verdict));
  }

  it("unmet is what agents themselves could not send, per second of the run", () => {
    const both = [counted("a", 70, [12, 9]), counted("b", 30, [3, 0, 5])];
    assert.equal(summary(both, END).generator.unmet, 2);
    assert.equal(summary(both, NOW + 4000).generator.unmet, 5);
    assert.equal(summary([], NOW - 1000).generator.unmet, 0, "before it begins");
  });

  it("the series adds agents by interval and ends with the run", () => {
    const series = summary(
      [snapshot("a", 1, { points: [point(0, 4), point(1, 5)] }), snapshot("b", 1, { points: [point(1, 5), point(10, 1)] })],
      END,
    ).series;
    assert.deepEqual(series.map(({ t, started, target, agents }) => [t, started, target, agents]), [[0, 4, 10, 1], [1, 10, 10, 2]]);
  });
});
