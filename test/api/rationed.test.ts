// What is dear to make is made once for all who ask at a time, and takes a tenth of the time at most.

import assert from "node:assert/strict";
import { it } from "node:test";
import { rationed } from "../../node/api/rationed.ts";

function setUp() {
  const state = { nowMs: 0, made: 0, tookMs: 20, fails: false };
  const ask = rationed(
    async () => {
      state.made++;
      await Promise.resolve();
      state.nowMs += state.tookMs;
      if (state.fails) throw new Error("not yet");
      return state.made;
    },
    () => state.nowMs,
  );
  return { state, ask };
}

it("who asks at the same time gets the same answer", async () => {
  const { ask } = setUp();
  assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [1, 1, 1]);
});

it("an answer is given again for nine times as long as it took to make", async () => {
  const { state, ask } = setUp();
  await ask();
  state.nowMs += 179;
  assert.equal(await ask(), 1);
  state.nowMs += 1;
  assert.equal(await ask(), 2);
});

it("one that took very long is given again for a second only", async () => {
  const { state, ask } = setUp();
  state.tookMs = 60_000;
  await ask();
  state.nowMs += 1000;
  assert.equal(await ask(), 2);
});

it("one that cost nothing is made anew each time", async () => {
  const { state, ask } = setUp();
  state.tookMs = 0;
  assert.deepEqual([await ask(), await ask()], [1, 2]);
});

it("a failure is told to all who wait for it, and to nobody else", async () => {
  const { state, ask } = setUp();
  state.fails = true;
  const failed = await Promise.allSettled([ask(), ask()]);
  assert.deepEqual(failed.map(({ status }) => status), ["rejected", "rejected"]);
  state.fails = false;
  assert.equal(await ask(), 2);
});
