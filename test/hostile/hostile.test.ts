// Floods and nonsense from peers that have the swarm key, against real agents with a run on.
// HOSTILE_FRAMES=40000 for a few minutes of it.
//
// What a holder of the key can still do is told in node/mesh/peer-limits.ts.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Arena, type Attack, FRAMES } from "./attack.ts";
import { flooding, gossip, hoarding, identities, malformed, oversized, replayed } from "./floods.ts";

let arena: Arena;
before(async () => {
  arena = await Arena.open({ isTimed: true });
});
after(() => arena?.[Symbol.asyncDispose]());

const ATTACKS: readonly [string, Attack, number][] = [
  ["what it has said itself, said again", replayed, 0.3 * FRAMES],
  ["questions and news without end, which wait", flooding, 0.2 * FRAMES],
  ["frames as large as they may be, and larger", oversized, Math.max(1, FRAMES / 5000)],
  ["frames as large as they may be that never end", hoarding, Math.max(10, Math.min(30, FRAMES / 30_000))],
  ["gossip without sense, and without end", gossip, Math.max(2000, 0.1 * FRAMES)],
  ["more peers than may be linked at once", identities, Math.min(300, FRAMES / 1000)],
];

describe("a swarm with a run on endures", () => {
  it("malformed frames, and refuses whoever sends them", async () => {
    const metrics = await arena.endures("malformed", () => malformed(arena, 0.4 * FRAMES));
    assert.ok(metrics.every(({ framesRefused, peersRefused }) => framesRefused > 10 && peersRefused > 0));
  });

  for (const [name, attack, frames] of ATTACKS) {
    it(name, () => arena.endures(attack.name, () => attack(arena, frames)).then(() => {}));
  }
});
