// Batches of runs: each fits into a frame, and none is lost.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inBatches } from "../../node/core/batches.ts";
import type { RunRecord } from "../../node/core/events.ts";
import { BATCH_CHARACTERS } from "../../node/core/limits.ts";
import { machine, NOW, plan, runOf } from "./support.ts";

/** Runs whose plans take so much of what fits into a frame. */
function runsOf(...parts: readonly number[]): RunRecord[] {
  return parts.map((part, i) => {
    const run = runOf(plan(10, 1), NOW, String(i));
    return { ...run, spec: { ...run.spec, document: "x".repeat(Math.ceil(BATCH_CHARACTERS * part)) } };
  });
}

const ids = (batches: readonly (readonly RunRecord[])[]) => batches.map((batch) => batch.map((run) => run.spec.id).join(""));

describe("batches", () => {
  const rows: readonly [string, number[], string[]][] = [
    ["nothing is none", [], []],
    ["what fits goes together", [0.3, 0.3, 0.3], ["012"]],
    ["what does not begins another", [0.6, 0.6, 0.6], ["0", "1", "2"]],
    ["a large one goes alone, and what follows is not left behind", [0.1, 1.5, 0.1], ["0", "1", "2"]],
    ["what fits exactly goes together", [0.5, 0.5], ["01"]],
  ];
  for (const [name, parts, expected] of rows) it(name, () => assert.deepEqual(ids(inBatches(runsOf(...parts))), expected));

  it("have fewer runs than the wire takes", () => {
    const sizes = inBatches(runsOf(...Array<number>(250).fill(0))).map((batch) => batch.length);
    assert.ok(Math.max(...sizes) <= 100, String(sizes));
    assert.equal(sizes.reduce((sum, size) => sum + size, 0), 250);
  });
});

describe("complete state that was asked for", () => {
  it("comes in several frames if need be, the one that says so last", () => {
    const a = machine("a");
    a.handle({ kind: "linkUp", peer: "b" }, NOW);
    const standing = { lineage: "other", bornMs: NOW, rank: 0, view: 1, digest: 0, sentAtMs: NOW } as const;
    a.handle({ kind: "frame", from: "b", frame: { runs: runsOf(0.6, 0.6, 0.6) } }, NOW);
    const effects = a.handle({ kind: "frame", from: "b", frame: { standing, pull: true } }, NOW);
    const told = effects.flatMap((one) => (one.kind === "send" && one.frame.runs !== undefined ? [one.frame] : []));
    assert.deepEqual(told.map((frame) => [frame.hello ?? false, ids([frame.runs!])]), [[false, ["0"]], [false, ["1"]], [true, ["2"]]]);
    const { chain, members, standing: own } = told.at(-1)!;
    assert.deepEqual([chain?.base.number, members?.map(({ id }) => id), own?.view], [1, ["a"], 1]);
  });
});
