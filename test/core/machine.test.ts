// The machine, event by event: joining, refuting, losing, leaving, greeting.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Effect, MemberRecord, SwarmEvent } from "../../node/core/events.ts";
import type { Frame } from "../../node/core/frame.ts";
import { alignUp, BATCH_CHARACTERS, DRAIN_MS, JOIN_DELAY_MS, LEAVE_DELAY_MS, LOSS_DELAY_MS } from "../../node/core/limits.ts";
import type { SwarmMachine } from "../../node/core/machine.ts";
import { sharesAt } from "../../node/core/split.ts";
import type { Plan } from "../../node/plan/types.ts";
import { assignments, machine, member, NOW, plan, publish, runOf, snapshot } from "./support.ts";

const PLAN = plan(10, 60);

function frames(effects: readonly Effect[], to?: string): Frame[] {
  return effects.flatMap((e) => (e.kind === "send" && (to === undefined || e.to === to) ? [e.frame] : []));
}

function events(effects: readonly Effect[]): SwarmEvent[] {
  return effects.flatMap((effect) => (effect.kind === "emit" ? [effect.event] : []));
}

function hear(self: SwarmMachine, frame: Frame, nowMs = NOW): Effect[] {
  return self.handle({ kind: "frame", from: "b", frame }, nowMs);
}

/** `a`, linked to `b`, both in the view for a minute. */
function pair(): SwarmMachine {
  const a = machine("a");
  a.handle({ kind: "linkUp", peer: "b" }, NOW - 50_000);
  hear(a, { members: [member("b")] }, NOW - 50_000);
  return a;
}

const own = (self: SwarmMachine): MemberRecord => self.members.get(self.self)!;

describe("an agent that is held for lost", () => {
  const lost = (untilMs: number): Frame => ({ members: [member("a", { state: "lost", untilMs })] });

  it("keeps its share when it hears of it in time", () => {
    const a = pair();
    const before = own(a);
    const effects = hear(a, lost(NOW + 500));
    assert.deepEqual(own(a), { ...before, incarnation: 2 });
    assert.deepEqual(frames(effects, "b").flatMap((frame) => frame.members ?? []), [own(a)], "it tells everybody");
    assert.equal(sharesAt(a.members, NOW + 5000).get("a") ?? 0, 0.5);
  });

  it("joins anew when the others have taken its share over", () => {
    const a = pair();
    hear(a, lost(NOW));
    assert.equal(own(a).state, "alive");
    assert.equal(own(a).incarnation, 2);
    assert.equal(own(a).fromMs, alignUp(NOW + JOIN_DELAY_MS));
    assert.equal(sharesAt(a.members, NOW + JOIN_DELAY_MS - 1).get("a") ?? 0, 0);
  });

  it("does not repeat itself for old news", () => {
    const a = pair();
    hear(a, lost(NOW + 500));
    assert.deepEqual(hear(a, lost(NOW + 500)), []);
    assert.equal(own(a).incarnation, 2);
  });

  it("that leaves already stops when the others take over", () => {
    const a = pair();
    a.handle({ kind: "leave" }, NOW);
    const early = own(a).untilMs - 500;
    hear(a, lost(early));
    assert.equal(own(a).untilMs, early);
  });
});

describe("an agent that comes while a run is under way", () => {
  const underWay = runOf(PLAN, NOW - 10_000);

  it("is assigned nothing before its own beginning, whatever comes first", () => {
    const view = [member("b"), member("c")];
    const orders: readonly (readonly Frame[])[] = [
      [{ hello: true, members: view, runs: [underWay] }],
      [{ runs: [underWay] }, { hello: true, members: view }],
      [{ members: view }, { runs: [underWay] }],
    ];
    for (const order of orders) {
      const a = machine("a");
      const effects = order.flatMap((frame) => hear(a, frame));
      const { fromMs } = own(a);
      assert.equal(fromMs, alignUp(NOW + JOIN_DELAY_MS));
      const given = assignments(effects).filter((one) => one.run === "r");
      assert.ok(given.length > 0);
      for (const { segments } of given) {
        for (const segment of segments) assert.ok(segment.stripe.width === 0 || segment.fromMs >= fromMs);
      }
      assert.ok(given.at(-1)!.segments.some((segment) => segment.stripe.width > 0), "but from then on it has a share");
    }
  });

  it("joins late also if the run begins before the others could count on it", () => {
    const a = machine("a");
    hear(a, { hello: true, members: [member("b")], runs: [runOf(PLAN, NOW + JOIN_DELAY_MS - 1)] });
    assert.equal(own(a).fromMs, alignUp(NOW + JOIN_DELAY_MS));
  });

  it("says nothing of itself before it knows when it may begin", () => {
    const a = machine("a");
    const [hello] = frames(a.handle({ kind: "linkUp", peer: "b" }, NOW));
    assert.deepEqual([hello?.hello, hello?.members], [true, []]);
    const told = frames(hear(a, { hello: true, members: [member("b")], runs: [underWay] }), "b");
    const told2 = told.flatMap((frame) => frame.members ?? []).filter((record) => record.id === "a");
    assert.ok(told2.length > 0 && told2.every((record) => record.fromMs > NOW));
  });

  const others: readonly [string, ReturnType<typeof runOf>][] = [
    ["that is over", runOf(plan(10, 5), NOW - 10_000)],
    ["that waits for agents", runOf(PLAN, null)],
    ["that begins late enough to count on it", runOf(PLAN, NOW + 3000)],
  ];
  for (const [name, run] of others) {
    it(`has its share at once if it finds a run ${name}`, () => {
      const a = machine("a");
      hear(a, { hello: true, members: [member("b")], runs: [run] });
      assert.equal(own(a).incarnation, 1);
      assert.equal(sharesAt(a.members, NOW).get("a") ?? 0, 0.5);
    });
  }
});

describe("an agent that is gone", () => {
  it("is not lost because somebody who never saw its link close cannot dial it", () => {
    const a = machine("a");
    hear(a, { hello: true, members: [member("b"), member("far")] });
    a.handle({ kind: "refused", peer: "far" }, NOW);
    assert.equal(a.members.get("far")!.state, "alive");
  });

  it("is probed when its link closes, and lost when that is refused", () => {
    const a = pair();
    const closed = a.handle({ kind: "linkDown", peer: "b" }, NOW);
    assert.deepEqual(closed.map((effect) => effect.kind), ["probe"]);
    assert.equal(a.members.get("b")!.state, "alive", "a closed link is a hint, not a death certificate");
    const effects = a.handle({ kind: "refused", peer: "b" }, NOW);
    assert.deepEqual(a.members.get("b"), member("b", { state: "lost", untilMs: alignUp(NOW + LOSS_DELAY_MS) }));
    assert.deepEqual(events(effects).map((event) => event.type), ["lost"]);
  });

  const ignored: readonly [string, (a: SwarmMachine) => void, string][] = [
    ["that is linked", () => {}, "b"],
    ["nobody knows", () => {}, "stranger"],
    ["that has left", (a) => hear(a, { members: [member("b", { state: "left", untilMs: NOW + 1 })] }), "b"],
  ];
  for (const [name, prepare, peer] of ignored) {
    it(`a refusal by a member ${name} changes nothing`, () => {
      const a = pair();
      prepare(a);
      const before = a.members.get(peer);
      assert.deepEqual(a.handle({ kind: "refused", peer }, NOW), []);
      assert.deepEqual(a.members.get(peer), before);
    });
  }

  for (const state of ["lost", "left"] as const) {
    it(`is replaced as a neighbour at once when it has ${state === "lost" ? "been lost" : "left"}`, () => {
      const a = pair();
      const many = Array.from({ length: 40 }, (_, i) => `m${i}`);
      hear(a, { members: many.map((id) => member(id)) });
      const effects = hear(a, { members: many.map((id) => member(id, { state, untilMs: NOW + 1000 })) });
      const wanted = effects.findLast((effect) => effect.kind === "neighbours");
      assert.deepEqual(wanted?.members.map((record) => record.id), ["b"]);
    });
  }
});

describe("leaving", () => {
  const untilMs = alignUp(NOW + LEAVE_DELAY_MS);
  const isLeft = (effects: readonly Effect[]) => effects.some((effect) => effect.kind === "left");

  it("of an idle agent is complete at the moment its share moves on, not before", () => {
    const a = pair();
    assert.equal(isLeft(a.handle({ kind: "leave" }, NOW)), false);
    assert.equal(own(a).untilMs, untilMs);
    assert.equal(isLeft(a.handle({ kind: "wake" }, untilMs - 1)), false);
    assert.equal(isLeft(a.handle({ kind: "wake" }, untilMs)), true);
    assert.equal(isLeft(a.handle({ kind: "wake" }, untilMs + 1)), false, "once only");
  });

  it("asks to be woken when its share moves on", () => {
    const wake = pair().handle({ kind: "leave" }, NOW).find((effect) => effect.kind === "wakeAt");
    assert.equal(wake?.atMs, untilMs);
  });

  function during(of: Plan): { a: SwarmMachine; run: string } {
    const a = pair();
    const run = assignments(publish(a, of, NOW - 10_000))[0]!.run;
    a.handle({ kind: "report", snapshot: snapshot("a", 1, { run }) }, NOW - 1);
    a.handle({ kind: "leave" }, NOW);
    return { a, run };
  }

  it("waits for iterations in flight", () => {
    const { a, run } = during(PLAN);
    assert.equal(isLeft(a.handle({ kind: "wake" }, untilMs)), false);
    const last = snapshot("a", 2, { run, done: true });
    const effects = a.handle({ kind: "report", snapshot: last }, untilMs + 100);
    assert.deepEqual(frames(effects, "b").flatMap((frame) => frame.reports ?? []).map((r) => r.snapshot.done), [true]);
    assert.equal(isLeft(effects), true);
  });

  it("waits for iterations in flight of a run that ends while it leaves", () => {
    const { a } = during(plan(10, 8.5));
    assert.equal(isLeft(a.handle({ kind: "wake" }, untilMs)), false);
  });

  it("waits for them no longer than it may", () => {
    const { a } = during(PLAN);
    assert.equal(isLeft(a.handle({ kind: "wake" }, untilMs + DRAIN_MS - 1)), false);
    assert.equal(isLeft(a.handle({ kind: "wake" }, untilMs + DRAIN_MS)), true);
  });

  it("twice is leaving once", () => {
    const a = pair();
    a.handle({ kind: "leave" }, NOW);
    a.handle({ kind: "leave" }, NOW + 700);
    assert.equal(own(a).untilMs, untilMs);
  });
});

describe("greeting", () => {
  it("splits what does not fit into one frame, and says hello last", () => {
    const a = pair();
    const document = "x".repeat(BATCH_CHARACTERS * 0.6);
    const runs = ["1", "2", "3"].map((id) => {
      const run = runOf(plan(10, 1), NOW, id);
      return { ...run, spec: { ...run.spec, document } };
    });
    hear(a, { runs });
    const greeting = frames(a.handle({ kind: "linkUp", peer: "c" }, NOW), "c");
    assert.deepEqual(greeting.map((frame) => [frame.hello ?? false, frame.runs?.map((run) => run.spec.id)]), [
      [false, ["1"]],
      [false, ["2"]],
      [true, ["3"]],
    ]);
  });
});

describe("greeting with many runs", () => {
  it("keeps the number of runs in each frame below what the wire takes", () => {
    const a = pair();
    for (let i = 0; i < 250; i++) hear(a, { runs: [runOf(plan(10, 1), NOW, `r${i}`)] });
    const sizes = frames(a.handle({ kind: "linkUp", peer: "c" }, NOW), "c").map((frame) => frame.runs!.length);
    assert.ok(Math.max(...sizes) <= 100, String(sizes));
    assert.equal(sizes.reduce((sum, size) => sum + size, 0), 250);
  });
});

describe("events of runs", () => {
  it("a run is scheduled, running, finished: each told once, when it is due", () => {
    const a = machine("a");
    const told: unknown[] = [];
    let effects = publish(a, plan(10, 5));
    for (let guard = 0; guard < 20; guard++) {
      for (const event of events(effects)) if (event.type === "run") told.push([event.state, event.atMs - NOW]);
      const wake = effects.findLast((effect) => effect.kind === "wakeAt");
      if (wake === undefined || wake.atMs === Infinity) break;
      effects = a.handle({ kind: "wake" }, wake.atMs);
    }
    assert.deepEqual(told, [["scheduled", 0], ["running", 2000], ["finished", 7000]]);
  });

  it("a stop is told at once", () => {
    const a = machine("a");
    publish(a, PLAN);
    const effects = a.handle({ kind: "stop", token: 2, run: "all" }, NOW + 1);
    assert.deepEqual(events(effects).map((event) => event.type === "run" && event.state), ["stopped"]);
  });

  it("a run that was over when it was first heard of is no news", () => {
    assert.deepEqual(events(hear(machine("a"), { runs: [runOf(plan(10, 1), NOW - 5000)] })), []);
  });
});

describe("reports of others", () => {
  it("are kept for known runs only", () => {
    const a = pair();
    const report = { since: 0, snapshot: snapshot("b", 1, { run: "r" }) };
    const ask: Frame = { gather: { id: 1, run: "r", have: [{ member: "b", sequence: 0 }] } };
    hear(a, { members: [member("b", { state: "lost", untilMs: NOW })] });
    const held = () => frames(hear(a, ask), "b").flatMap((frame) => frame.reports ?? []).length;
    hear(a, { reports: [report] });
    assert.equal(held(), 0);
    hear(a, { runs: [runOf(PLAN, NOW)], reports: [report] });
    assert.equal(held(), 1);
  });
});
