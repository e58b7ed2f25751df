// The machine in a small swarm: finding together, losing somebody, standing still, different clocks, and what is told.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Effect, SwarmEvent } from "../../node/core/events.ts";
import type { Frame } from "../../node/core/frame.ts";
import { LEASE_RENEWAL_MS, SILENT_MS, WINDOW_MS } from "../../node/core/limits.ts";
import { machine, NOW, plan, publish, runOf, scenarioTotals, snapshot, totals } from "./support.ts";
import { Swarm } from "./swarm.ts";

const LONG = plan(10, 600);

function frames(effects: readonly Effect[], to?: string): Frame[] {
  return effects.flatMap((e) => (e.kind === "send" && (to === undefined || e.to === to) ? [e.frame] : []));
}

function events(effects: readonly Effect[]): SwarmEvent[] {
  return effects.flatMap((effect) => (effect.kind === "emit" ? [effect.event] : []));
}

/** A swarm in which a long run is on. */
function busy(ids: string): Swarm {
  const swarm = Swarm.of(ids);
  swarm.input(ids[0]!, { kind: "publish", token: 1, plan: LONG, document: "{}", planHash: "hash", keyHash: null });
  swarm.pass(3000);
  return swarm;
}

/** The least and the most that all offered together, while time passes. */
function watched(swarm: Swarm, ms: number): { least: number; most: number } {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  swarm.pass(ms, () => {
    least = Math.min(least, swarm.offered());
    most = Math.max(most, swarm.offered());
  });
  return { least, most };
}

const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, not ${expected}`);

describe("agents that are linked", () => {
  it("become one view, whoever was there first and however late the others come", () => {
    const swarm = Swarm.of("abc");
    assert.equal(swarm.views().length, 1);
    swarm.start("d");
    swarm.link("c", "d");
    swarm.pass(3000);
    assert.match(swarm.views().join(), /^\d+:abcd$/);
    assert.deepEqual(swarm.of("d").machine.seats().map(({ member, share }) => [member.id, share]), [
      ["a", 0.25], ["b", 0.25], ["c", 0.25], ["d", 0.25],
    ]);
  });

  it("as two swarms become one, unless both are busy", () => {
    for (const [runs, together] of [[0, true], [1, true], [2, false]] as const) {
      const swarm = Swarm.of("ab");
      for (const id of "xy") swarm.start(id);
      swarm.link("x", "y");
      swarm.pass(5000);
      for (const id of ["a", "x"].slice(0, runs)) {
        swarm.input(id, { kind: "publish", token: 1, plan: LONG, document: "{}", planHash: `of ${id}`, keyHash: null });
      }
      swarm.pass(3000);
      swarm.link("a", "x");
      swarm.pass(10_000);
      assert.equal(swarm.views().length, together ? 1 : 2, swarm.views().join());
      if (together) assert.match(swarm.views().join(), /:abxy$/);
    }
  });

  it("know the runs of the swarm whose lineage they follow from then on", () => {
    const swarm = busy("ab");
    const [run] = swarm.of("a").machine.runs.all();
    const c = swarm.start("c");
    swarm.link("a", "c");
    const followed = () => swarm.of("a").machine.view().lineage === c.machine.view().lineage;
    while (!followed()) swarm.pass(1, () => {}, 1);
    assert.deepEqual(c.machine.runs.all(), [run]);
  });

  for (const [name, clockMs] of [["ahead", 3_600_000], ["behind", -3_600_000]] as const) {
    it(`whose clocks are an hour ${name} come in as fast, and in time`, () => {
      const swarm = busy("ab");
      const c = swarm.start("c", { clockMs });
      swarm.link("a", "c");
      swarm.pass(5000);
      assert.match(swarm.views().join(), /^\d+:abc$/);
      // The way of the first frame, a millisecond, is not part of it.
      assert.ok(Math.abs(c.offsetMs + clockMs) < 0.6, String(c.offsetMs));
      near(c.offered(swarm.nowMs), 1 / 3);
    });
  }

  it("stay in step, though the clock of one runs too fast and it has a share", () => {
    const swarm = new Swarm();
    swarm.start("a");
    const b = swarm.start("b", { drift: 400e-6 });
    swarm.start("c");
    swarm.link("a", "b");
    swarm.link("a", "c");
    swarm.pass(10_000);
    let apartMs = 0;
    swarm.pass(60_000, () => (apartMs = Math.max(apartMs, Math.abs(b.swarmMs(swarm.nowMs) - swarm.of("a").swarmMs(swarm.nowMs)))));
    assert.ok(apartMs < 10, `${apartMs} ms apart; alone it would be 24`);
  });

  it("do not let anybody in who does not know the time yet", () => {
    const latencyMs = 50;
    const swarm = new Swarm(latencyMs);
    for (const id of "ab") swarm.start(id);
    swarm.link("a", "b");
    swarm.pass(10_000);
    const c = swarm.start("c");
    swarm.link("a", "c");
    let [toldMs, askedMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    swarm.pass(3000, () => {
      const wishes = c.sent().flatMap((frame) => frame.members ?? []).filter(({ id, fromMs }) => id === "c" && fromMs === Infinity);
      if (wishes.length > 0) askedMs = Math.min(askedMs, swarm.nowMs);
      if (swarm.of("a").sent("c").some((frame) => frame.echo !== undefined)) toldMs = Math.min(toldMs, swarm.nowMs);
    }, 1);
    assert.match(swarm.views().join(), /:abc$/);
    assert.ok(askedMs >= toldMs + latencyMs - 1, `asked ${askedMs - toldMs} ms after it was told the time`);
  });

  it("come back after the network was cut, with all they have learnt meanwhile", () => {
    const swarm = busy("abcde");
    swarm.cut("de");
    const during = watched(swarm, 12_000);
    near(during.most, 1);
    assert.equal(swarm.of("a").view(), `${swarm.of("a").machine.view().number}:abc`);
    assert.equal(swarm.of("d").offered(swarm.nowMs), 0, "the smaller part offers nothing");
    swarm.heal();
    swarm.link("a", "d");
    swarm.link("b", "e");
    const after = watched(swarm, 10_000);
    near(after.most, 1);
    assert.match(swarm.views().join(), /^\d+:abcde$/);
    near(swarm.offered(), 1);
  });
});

describe("an agent that comes while a run is under way", () => {
  it("is assigned nothing before its share begins, and takes it over without a gap or an excess", () => {
    const swarm = busy("abc");
    const d = swarm.start("d");
    swarm.link("b", "d");
    const { least, most } = watched(swarm, 5000);
    assert.ok(most <= 1 + 1e-6, String(most));
    assert.ok(least >= 1 - 1e-6, String(least));
    near(d.offered(swarm.nowMs), 0.25);
  });
});

describe("an agent whose process is gone", () => {
  it("is probed by who was linked to it, and replaced in seconds; nobody offers too much", () => {
    const swarm = busy("abcd");
    for (const agent of swarm.agents.values()) agent.effects.length = 0;
    swarm.crash("d");
    const { least, most } = watched(swarm, 4000);
    assert.ok(swarm.of("a").effects.some((effect) => effect.kind === "probe" && effect.member.id === "d"));
    assert.ok(most <= 1 + 1e-6, String(most));
    near(least, 0.75);
    near(swarm.offered(), 1);
    assert.match(swarm.views().join(), /^\d+:abc$/);
    assert.deepEqual(swarm.of("a").events().flatMap((event) => (event.type === "lost" ? [event.member] : [])), ["d"]);
    assert.equal(swarm.of("a").machine.members.get("d")!.state, "lost");
  });

  it("is not held for gone because its link closed: a refused dial is needed", () => {
    const swarm = Swarm.of("abcd");
    for (const id of "abc") swarm.unlink(id, "d");
    swarm.pass(3000);
    assert.match(swarm.views().join(), /^\d+:abcd$/);
  });

  it("is not accused by who has a link to it, whatever a dial says", () => {
    const swarm = Swarm.of("ab");
    swarm.input("a", { kind: "refused", peer: "b" });
    swarm.input("a", { kind: "unreachable", peer: "b" });
    swarm.input("a", { kind: "refused", peer: "stranger" });
    swarm.pass(300);
    const accusations = swarm.of("a").sent().flatMap((frame) => frame.accusations ?? []);
    assert.deepEqual(accusations, []);
  });
});

describe("an agent that is too slow", () => {
  it("gives part of its share to the others, and nobody offers too much or too little", () => {
    const swarm = busy("abc");
    const { run } = swarm.of("c").assignment!;
    for (let sequence = 1; sequence <= 2; sequence++) {
      const counts = { scheduled: 1000 * sequence, started: 600 * sequence, dropped: [400 * sequence] };
      const report = snapshot("c", sequence, { run, totals: totals({ scenarios: [scenarioTotals(counts)] }) });
      swarm.input("c", { kind: "report", snapshot: report });
      swarm.pass(1000);
    }
    const { least, most } = watched(swarm, 5000);
    assert.ok(most <= 1 + 1e-6 && least >= 1 - 1e-6, `${least} to ${most}`);
    const kept = 0.6 * 0.95;
    assert.ok(Math.abs(swarm.of("c").offered(swarm.nowMs) - kept / (2 + kept)) < 1e-3, String(swarm.of("c").offered(swarm.nowMs)));
  });
});

describe("an agent that stands still", () => {
  /** `b` of three, after it stood still for 3 s and this happened first. */
  function stalled(first: "wake" | "frame"): Frame[] {
    const swarm = busy("abc");
    const b = swarm.of("b");
    const frame = swarm.of("a").sent("b").findLast((one) => one.rollCalls !== undefined)!;
    const localMs = swarm.nowMs + 2 * SILENT_MS;
    const before = frames(b.machine.handle({ kind: "wake" }, swarm.nowMs));
    const inputs = first === "wake" ? [{ kind: "wake" } as const] : [{ kind: "frame", from: "a", frame } as const, { kind: "wake" } as const];
    const effects = inputs.flatMap((input) => [...b.machine.handle(input, localMs)]);
    for (let ms = 10; ms < WINDOW_MS; ms += 10) effects.push(...b.machine.handle({ kind: "wake" }, localMs + ms));
    return [...before, ...frames(effects)];
  }
  for (const first of ["wake", "frame"] as const) {
    it(`blames nobody for what it did not hear meanwhile, if a ${first} comes first`, () => {
      assert.deepEqual(stalled(first).flatMap((frame) => frame.accusations ?? []), []);
    });
  }

  it("has told the load threads to stop a second after it last could", () => {
    const swarm = busy("abc");
    const b = swarm.of("b");
    assert.ok(b.leaseMs <= swarm.nowMs + LEASE_RENEWAL_MS, "in swarm time, which is true time here");
    assert.ok(b.leaseMs > swarm.nowMs + LEASE_RENEWAL_MS / 2);
  });
});

describe("agents whose turns come late", () => {
  /** Frames from one to another of its half while the swarm is cut in two halves. */
  function inTrouble(lateMs: number): number {
    const swarm = Swarm.of("abcdefgh", { lateMs });
    swarm.cut("abcd");
    const before = swarm.of("a").sent("b").length;
    swarm.pass(10_000);
    return swarm.of("a").sent("b").length - before;
  }

  it("gather news for longer than just by so much", () => {
    const [inTime, late] = [inTrouble(0), inTrouble(60)];
    assert.ok(late < 0.75 * inTime, `${late} frames instead of ${inTime}`);
  });
});

describe("the lease that the load threads are told", () => {
  it("is none at first, without end alone, and renewed all the time in company", () => {
    const swarm = new Swarm();
    const a = swarm.start("a");
    assert.deepEqual(a.effects.filter(({ kind }) => kind === "lease"), [{ kind: "lease", untilMs: Infinity }]);
    swarm.start("b");
    swarm.link("a", "b");
    swarm.pass(5000);
    assert.ok(Number.isFinite(a.leaseMs));
    swarm.pass(3000, () => assert.ok(a.leaseMs > swarm.nowMs));
  });

  it("is on the agent's own clock", () => {
    const swarm = Swarm.of("ab");
    const c = swarm.start("c", { clockMs: 1_000_000 });
    swarm.link("a", "c");
    swarm.pass(5000);
    const aheadMs = c.leaseMs - c.localMs(swarm.nowMs);
    assert.ok(aheadMs > 0 && aheadMs <= LEASE_RENEWAL_MS + 5, String(aheadMs));
  });
});

describe("what a call returns", () => {
  it("does not change with the next one", () => {
    const a = machine("a");
    a.handle({ kind: "wake" }, NOW);
    const nothing = a.handle({ kind: "unreachable", peer: "x" }, NOW);
    assert.deepEqual(nothing, []);
    publish(a, LONG, NOW);
    assert.deepEqual(nothing, []);
  });
});

describe("events of runs", () => {
  it("a run is scheduled, running, finished: each told once, when it is due", () => {
    const swarm = new Swarm();
    const a = swarm.start("a");
    const more = { document: "{}", planHash: "hash", keyHash: null };
    swarm.input("a", { kind: "publish", token: 1, plan: plan(10, 5), ...more });
    swarm.pass(20_000);
    const told = a.events().flatMap((event) => (event.type === "run" ? [[event.state, Math.round(event.atMs - NOW)]] : []));
    assert.deepEqual(told, [["scheduled", 0], ["running", 2000], ["finished", 7000]]);
  });

  it("a stop is told at once", () => {
    const a = machine("a");
    publish(a, LONG);
    const effects = a.handle({ kind: "stop", token: 2, run: "all" }, NOW + 1);
    assert.deepEqual(events(effects).map((event) => event.type === "run" && event.state), ["stopped"]);
  });

  const theirs = { ...runOf(plan(10, 10), NOW), control: { ...runOf(plan(10, 10), NOW).control, lineage: "theirs" } };
  for (const [name, run] of [["was over when it was first heard of", runOf(plan(10, 1), NOW - 5000)], ["goes on in another swarm", theirs]] as const) {
    it(`a run that ${name} is no news`, () => {
      const a = machine("a");
      a.handle({ kind: "wake" }, NOW);
      assert.deepEqual(events(a.handle({ kind: "frame", from: "b", frame: { runs: [run] } }, NOW)), []);
      assert.deepEqual(events(a.handle({ kind: "wake" }, NOW + 20_000)), []);
    });
  }
});

describe("a plan that holds its rate without a majority", () => {
  it("is assigned as such; others stop", () => {
    for (const onMinority of ["hold", "stop"] as const) {
      const a = machine("a");
      const given = publish(a, plan(10, 10, { onMinority })).find((effect) => effect.kind === "assign");
      assert.equal(given?.assignment.ignoresLease, onMinority === "hold");
    }
  });
});

describe("reports of others", () => {
  it("are kept for known runs only", () => {
    const swarm = Swarm.of("ab");
    swarm.crash("b");
    swarm.pass(10_000);
    const a = swarm.of("a").machine;
    const nowMs = swarm.nowMs;
    const hear = (frame: Frame, from = "b") => a.handle({ kind: "frame", from, frame }, nowMs);
    const report = { since: 0, snapshot: snapshot("b", 1, { run: "r" }) };
    const ask: Frame = { gather: { id: 1, run: "r", have: [{ member: "b", sequence: 0 }] } };
    const held = () => frames(hear(ask, "c"), "c").flatMap((frame) => frame.reports ?? []).length;
    hear({ reports: [report] });
    assert.equal(held(), 0);
    hear({ runs: [runOf(LONG, null)], reports: [report] });
    assert.equal(held(), 1);
  });
});
