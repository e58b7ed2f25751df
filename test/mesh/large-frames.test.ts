// How many large frames of strangers are on their way at a time, and that nothing of the others is read meanwhile.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { LARGE_FRAMES_BYTES, LargeFrames, SMALL_FRAME_BYTES } from "../../node/mesh/large-frames.ts";
import { MAX_FRAME_BYTES } from "../../node/wire/codec.ts";

const MIB = 1024 * 1024;

/** Asks for room for frames of these sizes. Those that are in can leave. */
async function entering(...sizes: number[]) {
  const frames = new LargeFrames();
  const inside: (() => void)[] = [];
  for (const [at, size] of sizes.entries()) void frames.enter(size)?.then((leave) => (inside[at] = leave));
  await nextTurn();
  const leave = async (at: number): Promise<void> => {
    inside[at]!();
    delete inside[at];
    await nextTurn();
  };
  return { leave, inside: () => Object.keys(inside).map(Number) };
}

describe("room for large frames", () => {
  it("is not asked for by small ones", () => {
    const frames = new LargeFrames();
    assert.equal(frames.enter(SMALL_FRAME_BYTES), null);
    assert.notEqual(frames.enter(SMALL_FRAME_BYTES + 1), null);
  });

  it("is for one of the largest", async () => {
    const { inside, leave } = await entering(MAX_FRAME_BYTES, MAX_FRAME_BYTES, SMALL_FRAME_BYTES + 1);
    assert.deepEqual(inside(), [0]);
    await leave(0);
    assert.deepEqual(inside(), [1], "in the order of asking");
    await leave(1);
    assert.deepEqual(inside(), [2]);
  });

  it("is for several that are together no larger", async () => {
    const sizes = Array.from({ length: 12 }, () => MIB);
    const { inside, leave } = await entering(...sizes);
    const room = LARGE_FRAMES_BYTES / MIB;
    assert.equal(inside().length, room);
    await leave(0);
    await leave(1);
    assert.deepEqual(inside(), Array.from({ length: room }, (_, i) => i + 2));
  });

  it("is given again, all of it, when everybody has left", async () => {
    const { inside, leave } = await entering(3 * MIB, 3 * MIB, 3 * MIB, MAX_FRAME_BYTES);
    for (const at of [0, 1, 2]) await leave(at);
    assert.deepEqual(inside(), [3]);
  });
});
