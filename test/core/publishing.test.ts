// Publishing and stopping on one machine; what the whole swarm makes of it is tested in the simulator.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Answer, Effect, RunRecord } from "../../node/core/events.ts";
import { ACTIVE_RUNS, NOT_AFTER_GRACE_MS } from "../../node/core/limits.ts";
import { assignments, machine, member, NOW, plan, publish } from "./support.ts";

function answer(effects: readonly Effect[]): Answer {
  const found = effects.find((effect) => effect.kind === "answer");
  assert.ok(found !== undefined);
  return found.answer;
}

function published(effects: readonly Effect[]): { run: RunRecord; created: boolean } {
  const found = answer(effects);
  assert.equal(found.kind, "published");
  return found as Extract<Answer, { kind: "published" }>;
}

const start = (minAgents: number, delayMs = 0) => ({ start: { minAgents, delayMs } });

describe("publishing", () => {
  it("starts after the lead that the swarm needs, or the delay that the plan wants", () => {
    for (const [lead, delayMs, expected] of [[2000, 0, 2000], [2000, 5000, 5000], [0, 0, 0]] as const) {
      const { run } = published(publish(machine("a", { startLeadMs: lead }), plan(10, 10, start(1, delayMs))));
      assert.equal(run.control.startAtMs, NOW + expected);
      assert.equal(run.spec.notAfterMs, NOW + expected + 10_000 + NOT_AFTER_GRACE_MS);
    }
  });

  it("tells everybody at once, over the links and by gossip", () => {
    const a = machine("a");
    a.handle({ kind: "linkUp", peer: "b" }, NOW);
    const kinds = publish(a, plan(10, 10)).map((effect) => effect.kind);
    assert.ok(kinds.includes("broadcast") && kinds.includes("send") && kinds.includes("assign"), kinds.join());
  });

  it("the same plan again is the same run, and tells nobody anything", () => {
    const a = machine("a");
    const first = published(publish(a, plan(10, 10)));
    const again = publish(a, plan(10, 10), NOW + 1000);
    assert.deepEqual([first.created, published(again).created], [true, false]);
    assert.equal(published(again).run.spec.id, first.run.spec.id);
    assert.deepEqual(again.map((effect) => effect.kind), ["answer"]);
  });

  it("a run that waits for agents gets its start from the first member in id order, and from nobody else", () => {
    for (const [id, gives] of [["a", true], ["c", false]] as const) {
      const self = machine(id);
      const { run } = published(publish(self, plan(10, 10, start(2))));
      assert.equal(run.control.startAtMs, null);
      const effects = self.handle({ kind: "frame", from: "b", frame: { members: [member("b")] } }, NOW + 700);
      assert.equal(self.runs.get(run.spec.id)!.control.startAtMs, gives ? NOW + 2700 : null);
      assert.equal(assignments(effects).length > 0, gives);
    }
  });

  it("a member that is gone does not count", () => {
    const a = machine("a");
    const gone = member("b", { state: "lost", untilMs: NOW - 1 });
    a.handle({ kind: "frame", from: "c", frame: { members: [gone] } }, NOW);
    assert.equal(published(publish(a, plan(10, 10, start(2)))).run.control.startAtMs, null);
  });
});

describe("too many runs", () => {
  it("are refused, but for one that is on already, until one has ended", () => {
    const a = machine("a");
    const named = (i: number) => plan(10, 10, { name: `p${i}` });
    for (let i = 0; i < ACTIVE_RUNS; i++) assert.equal(answer(publish(a, named(i))).kind, "published");
    assert.deepEqual(answer(publish(a, named(ACTIVE_RUNS))), { kind: "tooManyRuns" });
    assert.equal(published(publish(a, named(0))).created, false);
    assert.equal(answer(publish(a, named(ACTIVE_RUNS), NOW + 60_000)).kind, "published");
  });
});

describe("stopping", () => {
  it("ends the assignment at once and says which runs it stopped", () => {
    const a = machine("a");
    const { run } = published(publish(a, plan(10, 10)));
    const effects = a.handle({ kind: "stop", token: 2, run: run.spec.id }, NOW + 3000);
    assert.deepEqual(answer(effects), { kind: "stopped", runs: [run.spec.id] });
    assert.equal(assignments(effects)[0]!.endAtMs, NOW + 3000);
  });

  const none: readonly [string, string, number, Answer][] = [
    ["a run that is over", `p-hash-${Math.floor(NOW / 2000).toString(36)}`, NOW + 60_000, { kind: "stopped", runs: [] }],
    ["all, when nothing is on", "all", NOW + 60_000, { kind: "stopped", runs: [] }],
    ["a run nobody knows", "x", NOW, { kind: "unknownRun" }],
  ];
  for (const [name, run, atMs, expected] of none) {
    it(`${name}: changes nothing`, () => {
      const a = machine("a");
      publish(a, plan(10, 10));
      const effects = a.handle({ kind: "stop", token: 2, run }, atMs);
      assert.deepEqual(answer(effects), expected);
      assert.equal(effects.some((effect) => effect.kind === "broadcast"), false);
    });
  }

  it("stops a run that still waits for agents, which then never starts", () => {
    const a = machine("a");
    const { run } = published(publish(a, plan(10, 10, start(2))));
    a.handle({ kind: "stop", token: 2, run: "all" }, NOW + 1);
    const effects = a.handle({ kind: "frame", from: "b", frame: { members: [member("b")] } }, NOW + 2);
    assert.equal(a.runs.get(run.spec.id)!.control.startAtMs, null);
    assert.deepEqual(assignments(effects), []);
  });
});
