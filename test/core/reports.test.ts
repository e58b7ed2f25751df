// Reports: deltas add up to what a full report says, and a gap is refused.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Reports } from "../../node/core/reports.ts";
import { forSeeds } from "../support/random.ts";
import { point, snapshot } from "./support.ts";

describe("reports", () => {
  it("deltas that are handed over accumulate to the same as the full report", () => {
    forSeeds(100, (random) => {
      const [own, held] = [new Reports(), new Reports()];
      let told = 0;
      for (let sequence = 1; sequence <= 20; sequence++) {
        const points = Array.from({ length: random.integer(0, 3) }, () => point(random.integer(0, 5), sequence));
        own.add({ since: sequence - 1, snapshot: snapshot("a", sequence, { points }) });
        if (random.next() < 0.5 && sequence < 20) continue;
        assert.equal(held.add(own.after("r", "a", told)!), true);
        told = sequence;
      }
      assert.deepEqual(held.of("r"), own.of("r"));
      const late = new Reports();
      late.add(own.after("r", "a", 0)!);
      assert.deepEqual(late.of("r"), own.of("r"));
    });
  });

  const cases: readonly [string, number, number, boolean][] = [
    ["the next one", 3, 4, true],
    ["one that overlaps what is held", 1, 4, true],
    ["a full one", 0, 4, true],
    ["one with a gap before it", 4, 5, false],
    ["one that is held already", 2, 3, false],
    ["an older one", 0, 2, false],
  ];
  for (const [name, since, sequence, taken] of cases) {
    it(`${taken ? "takes" : "refuses"} ${name}`, () => {
      const reports = new Reports();
      reports.add({ since: 0, snapshot: snapshot("a", 3, { points: [point(0, 3)] }) });
      const news = snapshot("a", sequence, { points: [point(0, 99)], done: true });
      assert.equal(reports.add({ since, snapshot: news }), taken);
      assert.equal(reports.sequence("r", "a"), taken ? sequence : 3);
      assert.equal(reports.isDone("r", "a"), taken);
      assert.equal(reports.of("r")[0]!.points[0]!.started, taken ? 99 : 3, "a refused report changes nothing");
    });
  }

  it("has nothing to tell of runs and members it does not know, nor of what is known already", () => {
    const reports = new Reports();
    assert.equal(reports.after("r", "a", 0), null);
    reports.add({ since: 0, snapshot: snapshot("a", 1) });
    assert.equal(reports.after("r", "a", 1), null);
    reports.forget("r");
    assert.equal(reports.after("r", "a", 0), null);
    assert.deepEqual(reports.of("r"), []);
  });
});
