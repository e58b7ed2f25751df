// What a peer may get wrong on purpose in the stream of its frames.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { streamPair } from "@libp2p/utils";
import { decodeLength, MalformedStream, readFrames } from "../../node/mesh/frame-reader.ts";
import { MAX_FRAME_BYTES } from "../../node/wire/codec.ts";
import { Random } from "../support/random.ts";

const bytes = (...values: number[]) => ({ byteLength: values.length, get: (index: number) => values[index]! });

describe("frames from a stream", () => {
  it("come one after the other, and a large one when it is let in", async () => {
    const [theirs, ours] = await streamPair();
    const [asked, read]: [number[], string[]] = [[], []];
    const knock = Promise.withResolvers<void>();
    const [door, third] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let inside = 0;
    const reading = readFrames(ours, {
      enter(sizeBytes) {
        asked.push(sizeBytes);
        if (sizeBytes < 1000) return null;
        knock.resolve();
        return door.promise.then(() => {
          inside++;
          return () => void inside--;
        });
      },
      waitMs: () => 0,
      async frame(bytes) {
        read.push(`${bytes.length} of ${bytes[0]}, ${inside} inside`);
        if (read.length === 3) third.resolve();
      },
    });
    theirs.send(Uint8Array.of(2, 7, 7, 0x88, 0x0e, ...new Uint8Array(1800).fill(8), 1, 9));
    await knock.promise;
    await nextTurn();
    assert.deepEqual([asked, read], [[2, 1800], ["2 of 7, 0 inside"]]);
    door.resolve();
    await third.promise;
    assert.deepEqual(read, ["2 of 7, 0 inside", "1800 of 8, 1 inside", "1 of 9, 0 inside"]);
    ours.abort(new Error("done"));
    await assert.rejects(reading);
  });
});

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
    for (const data of [bytes(), bytes(0x80), bytes(0xff, 0xff, 0xff)]) {
      assert.throws(() => decodeLength(data), RangeError);
    }
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
      const byte = (): number => random.pick([random.integer(0, 255), 0x80, 0xff]);
      const data = Array.from({ length: random.integer(0, 6) }, byte);
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
