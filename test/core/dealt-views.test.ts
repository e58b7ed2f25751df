// Iterations are dealt by shares, and shares change: whoever comes, goes or crashes around the start, none is dealt twice.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { iterationsDealt } from "../../node/plan/deal.ts";
import { remembered, type Segment, stripeAt } from "../../node/plan/schedule.ts";
import type { Stripe } from "../../node/plan/stripe.ts";
import type { IterationsExecutor, Plan } from "../../node/plan/types.ts";
import { plan } from "./support.ts";
import { type Agent, Swarm } from "./swarm.ts";

const SHARED: IterationsExecutor = { kind: "shared-iterations", vus: 500, iterations: 10_007, maxDurationMs: 60_000 };

function planOf(): Plan {
  const timed = plan(10, 10);
  return { ...timed, scenarios: [{ ...timed.scenarios[0]!, executor: SHARED, startTimeMs: 6_000 }] };
}

/** What of the circle an agent's engine takes to be its own at the start of the scenario. */
function dealtTo(agent: Agent): Stripe | null {
  let shares: readonly Segment[] = [];
  let startMs: number | null = null;
  for (const effect of agent.effects) {
    if (effect.kind !== "assign") continue;
    const { segments, startAtMs, plan: assigned } = effect.assignment;
    shares = remembered(shares, segments);
    startMs = startAtMs + assigned.scenarios[0]!.startTimeMs;
  }
  return startMs === null ? null : stripeAt(shares, startMs);
}

/** A swarm to which something happens so long before or after the scenario starts; what is dealt in the end, and to whom. */
function happening(afterMs: number, what: (swarm: Swarm) => void): { dealt: Map<string, number>; sum: number; owners: Stripe[] } {
  const swarm = Swarm.of("abc");
  swarm.input("a", { kind: "publish", token: 1, plan: planOf(), document: "{}", planHash: "hash", keyHash: null });
  // The run starts two seconds later and the scenario six after that.
  swarm.pass(8_000 + afterMs);
  what(swarm);
  swarm.pass(25_000);
  // Whoever was dead before it started nothing of it.
  const there = [...swarm.agents.values()].filter(({ isUp }) => isUp || afterMs >= 0);
  const stripes = there.map((agent) => ({ id: agent.id, stripe: dealtTo(agent) }));
  const dealt = new Map(stripes.map(({ id, stripe }) => [id, stripe === null ? 0 : iterationsDealt(SHARED, stripe)]));
  const owners = stripes.flatMap(({ stripe }) => (stripe === null || stripe.width === 0 ? [] : [stripe]));
  return { dealt, sum: [...dealt.values()].reduce((a, b) => a + b, 0), owners: owners.sort((a, b) => a.low - b.low) };
}

function assertDisjoint(owners: readonly Stripe[]): void {
  owners.forEach(({ low, width }, i) => assert.ok(low + width <= (owners[i + 1]?.low ?? Infinity), "dealt twice"));
}

const AROUND = Array.from({ length: 25 }, (_, i) => -6_000 + i * 290);

describe("iterations dealt while", () => {
  it("an agent comes: each is somebody's, whenever it comes", () => {
    let shared = 0;
    for (const ms of AROUND) {
      const { sum, owners, dealt } = happening(ms, (swarm) => {
        swarm.start("d");
        swarm.link("a", "d");
      });
      assertDisjoint(owners);
      assert.equal(sum, SHARED.iterations, `${ms} ms`);
      if (dealt.get("d")! > 0) shared++;
    }
    assert.ok(shared > 0 && shared < AROUND.length, `${shared}: comes in time, or does not`);
  });

  it("an agent leaves: each is somebody's, whenever it leaves", () => {
    let shared = 0;
    for (const ms of AROUND) {
      const { sum, owners, dealt } = happening(ms, (swarm) => swarm.input("b", { kind: "leave" }));
      assertDisjoint(owners);
      assert.equal(sum, SHARED.iterations, `${ms} ms`);
      if (dealt.get("b")! > 0) shared++;
    }
    assert.ok(shared > 0 && shared < AROUND.length);
  });

  it("an agent crashes: none is dealt twice, and none is nobody's that others could have", () => {
    for (const ms of AROUND) {
      const { sum, owners } = happening(ms, (swarm) => swarm.crash("b"));
      assertDisjoint(owners);
      // Five seconds are enough to part with the dead; whoever dies after the start has its part, and loses it.
      if (ms <= -5_000 || ms >= 0) assert.equal(sum, SHARED.iterations, `${ms} ms`);
      else assert.ok(sum <= SHARED.iterations);
    }
  });
});
