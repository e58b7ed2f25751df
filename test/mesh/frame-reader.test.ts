// What a peer may get wrong on purpose in the stream of its frames.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeLength, MalformedStream } from "../../node/mesh/frame-reader.ts";
import { MAX_FRAME_BYTES } from "../../node/wire/codec.ts";
import { Random } from "../support/random.ts";

const bytes = (...values: number[]) => ({ byteLength: values.length, get: (index: number) => values[index]! });

describe("the length of a frame", () => {
  for (const [data, length] of [
    [bytes(0), 0],
    [bytes(127), 127],
    [bytes(0x80, 0x01), 128],
    [bytes(0xff, 0xff, 0xff, 0x03), 2 ** 23 - 1],
  ] as const) {
    it(`of ${data.byteLength} bytes is ${length}`, () => assert.equal(decodeLength(data), length));
  }

  it("asks for more while it is incomplete, by a RangeError", () => {
    for (const data of [bytes(), bytes(0x80), bytes(0xff, 0xff, 0xff)]) assert.throws(() => decodeLength(data), RangeError);
  });

  it("that does not end within four bytes is refused, not waited for", () => {
    assert.throws(() => decodeLength(bytes(0x80, 0x80, 0x80, 0x80)), MalformedStream);
  });

  it("beyond that of the largest frame is refused before anything is read", () => {
    assert.equal(decodeLength(bytes(0x80, 0x80, 0x80, 0x04)), MAX_FRAME_BYTES);
    assert.throws(() => decodeLength(bytes(0x81, 0x80, 0x80, 0x04)), MalformedStream);
  });

  it("is one that a frame may have, incomplete, or refused, whatever the bytes", () => {
    const random = new Random(4);
    const seen = { length: 0, incomplete: 0, refused: 0 };
    for (let i = 0; i < 2000; i++) {
      const data = Array.from({ length: random.integer(0, 6) }, () => random.pick([random.integer(0, 255), 0x80, 0xff]));
      try {
        const length = decodeLength(bytes(...data));
        assert.ok(Number.isInteger(length) && length >= 0 && length <= MAX_FRAME_BYTES, `${length} of ${data.join()}`);
        seen.length++;
      } catch (error) {
        if (error instanceof MalformedStream) seen.refused++;
        else if (error instanceof RangeError) seen.incomplete++;
        else throw error;
      }
    }
    assert.ok(Object.values(seen).every((times) => times > 20), JSON.stringify(seen));
  });
});
