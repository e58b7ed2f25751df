// Flap damping: the first losses cost nothing, further ones more and more, up to a bound, and old ones are forgotten.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Damping } from "../../node/core/damping.ts";
import { DAMPING } from "../../node/core/limits.ts";
import { NOW } from "./support.ts";

const { free, firstMs, mostMs, memoryMs } = DAMPING;

describe("an agent that is lost again and again", () => {
  it("keeps away for longer and longer, but never for too long", () => {
    const damping = new Damping();
    const pauses = Array.from({ length: free + 5 }, (_, i) => damping.pauseMs(NOW + i * 1000));
    assert.deepEqual(pauses.slice(0, free), Array(free).fill(0));
    assert.deepEqual(pauses.slice(free), [0, 1, 2, 3, 4].map((times) => Math.min(mostMs, firstMs * 2 ** times)));
  });

  it("is forgiven what was long ago, to the very moment", () => {
    for (const [laterMs, expected] of [[memoryMs, firstMs], [memoryMs + 1, 0]] as const) {
      const damping = new Damping();
      for (let i = 0; i < free; i++) damping.pauseMs(NOW);
      assert.equal(damping.pauseMs(NOW + laterMs), expected);
    }
  });

  it("is never damped if its losses are far apart", () => {
    const damping = new Damping();
    for (let i = 0; i < 50; i++) assert.equal(damping.pauseMs(NOW + i * (memoryMs / free + 1)), 0);
  });
});
