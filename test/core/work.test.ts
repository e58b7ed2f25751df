// Work: which runs become an agent's own, and how what it hears of them is passed on.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Effect, RunRecord } from "../../node/core/events.ts";
import type { SwarmMachine } from "../../node/core/machine.ts";
import { assignments, machine, NOW, plan, publish, runOf } from "./support.ts";

/** Alone, but linked to b and c. */
function linked(): SwarmMachine {
  const a = machine("a");
  a.handle({ kind: "wake" }, NOW);
  for (const peer of ["b", "c"]) a.handle({ kind: "linkUp", peer }, NOW);
  return a;
}

const hear = (a: SwarmMachine, ...runs: RunRecord[]) => a.handle({ kind: "frame", from: "b", frame: { runs } }, NOW);
const of = (a: SwarmMachine, run: RunRecord, lineage: string | null = a.view().lineage): RunRecord => ({
  ...run,
  control: { ...run.control, lineage },
});
const told = (effects: readonly Effect[]) =>
  effects.flatMap((one) => (one.kind === "send" && one.frame.runs !== undefined ? [`${one.to}:${one.frame.runs.map((run) => run.spec.id)}`] : []));

describe("a run that is heard of", () => {
  const LONG = plan(10, 60);
  const MANY = plan(10, 60, { start: { minAgents: 3, delayMs: 0 } });
  const rows: readonly [string, RunRecord, "mine" | "other" | null, boolean, boolean][] = [
    ["under way in this lineage: assigned, and passed on", runOf(LONG, NOW), "mine", true, true],
    ["scheduled in this lineage: assigned, and passed on", runOf(LONG, NOW + 5000), "mine", true, true],
    ["over in this lineage: known, and passed on", runOf(plan(10, 1), NOW - 5000), "mine", false, true],
    ["which waits for agents: known, and passed on", runOf(MANY, null), null, false, true],
    ["under way in another lineage: known, and passed on", runOf(LONG, NOW), "other", false, true],
  ];
  for (const [name, run, lineage, isAssigned, isTold] of rows) {
    it(name, () => {
      const a = linked();
      const effects = hear(a, of(a, run, lineage === "mine" ? a.view().lineage : lineage));
      assert.deepEqual(assignments(effects).map((one) => one.run), isAssigned ? ["r"] : []);
      assert.deepEqual(told(effects), isTold ? ["c:r"] : [], "but to whom it came from");
      assert.equal(a.runs.get("r") !== undefined, isTold);
    });
  }

  it("again is no news", () => {
    const a = linked();
    hear(a, of(a, runOf(LONG, NOW)));
    const effects = hear(a, of(a, runOf(LONG, NOW)));
    assert.deepEqual([told(effects), assignments(effects)], [[], []]);
  });

  it("and was stopped: its work ends, also when that is heard of late", () => {
    const a = linked();
    const run = of(a, runOf(LONG, NOW - 20_000));
    hear(a, run);
    const stopped = { ...run, control: { ...run.control, sequence: 1, stopAtMs: NOW - 10_000, stopReason: "stopped" as const } };
    assert.deepEqual(assignments(hear(a, stopped)).map((one) => one.endAtMs), [NOW - 10_000]);
  });

  it("and was started elsewhere after it had waited here: it is not this agent's work", () => {
    const a = linked();
    hear(a, runOf(MANY, null));
    const started = of(a, runOf(MANY, NOW), "other");
    const effects = hear(a, { ...started, control: { ...started.control, sequence: 1 } });
    assert.deepEqual(assignments(effects), []);
    assert.equal(a.runs.get("r")!.control.lineage, "other");
  });

  it("and began elsewhere before it was begun here: its work ends, and is not taken up again", () => {
    const a = linked();
    const run = of(a, runOf(LONG, NOW - 1000));
    hear(a, run);
    const before = of(a, runOf(LONG, NOW - 2000), "other");
    assert.deepEqual(assignments(hear(a, before)).map((one) => [one.startAtMs, one.endAtMs]), [[NOW - 1000, NOW]]);
    assert.deepEqual(assignments(hear(a, run)), []);
  });

  it("twice under two names, published at one moment: all stop the same one", () => {
    const a = linked();
    publish(a, LONG);
    const [mine] = a.runs.all();
    const later = `${mine!.spec.id.slice(0, mine!.spec.id.lastIndexOf("-"))}-zzzz`;
    const twin = { ...mine!, spec: { ...mine!.spec, id: later, publishedAtMs: NOW + 1 } };
    hear(a, twin);
    assert.deepEqual(a.runs.all().map((run) => [run.spec.id === later, run.control.stopReason]), [[false, null], [true, "stopped"]]);
  });
});
