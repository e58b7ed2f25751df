// The arithmetic of the comparison with other load generators; the measuring itself is not a test.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chart } from "../../bench/peers/chart.ts";
import { binned, pacingOf, variationOf } from "../../bench/peers/pacing.ts";
import { type Comparison, figuresOf, median, type Sample } from "../../bench/peers/results.ts";
import { documentOf } from "../../bench/peers/table.ts";

const RATE = 1000;
const even = Array.from({ length: 5 * RATE }, (_, i) => 1_000 + i / RATE);

describe("how evenly requests came", () => {
  it("an even stream is never late and does not vary", () => {
    const { p50Ms, maxMs, variation } = pacingOf(even, RATE)!;
    assert.ok(p50Ms < 0.001 && maxMs < 0.001, `${p50Ms}, ${maxMs}`);
    assert.equal(variation, 0);
  });

  it("a stall of 100 ms shows as lateness of its length, and as variation", () => {
    const stalled = even.map((at) => (at > 1_002 && at < 1_002.1 ? 1_002.1 : at));
    const { p50Ms, maxMs, variation } = pacingOf(stalled, RATE)!;
    assert.ok(Math.abs(maxMs - 99) < 1.5, String(maxMs));
    assert.ok(p50Ms < 0.001);
    assert.ok(variation > 0.4, String(variation));
  });

  it("a slower stream than asked for falls behind more and more", () => {
    assert.ok(pacingOf(even, RATE * 2)!.maxMs > 2_000);
  });

  it("next to nothing says nothing", () => assert.equal(pacingOf(even.slice(0, 5), RATE), null));

  it("bins are whole ones, and a half of twice and none at all varies by 1", () => {
    assert.deepEqual(new Set(binned(even)), new Set([10]));
    assert.equal(variationOf([2, 0, 2, 0]), 1);
  });
});

const sample = (round: number, tool: string, perCpu: number): Sample => ({
  round,
  tool,
  column: "bare",
  requests: perCpu * 2,
  wallSeconds: 10,
  userSeconds: 0.5,
  systemSeconds: 1.5,
  peakMB: 100,
  exitCode: 0,
  pacing: null,
});

const comparison: Comparison = {
  schema: "loadswarm.bench/1",
  startedAt: "2026-01-02T03:04:05.000Z",
  machine: { cpu: "cpu", cores: 2, kernel: "6", node: "v26.0.0", nginx: "nginx/1", pinned: true, loadBefore: 0 },
  settings: { rounds: 3, seconds: 10, connections: 64 },
  tools: [{ name: "wrk", version: "4.1.0", rate: 0, without: "closed loop" }],
  missing: ["oha"],
  // The machine was half as fast in the second round; of the third, ours is missing.
  samples: [sample(1, "wrk", 100), sample(1, "loadswarm", 90), sample(2, "loadswarm", 45), sample(2, "wrk", 50), sample(3, "wrk", 1)],
};

describe("a comparison", () => {
  it("takes ratios within a round only, so that a slow minute of the machine is in both", () => {
    const [ours, wrk] = figuresOf(comparison, "bare");
    assert.equal(ours!.ratio, null);
    assert.deepEqual(wrk!.ratio, { median: 0.9, least: 0.9, most: 0.9 });
    assert.deepEqual([ours!.perCpuSecond, wrk!.perCpuSecond, wrk!.rounds], [67.5, 50, 3]);
    assert.deepEqual(figuresOf(comparison, "tls"), []);
  });

  it("the median of an even number is between the two in the middle", () => assert.equal(median([4, 1, 3, 2]), 2.5));

  it("as a page names what was measured, on what, and who was missing; as a chart has a bar for each", () => {
    const page = documentOf(comparison);
    for (const said of ["2026-01-02", "| wrk | 50 | 0.90x | 0.90x–0.90x | 0.95 missed |", "oha", "wrk 4.1.0", "Loopback"]) assert.ok(page.includes(said), said);
    assert.equal(chart(comparison).match(/class="(ours|peer)"/g)!.length, 2);
  });
});
