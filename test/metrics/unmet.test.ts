// What is unmet: only what agents themselves could not send, while it lasts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DROP_REASONS, type DropReason } from "../../node/metrics/results.ts";
import { Unmet, unmetOf } from "../../node/metrics/unmet.ts";
import { NOW, scenarioTotals, snapshot, totals } from "../core/support.ts";

const dropped = (by: Partial<Record<DropReason, number>>) =>
  scenarioTotals({ scheduled: 1000, dropped: DROP_REASONS.map((reason) => by[reason] ?? 0) });
const report = (seconds: number, late: number, more: { readonly run?: string; readonly done?: boolean } = {}) =>
  snapshot("a", seconds, { atMs: NOW + 1000 * seconds, totals: totals({ scenarios: [dropped({ late })] }), ...more });
const at = (seconds: number): number => NOW + 1000 * seconds;

describe("an arrival is unmet", () => {
  const reasons: readonly [DropReason, boolean][] = [
    ["late", true],
    ["no_connection", true],
    ["max_vus", false],
    ["stopped", false],
  ];
  for (const [reason, counts] of reasons) {
    it(`${counts ? "if" : "not if"} it was dropped as ${reason}`, () => {
      assert.equal(unmetOf([dropped({ [reason]: 3 }), dropped({ [reason]: 4 })]), counts ? 7 : 0);
    });
  }

  it("only if there was one: totals of nobody have none", () => assert.equal(unmetOf([{ dropped: [] }]), 0));
});

describe("the unmet rate", () => {
  it("is what was new in the latest report, per second of the time since the one before", () => {
    const unmet = new Unmet();
    const rates = [[1, 30], [2, 30], [4, 50], [5, 55]].map(([seconds, late]) => {
      unmet.take(report(seconds!, late!));
      return unmet.perSecond(at(seconds!));
    });
    assert.deepEqual(rates, [30, 0, 10, 5]);
  });

  it("is that of all runs together", () => {
    const unmet = new Unmet();
    unmet.take(report(1, 30, { run: "one" }));
    unmet.take(report(1, 5, { run: "other" }));
    assert.equal(unmet.perSecond(at(1)), 35);
  });

  it("is nothing when nothing is reported any more", () => {
    const unmet = new Unmet();
    assert.equal(unmet.perSecond(at(0)), 0);
    unmet.take(report(1, 30, { done: true }));
    assert.equal(unmet.perSecond(at(3.9)), 30);
    assert.equal(unmet.perSecond(at(4)), 0);
  });

  it("counts nothing twice, though reports come late, again, or after a silence", () => {
    const unmet = new Unmet();
    unmet.take(report(2, 30));
    for (const seconds of [2, 1]) unmet.take(report(seconds, 90));
    assert.equal(unmet.perSecond(at(2)), 30);
    assert.equal(unmet.perSecond(at(60)), 0);
    unmet.take(report(60, 30));
    assert.equal(unmet.perSecond(at(60)), 0, "those 30 were counted a minute ago");
  });
});
