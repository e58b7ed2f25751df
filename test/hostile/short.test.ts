// The short version of `npm run hostile`: everything at once, against real agents with a run on. How fast they are is not
// looked at here, because it says more about the machine that tests.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Arena, type Attack } from "./attack.ts";
import { flooding, gossip, malformed, oversized, replayed } from "./floods.ts";
import { fakes, fates, floodOfRuns, lineages, records, reports, runs, times, views } from "./lies.ts";

const ATTACKS: readonly (readonly [Attack, number])[] = [
  [malformed, 3000],
  [replayed, 3000],
  [flooding, 2000],
  [oversized, 18],
  [gossip, 400],
  [records, 0],
  [times, 0],
  [views, 0],
  [lineages, 0],
  [fates, 0],
  [reports, 100],
  [runs, 0],
  [floodOfRuns, 20],
  [fakes, 300],
];

let arena: Arena;
before(async () => {
  arena = await Arena.open({ isTimed: false });
});
after(() => arena?.[Symbol.asyncDispose]());

describe("a swarm with a run on", () => {
  it("goes on as if there were no attackers", async () => {
    const metrics = await arena.endures("all at once", async () => {
      const sent = await Promise.all(ATTACKS.map(([attack, frames]) => attack(arena, frames)));
      return sent.reduce((sum, frames) => sum + frames, 0);
    });
    const all = (name: keyof (typeof metrics)[number]) => metrics.reduce((sum, one) => sum + one[name], 0);
    for (const name of ["framesRefused", "framesUnheard", "membersRefused", "runsRefused"] as const) {
      assert.ok(all(name) > 0, `${name} counts what was refused`);
    }
  });
});
