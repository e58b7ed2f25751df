// Whatever bytes come, decodeFrame returns a frame or throws WIRE_INVALID; whatever frame the core makes arrives.
// (How much work it may be: bounds.test.ts.)

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadswarmError } from "../../node/plan/errors.ts";
import { decodeFrame, encodeFrame } from "../../node/wire/codec.ts";
import { forSeeds, Random } from "../support/random.ts";
import { FRAMES } from "./frames.ts";
import { flipped, mutated, spliced, truncated } from "./mutations.ts";
import { randomFrame } from "./random-frame.ts";

const CASES = 5000;
const VALID = Object.values(FRAMES).map((frame) => encodeFrame(frame));
forSeeds(40, (random) => VALID.push(encodeFrame(randomFrame(random))));

/** True if it was taken. Anything but WIRE_INVALID is a failure of the test. */
function survives(bytes: Uint8Array): boolean {
  try {
    const frame = decodeFrame(bytes);
    // What was taken can be sent on, and arrives as it is.
    assert.deepEqual(decodeFrame(encodeFrame(frame)), frame);
    return true;
  } catch (error) {
    if (error instanceof LoadswarmError && error.code === "WIRE_INVALID") return false;
    throw new Error(`${Buffer.from(bytes).toString("hex").slice(0, 400)}: ${String(error)}`, { cause: error });
  }
}

function fuzz(seed: number, make: (random: Random, valid: readonly Uint8Array[]) => Uint8Array) {
  const random = new Random(seed);
  let taken = 0;
  for (let i = 0; i < CASES; i++) if (survives(make(random, VALID))) taken++;
  return { taken, refused: CASES - taken };
}

describe("decodeFrame survives", () => {
  it("random bytes", () => {
    const { refused } = fuzz(1, (random) => Uint8Array.from({ length: random.integer(0, 200) }, () => random.integer(0, 255)));
    assert.ok(refused > CASES / 2);
  });

  const kinds: readonly [string, typeof mutated, number][] = [
    ["frames with a few bits flipped", flipped, 100],
    ["truncated frames", truncated, 100],
    // Few pieces begin where a field does.
    ["pieces of frames put together", spliced, 1],
    ["frames changed in any way", mutated, 100],
  ];
  for (const [index, [name, make, least]] of kinds.entries()) {
    it(name, () => {
      const { taken, refused } = fuzz(2 + index, make);
      assert.ok(taken >= least && refused > 100, `${taken} taken, ${refused} refused: the cases must reach both`);
    });
  }
});

describe("a random frame", () => {
  it("arrives as it was sent", () => {
    forSeeds(1000, (random) => {
      const frame = randomFrame(random);
      assert.deepEqual(decodeFrame(encodeFrame(frame)), frame);
    });
  });
});
