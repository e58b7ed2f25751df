// The length prefix of frames, which a peer may get wrong on purpose.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeLength } from "../../node/mesh/links.ts";

const bytes = (...values: number[]) => ({ byteLength: values.length, get: (index: number) => values[index]! });

describe("the length of a frame", () => {
  for (const [data, length] of [
    [bytes(0), 0],
    [bytes(127), 127],
    [bytes(0x80, 0x01), 128],
    [bytes(0xff, 0xff, 0xff, 0x7f), 2 ** 28 - 1],
  ] as const) {
    it(`of ${data.byteLength} bytes is ${length}`, () => assert.equal(decodeLength(data), length));
  }

  it("asks for more while it is incomplete, by a RangeError", () => {
    for (const data of [bytes(), bytes(0x80), bytes(0xff, 0xff, 0xff)]) assert.throws(() => decodeLength(data), RangeError);
  });

  it("that does not end within four bytes is refused, not waited for", () => {
    assert.throws(() => decodeLength(bytes(0x80, 0x80, 0x80, 0x80)), (error) => !(error instanceof RangeError));
  });
});
