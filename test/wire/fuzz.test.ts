// Whatever bytes come, decodeFrame returns a frame or throws WIRE_INVALID, in bounded time.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import protobuf from "protobufjs";
import { LoadswarmError } from "../../node/plan/errors.ts";
import { decodeFrame, encodeFrame, MAX_FRAME_BYTES } from "../../node/wire/codec.ts";
import { Random } from "../support/random.ts";
import { FRAMES } from "./frames.ts";

const VALID = Object.values(FRAMES).map(encodeFrame).filter((bytes) => bytes.length > 0);
const CASES = 5000;

/** True if it was taken. Anything but WIRE_INVALID is a failure of the test. */
function survives(bytes: Uint8Array): boolean {
  try {
    const frame = decodeFrame(bytes);
    // What was taken can be sent on.
    encodeFrame(frame);
    return true;
  } catch (error) {
    if (error instanceof LoadswarmError && error.code === "WIRE_INVALID") return false;
    throw new Error(`${Buffer.from(bytes).toString("hex").slice(0, 400)}: ${String(error)}`, { cause: error });
  }
}

function fuzz(seed: number, make: (random: Random) => Uint8Array): { taken: number; refused: number } {
  const random = new Random(seed);
  let taken = 0;
  for (let i = 0; i < CASES; i++) if (survives(make(random))) taken++;
  return { taken, refused: CASES - taken };
}

describe("decodeFrame survives", () => {
  it("random bytes", () => {
    const { refused } = fuzz(1, (random) => Uint8Array.from({ length: random.integer(0, 200) }, () => random.integer(0, 255)));
    assert.ok(refused > CASES / 2);
  });

  it("valid frames with a few bits flipped", () => {
    const { taken, refused } = fuzz(2, (random) => {
      const bytes = Uint8Array.from(random.pick(VALID));
      for (let flips = random.integer(1, 4); flips > 0; flips--) bytes[random.integer(0, bytes.length - 1)]! ^= 1 << random.integer(0, 7);
      return bytes;
    });
    assert.ok(taken > 100 && refused > 100, `${taken} taken, ${refused} refused: the cases must reach both`);
  });

  it("truncated frames", () => {
    const { refused } = fuzz(3, (random) => {
      const bytes = random.pick(VALID);
      return bytes.subarray(0, random.integer(0, bytes.length - 1));
    });
    assert.ok(refused > CASES / 2);
  });

  it("pieces of frames put together", () => {
    fuzz(4, (random) => {
      const parts = Array.from({ length: random.integer(2, 5) }, () => {
        const bytes = random.pick(VALID);
        const from = random.integer(0, bytes.length - 1);
        return bytes.subarray(from, random.integer(from, bytes.length));
      });
      return Buffer.concat(parts);
    });
  });

  const bombs: readonly [string, () => Uint8Array][] = [
    ["a length far beyond the end", () => protobuf.Writer.create().uint32((2 << 3) | 2).uint32(0xffffffff).finish()],
    ["groups nested as deep as a frame is long", () => new Uint8Array(MAX_FRAME_BYTES).fill(0x63)],
    ["millions of empty members", () => Uint8Array.from({ length: 4 * 1024 * 1024 }, (_, i) => (i % 2 === 0 ? 0x12 : 0))],
    ["millions of numbers in one sketch", () => packed(4 * 1024 * 1024)],
  ];
  for (const [name, make] of bombs) it(name, () => assert.equal(survives(make()), false));
});

/** A report whose one point has a sketch of so many one-byte gaps. */
function packed(length: number): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32((4 << 3) | 2).fork();
  writer.uint32((2 << 3) | 2).string("r").uint32((3 << 3) | 2).string("m");
  writer.uint32((12 << 3) | 2).fork().uint32((6 << 3) | 2).fork();
  writer.uint32((1 << 3) | 2).bytes(new Uint8Array(length).fill(1));
  return writer.ldelim().ldelim().ldelim().finish();
}
