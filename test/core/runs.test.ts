// Runs: control registers form a lattice in which a stop absorbs, and one publication makes one run.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RunControl, RunRecord } from "../../node/core/events.ts";
import {
  ACTIVE_RUNS,
  CLOCKS_APART_MS,
  ENDED_RUNS,
  FORGET_AFTER_MS,
  NOT_AFTER_GRACE_MS,
  PLAN_CHARACTERS,
  RUNS_KEPT,
} from "../../node/core/limits.ts";
import { endAtMs, firstControl, mergeControl, Runs, runStateAt } from "../../node/core/runs.ts";
import { forSeeds, type Random } from "../support/random.ts";
import { NOW, plan, runOf } from "./support.ts";

/** What the author of one sequence writes is decided by both; stops come from anybody at any time. */
function randomControl(random: Random): RunControl {
  const sequence = random.integer(0, 3);
  const author = random.pick(["a", "b", "c"]);
  const startAtMs = sequence === 0 ? null : NOW + sequence * 100 + author.charCodeAt(0);
  const stopReason = random.pick([null, null, "stopped", "aborted"] as const);
  const lineage = startAtMs === null ? null : `of ${author}`;
  return { sequence, author, startAtMs, lineage, stopReason, stopAtMs: stopReason && NOW + random.integer(0, 2) };
}

/** The id of a run published at an instant, without a key. */
const idAt = (ms: number, hash = "01234567") => `p-${hash}-${Math.floor(ms / 2000).toString(36)}`;

describe("merging control registers", () => {
  it("is commutative, associative and idempotent", () => {
    forSeeds(500, (random) => {
      const [a, b, c] = [randomControl(random), randomControl(random), randomControl(random)];
      assert.deepEqual(mergeControl(a, b), mergeControl(b, a));
      assert.deepEqual(mergeControl(mergeControl(a, b), c), mergeControl(a, mergeControl(b, c)));
      assert.deepEqual(mergeControl(a, a), a);
      const ab = mergeControl(a, b);
      assert.deepEqual(mergeControl(ab, a), ab);
    });
  });

  it("a stop absorbs: whatever is merged, the run stays stopped, at the earliest time told", () => {
    forSeeds(300, (random) => {
      const stop: RunControl = { ...randomControl(random), stopAtMs: NOW + 1, stopReason: "stopped" };
      const merged = mergeControl(randomControl(random), stop);
      assert.ok(merged.stopAtMs !== null && merged.stopAtMs <= NOW + 1);
      assert.ok(merged.stopReason !== null);
    });
  });

  it("a start wins over none, of two the earlier one; then the lower lineage, the higher sequence, the higher author", () => {
    const of = (author: string, startAtMs: number | null, lineage: string | null, sequence = 0) => {
      return { ...firstControl(author, startAtMs, lineage), sequence };
    };
    const rows: readonly (readonly [RunControl, RunControl])[] = [
      [of("a", 9, "m"), of("z", null, null, 7)],
      [of("a", 1, "m"), of("z", 2, "l", 7)],
      [of("a", 1, "l"), of("z", 1, "m", 7)],
      [of("a", 1, "l", 2), of("z", 1, "l", 1)],
      [of("z", 1, "l"), of("a", 1, "l")],
    ];
    for (const [wins, loses] of rows) assert.deepEqual(mergeControl(loses, wins), wins);
  });
});

describe("the runs an agent knows", () => {
  const RATE = plan(10, 10);

  it("two agents that publish one run at the same moment agree on its spec and its start", () => {
    const mine = runOf(RATE, NOW + 2000);
    const theirs = { spec: { ...mine.spec, author: "b", notAfterMs: 5 }, control: firstControl("b", NOW + 1990, null) };
    const [here, there] = [new Runs(), new Runs()];
    here.merge(mine, NOW);
    there.merge(theirs, NOW);
    assert.notEqual(here.merge(theirs, NOW), null);
    there.merge(mine, NOW);
    assert.deepEqual(here.get("r"), there.get("r"));
    assert.equal(here.get("r")!.spec.author, "a");
    assert.equal(here.get("r")!.control.startAtMs, NOW + 1990);
  });

  it("what is known already is no news", () => {
    const runs = new Runs();
    assert.notEqual(runs.merge(runOf(RATE, NOW), NOW), null);
    assert.equal(runs.merge(runOf(RATE, NOW), NOW), null);
  });

  it("the same plan is the same run while that is active, and another one after its end", () => {
    const runs = new Runs();
    const first = runs.idFor("p", "0123456789", null, NOW);
    assert.equal(first, idAt(NOW));
    runs.merge(runOf(RATE, NOW, first), NOW);
    assert.equal(runs.idFor("p", "0123456789", null, NOW + 9999), first);
    assert.equal(runs.idFor("p", "0123456789", null, NOW + 10_000), idAt(NOW + 10_000));
    assert.equal(runs.idFor("p", "abcdef0123", null, NOW), idAt(NOW, "abcdef01"));
  });

  it("the same key is the same run for ever, also with a plan of another name", () => {
    const runs = new Runs();
    const first = runs.idFor("p", "hash", "feedfacefeed", NOW);
    runs.merge(runOf(RATE, NOW, first), NOW);
    assert.equal(runs.idFor("p", "hash", "feedfacefeed", NOW + 1e9), first);
    assert.equal(runs.idFor("q", "other", "feedfacefeed", NOW), first);
    assert.notEqual(runs.idFor("p", "hash", "0123456789ab", NOW), first);
  });

  it("forgets the oldest ended run when there are too many, never an active one, and says so", () => {
    const forgotten: string[] = [];
    const runs = new Runs((id) => forgotten.push(id));
    runs.merge(runOf(RATE, NOW, "active"), NOW);
    // Heard of first, ended last: what counts is the end.
    for (let i = 0; i < RUNS_KEPT; i++) runs.merge(runOf(RATE, NOW - 600_000 - i * 1000, `ended-${i}`), NOW);
    assert.deepEqual(forgotten, [`ended-${RUNS_KEPT - 1}`]);
    assert.equal(runs.all().length, RUNS_KEPT);
  });

  it("a plan published again at once after a stop is no twin of the stopped run", () => {
    const runs = new Runs();
    const first = runOf(RATE, NOW + 2000, idAt(NOW, "h"));
    const over = { ...first, control: { ...first.control, stopAtMs: NOW + 500, stopReason: "stopped" as const } };
    const again = runOf(RATE, NOW + 3000, idAt(NOW + 2000, "h"));
    for (const run of [over, again]) runs.merge(run, NOW + 1000);
    assert.equal(runs.surplusTwin(over, NOW + 1000), null);
    assert.equal(runs.surplusTwin(again, NOW + 1000), null);
    assert.equal(runs.surplusTwin(first, NOW + 1000)?.spec.id, again.spec.id, "had it not been stopped, it would be");
  });

  it("does not forget what has just ended", () => {
    const forgotten: string[] = [];
    const runs = new Runs((id) => forgotten.push(id));
    for (let i = 0; i < RUNS_KEPT + 3; i++) runs.merge(runOf(RATE, NOW - 20_000, `ended-${i}`), NOW);
    assert.deepEqual(forgotten, []);
  });

  it("never gives the id of a forgotten run out again, and late news does not bring it back", () => {
    const runs = new Runs();
    for (let i = 1; i <= RUNS_KEPT + 5; i++) {
      const nowMs = NOW + i * 600_000;
      const id = runs.idFor("p", "0123456789", null, nowMs);
      assert.equal(id, idAt(nowMs));
      runs.merge(runOf(RATE, nowMs, id), nowMs);
    }
    const first = idAt(NOW + 600_000);
    assert.equal(runs.get(first), undefined, "it was forgotten");
    assert.equal(runs.merge(runOf(RATE, NOW, first), NOW + 1e9), null);
    assert.notEqual(runs.idFor("p", "0123456789", null, NOW + 600_000), first);
  });

  const started = runOf(RATE, NOW);
  const stopped = { ...started, control: { ...started.control, stopAtMs: NOW + 500, stopReason: "stopped" as const } };
  const waiting = runOf(RATE, null);
  const short = { ...started, spec: { ...started.spec, notAfterMs: NOW + 700 } };
  const states: readonly [string, typeof started, number, string][] = [
    ["waiting for agents", waiting, NOW, "scheduled"],
    ["waiting until notAfter", waiting, waiting.spec.notAfterMs, "finished"],
    ["before its start", started, NOW - 1, "scheduled"],
    ["at its start", started, NOW, "running"],
    ["at its end", started, NOW + 10_000, "finished"],
    ["before its stop", stopped, NOW + 499, "running"],
    ["at its stop", stopped, NOW + 500, "stopped"],
    ["at notAfter, before its planned end", short, NOW + 700, "finished"],
  ];
  for (const [name, run, at, state] of states) it(`${name} a run is ${state}`, () => assert.equal(runStateAt(run, at), state));

  it("ends by its plan, by a stop, or by notAfter, whichever is first", () => {
    assert.deepEqual([started, stopped, short].map(endAtMs), [NOW + 10_000, NOW + 500, NOW + 700]);
  });
});

describe("runs that nobody would publish", () => {
  const RATE = plan(10, 10, { start: { minAgents: 1, delayMs: 5000 } });
  const LATEST = NOW + CLOCKS_APART_MS;
  const good = runOf(RATE, NOW + 5000);
  const from = (spec: Partial<RunRecord["spec"]>, control: Partial<RunControl> = {}): RunRecord => {
    return { spec: { ...good.spec, ...spec }, control: { ...good.control, sequence: 1, ...control } };
  };
  const rows: readonly [string, RunRecord, boolean][] = [
    ["published by a clock that is a day ahead", from({ publishedAtMs: LATEST }), true],
    ["published later than any clock explains", from({ publishedAtMs: LATEST + 1 }), false],
    ["to start a day and its delay ahead", from({}, { startAtMs: LATEST + 5000 }), true],
    ["to start later", from({}, { startAtMs: LATEST + 5001 }), false],
    ["to end a day ahead", from({ notAfterMs: LATEST + 15_000 + NOT_AFTER_GRACE_MS }), true],
    ["to end later", from({ notAfterMs: LATEST + 15_001 + NOT_AFTER_GRACE_MS }), false],
  ];
  for (const [name, run, isTaken] of rows) {
    it(`${name} ${isTaken ? "are taken" : "are refused, counted, and change no known one"}`, () => {
      const runs = new Runs();
      assert.equal(runs.merge(run, NOW) !== null, isTaken);
      assert.equal(runs.get("r") !== undefined, isTaken);
      assert.equal(runs.refused, isTaken ? 0 : 1);
      const waiting = new Runs();
      waiting.merge(runOf(RATE, null), NOW);
      const before = waiting.get("r");
      waiting.merge(run, NOW);
      assert.equal(waiting.get("r") === before, !isTaken);
    });
  }

  it("are kept out where there is no room: so many active ones, and so much of their text, wherever they run", () => {
    for (const [text, most] of [["{}", ACTIVE_RUNS], ["x".repeat(PLAN_CHARACTERS / 4), 4]] as const) {
      const runs = new Runs();
      for (let i = 0; i < most + 3; i++) {
        const run = runOf(RATE, null, `r${i}`);
        assert.equal(runs.hasRoomFor(text, NOW), i < most);
        runs.merge({ ...run, spec: { ...run.spec, document: text } }, NOW);
        const elsewhere = { ...run.control, sequence: 1, startAtMs: NOW, lineage: "elsewhere" };
        runs.merge({ spec: { ...run.spec, document: text }, control: elsewhere }, NOW);
      }
      assert.deepEqual([runs.all().length, runs.active(NOW).length], [most, 0]);
      assert.equal(runs.refused, 6, "three, each told of twice");
    }
  });

  it("and have just ended are kept out where there are many, or large ones", () => {
    for (const [text, most] of [["{}", ENDED_RUNS], ["x".repeat(PLAN_CHARACTERS / 4), 4]] as const) {
      const runs = new Runs();
      for (let i = 0; i < most + 3; i++) {
        const run = runOf(RATE, NOW - 20_000, `r${i}`);
        runs.merge({ ...run, spec: { ...run.spec, document: text } }, NOW);
      }
      assert.equal(runs.all().length, most);
    }
  });

  it("too large a history is forgotten, oldest first", () => {
    const forgotten: string[] = [];
    const runs = new Runs((id) => forgotten.push(id));
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(forgotten, []);
      const nowMs = NOW + 2 * i * FORGET_AFTER_MS;
      const run = runOf(RATE, nowMs, `r${i}`);
      runs.merge({ ...run, spec: { ...run.spec, document: "x".repeat(0.6 * PLAN_CHARACTERS) } }, nowMs);
    }
    assert.deepEqual(forgotten, ["r0"]);
  });
});

describe("the digest of runs", () => {
  const RATE = plan(10, 10);
  const stopped = { ...runOf(RATE, NOW), control: { ...runOf(RATE, NOW).control, stopAtMs: NOW, stopReason: "stopped" as const } };
  const rows: readonly [string, RunRecord[], RunRecord[], boolean][] = [
    [
      "is the same in whatever order they were heard of",
      [runOf(RATE, NOW, "x"), runOf(RATE, NOW, "y")],
      [runOf(RATE, NOW, "y"), runOf(RATE, NOW, "x")],
      true,
    ],
    ["tells one run more", [runOf(RATE, NOW, "x")], [runOf(RATE, NOW, "x"), runOf(RATE, NOW, "y")], false],
    ["tells a stop", [runOf(RATE, NOW)], [stopped], false],
    [
      "tells a change of the register",
      [runOf(RATE, NOW)],
      [{ ...runOf(RATE, NOW), control: { ...runOf(RATE, NOW).control, sequence: 1 } }],
      false,
    ],
    [
      "tells nothing of the runs of another lineage, of which not everybody has heard",
      [runOf(RATE, NOW, "x")],
      [runOf(RATE, NOW, "x"), { ...runOf(RATE, NOW, "y"), control: { ...runOf(RATE, NOW, "y").control, lineage: "theirs" } }],
      true,
    ],
    ["is what it was after the same again", [runOf(RATE, NOW)], [runOf(RATE, NOW), runOf(RATE, NOW)], true],
  ];
  for (const [name, one, other, same] of rows) {
    it(name, () => {
      const [a, b] = [one, other].map((records) => {
        const runs = new Runs();
        for (const record of records) {
          runs.merge(record, NOW);
          runs.digest();
        }
        return runs.digest();
      });
      assert.equal(a === b, same);
    });
  }

  it("is that of nothing when all are forgotten", () => assert.equal(new Runs().digest(), 0));
});
