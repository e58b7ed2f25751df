// The measuring instrument itself, on logs whose figures are known.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lastAfter, recovery, twice, worstSecond } from "./figures.ts";
import type { Hit } from "./judge.ts";

const RATE = 100;
const SCHEDULE = { startMs: 0, rate: RATE };
const calm = () => 0;
const stalled = (ms: number) => () => ms;

/** Ten seconds at the planned rate; `change` gives what came of arrival k, at times of its own. */
function log(change: (k: number, atMs: number) => readonly number[] = (_, atMs) => [atMs]): Hit[] {
  const times = Array.from({ length: 10 * RATE }, (_, k) => change(k, k * 10 + 1));
  return times.flatMap((each, k) => each.map((atMs) => ({ atMs, from: "a", k }))).sort((a, b) => a.atMs - b.atMs);
}
const due = (fromMs: number, toMs: number, atMs: number) => atMs > fromMs && atMs <= toMs;

describe("the fullest second", () => {
  const doubled = log((_, atMs) => (due(4000, 6000, atMs) ? [atMs, atMs] : [atMs]));
  const burst = log((_, atMs) => [due(4000, 4100, atMs) ? 4101 : atMs]);
  const rows = [
    { name: "of a run as planned", hits: log(), stall: calm, ratio: 1, excused: 1 },
    { name: "of a doubled load", hits: doubled, stall: calm, ratio: 2, excused: 2 },
    { name: "after a pause of 100 ms that nothing excuses", hits: burst, stall: calm, ratio: 1.1, excused: 1.1 },
    { name: "after a pause of 100 ms of the machine", hits: burst, stall: stalled(100), ratio: 1.1, excused: 1 },
  ];
  for (const { name, hits, stall, ratio, excused } of rows) {
    it(name, () => {
      const worst = worstSecond(hits, 1000, 9000, RATE, stall);
      assert.equal(Math.round(worst.ratio * 1000) / 1000, ratio);
      assert.equal(Math.round(worst.excused * 1000) / 1000, excused);
    });
  }

  it("is looked for between the instants only", () => {
    assert.equal(worstSecond(doubled, 8000, 9000, RATE, calm).ratio, 1);
  });
});

describe("arrivals sent twice", () => {
  it("are counted when the second one comes", () => {
    const hits = log((k, atMs) => (k === 300 ? [atMs, atMs + 2000] : [atMs]));
    assert.deepEqual([twice(hits, 0, 4000), twice(hits, 4000, 9000)], [0, 1]);
  });
});

describe("recovery", () => {
  const without = (fromMs: number, toMs: number) => log((_, atMs) => (due(fromMs, toMs, atMs) ? [] : [atMs]));
  const halved = log((k, atMs) => (due(3000, 5000, atMs) && k % 2 === 0 ? [] : [atMs]));
  const late = log((_, atMs) => [due(3000, 5000, atMs) ? atMs + 3000 : atMs]);
  const twiceOfSome = log((k, atMs) => (due(3000, 5000, atMs) ? (k % 2 === 0 ? [] : [atMs, atMs]) : [atMs]));
  const rows = [
    { name: "of a run as planned takes no time", hits: log(), stall: calm, ms: 0, lowest: 1 },
    { name: "after two empty seconds takes two", hits: without(3000, 5000), stall: calm, ms: 1990, lowest: 0 },
    { name: "after two halved seconds takes two", hits: halved, stall: calm, ms: 1970, lowest: 0.5 },
    { name: "is not helped by what came late", hits: late, stall: calm, ms: 1990, lowest: 0 },
    { name: "is not helped by sending others twice", hits: twiceOfSome, stall: calm, ms: 1970, lowest: 0.5 },
    { name: "never came", hits: without(3000, 9999), stall: calm, ms: null, lowest: 0 },
    { name: "of what the machine took is none", hits: without(3000, 3040), stall: stalled(40), ms: 0, lowest: 0.96 },
    { name: "of more than that is one", hits: without(3000, 3040), stall: stalled(20), ms: 10, lowest: 0.96 },
    { name: "is excused for 5 % and no more", hits: without(3000, 3200), stall: stalled(200), ms: 140, lowest: 0.8 },
  ];
  for (const { name, hits, stall, ms, lowest } of rows) {
    it(name, () => {
      assert.deepEqual(recovery(hits, 3000, 9000, SCHEDULE, stall), { ms, lowest });
    });
  }
});

describe("the last request after a stop", () => {
  it("is none if all came before", () => assert.equal(lastAfter(log(), 20_000), 0));
  it("is counted from the stop", () => assert.equal(lastAfter(log(), 9000), 991));
});
