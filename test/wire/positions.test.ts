// Sets of positions: what is sent is what arrives, in the shorter of two forms and in one length.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Positions } from "../../node/core/frame.ts";
import { MAX_POSITIONS } from "../../node/wire/bounds.ts";
import { ascendingFromGaps, gapsOf, positionsFromWire, positionsToWire } from "../../node/wire/positions.ts";
import { forSeeds } from "../support/random.ts";
import { everybody, positions } from "./frames.ts";

const NONE = new Uint8Array();

function received(bits: Uint8Array = NONE, gaps: readonly number[] = []): Positions {
  return positionsFromWire({ set: bits, setGaps: gaps }, "set", "setGaps");
}

function roundtrip(set: Positions): Positions {
  const { bits, gaps } = positionsToWire(set);
  return received(bits, gaps);
}

describe("a set of positions", () => {
  const cases: readonly [string, Positions, bits: number | null, gaps: readonly number[] | null][] = [
    ["nobody", positions(), null, null],
    ["the first", positions(0), 1, null],
    ["the eighth", positions(7), 1, null],
    ["the ninth alone", positions(8), null, [8]],
    ["two far apart", positions(3, 300), null, [3, 296]],
    ["the last that can be", positions(MAX_POSITIONS - 1), null, [MAX_POSITIONS - 1]],
    ["everybody of 200", everybody(200), 25, null],
    ["everybody of 3,000", everybody(3000), 375, null],
    ["everybody that can be", everybody(MAX_POSITIONS), 2048, null],
    ["the sign bit of a word", positions(31, 63), null, [31, 31]],
  ];
  for (const [name, set, bits, gaps] of cases) {
    it(`arrives as it was sent, in the shorter form: ${name}`, () => {
      const wire = positionsToWire(set);
      assert.equal(wire.bits?.length ?? null, bits);
      assert.deepEqual(wire.gaps ?? null, gaps);
      assert.deepEqual(roundtrip(set), set);
    });
  }

  it("arrives as it was sent, whatever its density", () => {
    forSeeds(300, (random) => {
      const size = random.integer(1, MAX_POSITIONS);
      const share = random.pick([0.001, 0.02, 0.1, 0.5, 1]);
      const members = Array.from({ length: size }, (_, i) => i).filter(() => random.next() < share);
      const set = positions(...members);
      assert.deepEqual(roundtrip(set), set);
      const { bits, gaps } = positionsToWire(set);
      const bitsBytes = Math.ceil(((members.at(-1) ?? -1) + 1) / 8);
      const gapsBytes = gapsOf(members).reduce((sum, gap) => sum + (gap < 128 ? 1 : gap < 16_384 ? 2 : 3), 0);
      assert.equal(gaps === undefined ? (bits?.length ?? 0) : gapsBytes, Math.min(bitsBytes, gapsBytes));
    });
  });

  it("has no words beyond its highest position, however it was sent", () => {
    assert.deepEqual(roundtrip(new Uint32Array([1, 0, 0])), new Uint32Array([1]));
    assert.deepEqual(roundtrip(new Uint32Array(9)), new Uint32Array());
    assert.deepEqual(received(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)), new Uint32Array([1]));
    assert.deepEqual(received(NONE, [0, 31]), new Uint32Array([1, 1]));
  });

  it("never reaches beyond its bound", () => {
    const refused = (bits: Uint8Array, gaps: readonly number[]) =>
      assert.throws(() => received(bits, gaps), { code: "WIRE_INVALID" });
    refused(new Uint8Array(MAX_POSITIONS / 8 + 1), []);
    refused(NONE, [MAX_POSITIONS]);
    refused(NONE, [0xffffffff]);
    refused(NONE, [MAX_POSITIONS - 1, 0]);
    refused(NONE, new Array(MAX_POSITIONS).fill(1));
    refused(Uint8Array.of(1), [1]);
  });
});

describe("gaps", () => {
  it("say how many positions are passed over before each", () => {
    assert.deepEqual(gapsOf([0, 1, 5]), [0, 0, 3]);
    assert.deepEqual(ascendingFromGaps([0, 0, 3], "x"), [0, 1, 5]);
  });
});
