// Publishing, giving runs their start, and stopping them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Answer, Effect, RunRecord } from "../../node/core/events.ts";
import { ACTIVE_RUNS, NOT_AFTER_GRACE_MS, windowOf } from "../../node/core/limits.ts";
import { Membership } from "../../node/core/membership.ts";
import { Outbox } from "../../node/core/outbox.ts";
import { Publishing } from "../../node/core/publishing.ts";
import { Runs } from "../../node/core/runs.ts";
import { change, commitOf, set } from "./agreement/support.ts";
import { assignments, machine, member, NOW, plan, publish, runOf } from "./support.ts";
import { Swarm } from "./swarm.ts";

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

/** Publishes at one agent of a swarm. */
function publishAt(swarm: Swarm, id: string, minAgents: number): string {
  const more = { document: "{}", planHash: "hash", keyHash: null };
  const effects = swarm.input(id, { kind: "publish", token: 1, plan: plan(10, 60, start(minAgents)), ...more });
  return published(effects).run.spec.id;
}
const startOf = (swarm: Swarm, id: string, run: string) => swarm.of(id).machine.runs.get(run)?.control.startAtMs;

describe("publishing", () => {
  it("starts after the lead that the swarm needs, or the delay that the plan wants", () => {
    for (const [lead, delayMs, expected] of [[2000, 0, 2000], [2000, 5000, 5000], [0, 0, 0]] as const) {
      const { run } = published(publish(machine("a", { startLeadMs: lead }), plan(10, 10, start(1, delayMs))));
      assert.equal(run.control.startAtMs, NOW + expected);
      assert.match(run.control.lineage!, /^[0-9a-f]{16}$/, "a run that has a start belongs to a lineage");
      assert.equal(run.spec.notAfterMs, NOW + expected + 10_000 + NOT_AFTER_GRACE_MS);
    }
  });

  it("starts no earlier than the load engines of its author are ready", () => {
    for (const [leadMs, delayMs, expected] of [[400, 0, 400], [10, 0, 20], [400, 900, 900]] as const) {
      const more = { document: "{}", planHash: "hash", keyHash: null, leadMs };
      const input = { kind: "publish", token: 1, plan: plan(10, 10, start(1, delayMs)), ...more } as const;
      const { run } = published(machine("a", { startLeadMs: 20 }).handle(input, NOW));
      assert.equal(run.control.startAtMs, NOW + expected);
      assert.equal(run.spec.notAfterMs, NOW + expected + 10_000 + NOT_AFTER_GRACE_MS);
    }
  });

  it("tells everybody at once, over the links and by gossip", () => {
    const a = machine("a");
    a.handle({ kind: "wake" }, NOW - 59_000);
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
    const telling = ["broadcast", "send", "assign"];
    assert.deepEqual(again.filter(({ kind }) => telling.includes(kind)), []);
  });
});

describe("a run that waits for agents", () => {
  it("gets its start when a view has enough of them, one for all, and belongs to that lineage", () => {
    const swarm = Swarm.of("ab");
    const run = publishAt(swarm, "b", 3);
    swarm.pass(3000);
    for (const id of "ab") assert.equal(startOf(swarm, id, run), null);
    swarm.start("c");
    swarm.link("a", "c");
    swarm.pass(5000);
    const { control } = swarm.of("a").machine.runs.get(run)!;
    assert.deepEqual([control.author, control.lineage], ["a", swarm.of("a").machine.view().lineage]);
    assert.ok(control.startAtMs! > NOW);
    for (const id of "bc") assert.deepEqual(swarm.of(id).machine.runs.get(run)!.control, control);
    for (const id of "abc") assert.equal(swarm.of(id).assignment?.startAtMs, control.startAtMs);
  });

  it("gets none while no majority is seen: a part of the swarm must not start what the rest knows nothing of", () => {
    const membership = new Membership(member("a", { incarnation: 0, fromMs: Infinity }), new Outbox(), NOW);
    const { agreement } = membership;
    const before = agreement.view;
    agreement.take({ commits: [commitOf(before, change(before, "", "bc"))] }, NOW);
    membership.turn(NOW, NOW, true);
    const runs = new Runs();
    runs.merge(runOf(plan(10, 60, start(3)), null), NOW);
    const publishing = new Publishing("a", 2000, runs, membership);
    assert.deepEqual(publishing.startable(NOW), []);
    const { view } = agreement;
    const present = set(view, "b");
    agreement.take({ rollCalls: [{ view: 2, window: windowOf(NOW), excluded: set(view, ""), present }] }, NOW);
    assert.deepEqual(publishing.startable(NOW).map(({ control }) => [control.startAtMs, control.lineage]), [
      [NOW + 2000, agreement.lineage.id],
    ]);
    assert.deepEqual(publishing.startable(NOW), [], "once");
  });

  it("gets none from anybody but the first member in id order", () => {
    const swarm = Swarm.of("ab");
    const run = publishAt(swarm, "b", 3);
    swarm.start("0");
    swarm.link("a", "0");
    swarm.pass(5000);
    assert.equal(swarm.of("b").machine.runs.get(run)!.control.author, "0");
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
    [
      "a run that is over",
      `p-hash-${Math.floor(NOW / 2000).toString(36)}`,
      NOW + 60_000,
      { kind: "stopped", runs: [] },
    ],
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
    const swarm = Swarm.of("a");
    const run = publishAt(swarm, "a", 2);
    swarm.input("a", { kind: "stop", token: 2, run: "all" });
    swarm.start("b");
    swarm.link("a", "b");
    swarm.pass(5000);
    assert.deepEqual(swarm.views(), ["2:ab"]);
    assert.equal(startOf(swarm, "a", run), null);
    assert.equal(swarm.of("a").assignment, null);
  });
});
