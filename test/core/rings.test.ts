// Rings: links that nobody negotiates hold every swarm together.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RINGS } from "../../node/core/limits.ts";
import { firstInHashOrder, neighbours } from "../../node/core/rings.ts";
import { Random } from "../support/random.ts";

function idsOf(count: number, seed: number): string[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => `12D3KooW${Math.floor(random.next() * 2 ** 32).toString(36)}${i}`);
}

function reachable(ids: readonly string[]): number {
  const links = new Map(ids.map((id) => [id, neighbours(id, ids)]));
  const seen = new Set([ids[0]!]);
  for (const id of seen) for (const other of links.get(id)!) seen.add(other);
  return seen.size;
}

describe("neighbours", () => {
  it("everybody has between 2 and 10 of them, and is nobody's neighbour one-sidedly, for 2..200 members", () => {
    for (let count = 3; count <= 200; count += 7) {
      const ids = idsOf(count, count);
      const links = new Map(ids.map((id) => [id, new Set(neighbours(id, ids))]));
      for (const [id, wanted] of links) {
        assert.ok(wanted.size >= 2 && wanted.size <= 2 * RINGS, `${wanted.size} of ${count}`);
        assert.ok(!wanted.has(id));
        for (const other of wanted) assert.ok(links.get(other)!.has(id), "both hold the link");
      }
    }
  });

  it("two members are each other's only neighbour; one has none, nor has a stranger", () => {
    assert.deepEqual(neighbours("a", ["a", "b"]), ["b"]);
    assert.deepEqual(neighbours("a", ["a"]), []);
    assert.deepEqual(neighbours("x", ["a", "b"]), []);
  });

  it("the links connect everybody with everybody, for 2..200 members", () => {
    for (let count = 2; count <= 200; count += count < 20 ? 1 : 9) assert.equal(reachable(idsOf(count, count)), count);
  });

  it("are the same for the same members, in whatever order they are known", () => {
    const ids = idsOf(50, 1);
    for (const id of ids) {
      assert.deepEqual([...neighbours(id, ids)].sort(), [...neighbours(id, ids.toReversed())].sort());
    }
  });

  it("rings are independent: five of them give far more neighbours than one", () => {
    const ids = idsOf(200, 2);
    const mean = ids.reduce((sum, id) => sum + neighbours(id, ids).length, 0) / ids.length;
    assert.ok(mean > 9, String(mean));
  });
});

describe("hash order", () => {
  it("chooses the same few whatever the order of the members, and others for another key", () => {
    const ids = idsOf(100, 3);
    const chosen = firstInHashOrder("run-1", ids, 3);
    assert.equal(chosen.length, 3);
    assert.deepEqual(firstInHashOrder("run-1", ids.toReversed(), 3), chosen);
    assert.notDeepEqual(firstInHashOrder("run-2", ids, 3), chosen);
    assert.deepEqual(firstInHashOrder("run-1", ["a"], 3), ["a"]);
  });
});
