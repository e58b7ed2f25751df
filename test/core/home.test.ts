// An idle agent that was cut off and began anew alone, and meets those again who need it for a majority.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DISSOLVE_MS } from "../../node/core/limits.ts";
import { plan } from "./support.ts";
import { Swarm } from "./swarm.ts";

/** Of three, `c` is cut off before a run is given to `a`, whose only companion then dies. */
function stranded(): Swarm {
  const swarm = Swarm.of("abc");
  swarm.cut("c");
  swarm.input("a", { kind: "publish", token: 1, plan: plan(10, 120), document: "{}", planHash: "hash", keyHash: null });
  swarm.pass(100);
  swarm.crash("b");
  swarm.pass(2 * DISSOLVE_MS);
  return swarm;
}

describe("an agent that began anew while others were left without a majority", () => {
  it("has a swarm of its own, and the others offer nothing", () => {
    const swarm = stranded();
    assert.equal(swarm.of("c").view(), "1:c");
    assert.equal(swarm.offered(), 0);
  });

  it("goes on with them where they meet again: the run goes on, with all of its rate and never with more", () => {
    const swarm = stranded();
    swarm.heal();
    let most = 0;
    swarm.pass(15_000, () => (most = Math.max(most, swarm.offered())));
    assert.equal(swarm.views().length, 1);
    assert.match(swarm.of("c").view(), /:ac$/);
    assert.equal(swarm.offered(), 1);
    assert.equal(most, 1);
    assert.ok(swarm.of("c").offered(swarm.nowMs) > 0.4);
  });

  for (const [latencyMs, offers] of [[60, true], [240, true], [280, false]] as const) {
    it(`${offers ? "offers its share in their time" : "offers nothing, as it cannot know their time,"} where they are ${latencyMs} ms away by now`, () => {
      const swarm = stranded();
      swarm.latencyMs = latencyMs;
      swarm.heal();
      const errorsMs: number[] = [];
      swarm.pass(15_000, () => {
        const { nowMs } = swarm;
        if (swarm.of("c").offered(nowMs) > 0) errorsMs.push(Math.abs(swarm.of("c").swarmMs(nowMs) - swarm.of("a").swarmMs(nowMs)));
      });
      assert.equal(errorsMs.length > 0, offers);
      assert.ok(Math.max(0, ...errorsMs) < 5, `${Math.max(...errorsMs)} ms`);
    });
  }
});
