// Runs of other lineages: known, ceded, and whose business they are.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RunRecord } from "../../node/core/events.ts";
import { Runs } from "../../node/core/runs.ts";
import { NOW, plan, runOf } from "./support.ts";

describe("runs and lineages", () => {
  const RATE = plan(10, 10);
  const of = (lineage: string | null, id = "r") => {
    const run = runOf(RATE, lineage === null ? null : NOW, id);
    return { ...run, control: { ...run.control, lineage } };
  };
  function inLineage(lineage: string): Runs {
    const runs = new Runs();
    runs.lineage = lineage;
    return runs;
  }

  it("a run that was started in another lineage is known, but only its business", () => {
    const runs = inLineage("mine");
    for (const run of [of("theirs", "x"), of("mine", "y"), of(null, "z")]) runs.merge(run, NOW);
    assert.deepEqual(runs.all().map((run) => [run.spec.id, runs.isOurs(run)]), [["x", false], ["y", true], ["z", true]]);
    assert.deepEqual(runs.active(NOW).map((run) => run.spec.id), ["y", "z"]);
  });

  describe("a run that two lineages have begun goes on where it began first", () => {
    const claim = (lineage: string, startAtMs: number, planHash = "h") => {
      const run = runOf(RATE, startAtMs);
      return { spec: { ...run.spec, planHash }, control: { ...run.control, lineage } };
    };
    const rows: readonly [string, RunRecord, number, string][] = [
      ["in the other one: ceded, and nothing else is begun until it is over", claim("theirs", NOW - 2000), 2, "theirs"],
      ["here: theirs is told", claim("theirs", NOW - 500), 2, "mine"],
      ["at one instant: where the name is lower", claim("aaa", NOW - 1000), 2, "aaa"],
      ["but not if theirs is another plan under the same key", claim("theirs", NOW - 2000, "other"), 2, "mine"],
    ];
    for (const [name, theirs, rank, lineage] of rows) {
      it(name, () => {
        const runs = inLineage("mine");
        runs.merge(claim("mine", NOW - 1000), NOW);
        runs.merge(theirs, NOW);
        assert.deepEqual([runs.get("r")!.control.lineage, runs.rank(NOW)], [lineage, rank]);
        assert.equal(runs.active(NOW).length, lineage === "mine" ? 1 : 0);
        assert.equal(runs.rank(NOW + 10_000), 0, "over");
      });
    }

    it("and both know so in the end, whoever hears of the other first", () => {
      const [here, there] = [inLineage("mine"), inLineage("theirs")];
      here.merge(claim("mine", NOW - 1000), NOW);
      there.merge(claim("theirs", NOW - 2000), NOW);
      there.merge(here.get("r")!, NOW);
      here.merge(there.get("r")!, NOW);
      assert.deepEqual(here.get("r"), there.get("r"));
      assert.deepEqual([here.active(NOW).length, there.active(NOW).length], [0, 1]);
    });
  });

  it("whoever has ceded a run stays away from the lineage where it goes on, by that one's time", () => {
    const runs = inLineage("mine");
    const ours = { ...of("mine"), control: { ...of("mine").control, startAtMs: NOW } };
    runs.merge(ours, NOW);
    runs.merge({ ...ours, control: { ...ours.control, lineage: "theirs", startAtMs: NOW - 1000 } }, NOW);
    const standing = { lineage: "theirs", bornMs: 0, rank: 2, view: 1, digest: 0, sentAtMs: NOW } as const;
    const kept = (lineage: string, sentAtMs: number) => runs.hasCeded({ ...standing, lineage, sentAtMs });
    assert.deepEqual([kept("theirs", NOW), kept("theirs", NOW + 8999), kept("theirs", NOW + 9000), kept("other", NOW)], [true, true, false, false]);
    assert.equal(inLineage("mine").hasCeded(standing), false);
  });

  it("a run that waited here and was started elsewhere is known, but not active here", () => {
    const runs = inLineage("mine");
    runs.merge(of(null), NOW);
    const started = of("theirs");
    runs.merge({ ...started, control: { ...started.control, sequence: 1 } }, NOW);
    assert.equal(runs.get("r")!.control.lineage, "theirs");
    assert.deepEqual(runs.active(NOW), []);
  });

  it("runs of a lineage that is left are active no more", () => {
    const runs = inLineage("mine");
    runs.merge(of("mine", "x"), NOW);
    runs.merge(of(null, "y"), NOW);
    runs.lineage = "theirs";
    assert.deepEqual(runs.active(NOW).map((run) => run.spec.id), ["y"]);
  });
});
