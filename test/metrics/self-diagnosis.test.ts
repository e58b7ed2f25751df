// What makes a generator strained or the bottleneck, and what does not.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GeneratorVerdict, type Signs, verdictOf, worstVerdict } from "../../node/metrics/self-diagnosis.ts";

const WELL: Signs = { utilization: 0.3, started: 1000, pacingP99Ms: 1.2, scheduled: 1000, missed: 0, throttled: 0 };

const CASES: readonly (readonly [name: string, change: Partial<Signs>, verdict: GeneratorVerdict])[] = [
  ["all well", {}, "ok"],
  ["nothing to do", { utilization: 0, started: 0, pacingP99Ms: 0, scheduled: 0 }, "ok"],
  ["busy, with room", { utilization: 0.8 }, "ok"],
  ["hardly any room", { utilization: 0.81 }, "strained"],
  ["no room", { utilization: 0.96 }, "bottleneck"],
  ["two ticks late", { pacingP99Ms: 2 }, "ok"],
  ["more than two ticks late", { pacingP99Ms: 2.1 }, "strained"],
  ["a single hiccup among few starts", { started: 19, pacingP99Ms: 30 }, "ok"],
  ["one of a thousand missed", { missed: 1 }, "ok"],
  ["more than one of a thousand missed", { missed: 2 }, "bottleneck"],
  ["the only one missed", { started: 0, scheduled: 1, missed: 1 }, "bottleneck"],
  ["throttled once", { throttled: 1 }, "bottleneck"],
  ["late and without room", { pacingP99Ms: 30, utilization: 1 }, "bottleneck"],
];

describe("the verdict of a second", () => {
  for (const [name, change, verdict] of CASES) it(`${name}: ${verdict}`, () => assert.equal(verdictOf({ ...WELL, ...change }), verdict));
});

it("the worst verdict counts, and nobody is ok", () => {
  assert.equal(worstVerdict([]), "ok");
  assert.equal(worstVerdict(["ok", "strained", "ok"]), "strained");
  assert.equal(worstVerdict(["strained", "bottleneck", "ok"]), "bottleneck");
});
