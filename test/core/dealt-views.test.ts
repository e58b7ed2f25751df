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

/** The run starts two seconds after it was published, and the scenario six after that. */
const LEAD_MS = 8_000;

/** A swarm to which something happens so long before or after the scenario starts; what is dealt in the end, and to whom. */
function happening(
  afterMs: number,
  what: (swarm: Swarm) => void,
  then: (swarm: Swarm) => void = () => {},
): { dealt: Map<string, number>; sum: number; owners: Stripe[] } {
  const swarm = Swarm.of("abcde");
  const startMs = swarm.nowMs + LEAD_MS;
  let leased: string[] = [];
  const look = (): void => {
    if (swarm.nowMs <= startMs) leased = leasedOf(swarm);
  };
  swarm.input("a", { kind: "publish", token: 1, plan: planOf(), document: "{}", planHash: "hash", keyHash: null });
  swarm.pass(LEAD_MS + afterMs, look, 10);
  what(swarm);
  look();
  swarm.pass(12_000, look, 10);
  then(swarm);
  swarm.pass(15_000);
  // Whoever was dead, or had no lease at the start, started nothing of it and never will.
  const there = [...swarm.agents.values()].filter(({ id }) => leased.includes(id));
  const stripes = there.map((agent) => ({ id: agent.id, stripe: dealtTo(agent) }));
  const dealt = new Map(stripes.map(({ id, stripe }) => [id, stripe === null ? 0 : iterationsDealt(SHARED, stripe)]));
  const owners = stripes.flatMap(({ stripe }) => (stripe === null || stripe.width === 0 ? [] : [stripe]));
  return { dealt, sum: [...dealt.values()].reduce((a, b) => a + b, 0), owners: owners.sort((a, b) => a.low - b.low) };
}

function leasedOf(swarm: Swarm): string[] {
  const agents = [...swarm.agents.values()].filter((agent) => agent.isUp && agent.localMs(swarm.nowMs) <= agent.leaseMs);
  return agents.map(({ id }) => id);
}

function assertDisjoint(owners: readonly Stripe[]): void {
  owners.forEach(({ low, width }, i) => assert.ok(low + width <= (owners[i + 1]?.low ?? Infinity), "dealt twice"));
}

const AROUND = Array.from({ length: 13 }, (_, i) => -6_000 + i * 580);

describe("iterations dealt while", () => {
  it("an agent comes: each is somebody's, whenever it comes", () => {
    let shared = 0;
    for (const ms of AROUND) {
      const { sum, owners, dealt } = happening(ms, (swarm) => {
        swarm.start("f");
        swarm.link("a", "f");
      });
      assertDisjoint(owners);
      assert.equal(sum, SHARED.iterations, `${ms} ms`);
      if ((dealt.get("f") ?? 0) > 0) shared++;
    }
    assert.ok(shared > 0 && shared < AROUND.length, `${shared}: comes in time, or does not`);
  });

  it("an agent leaves: each is somebody's, whenever it leaves", () => {
    let shared = 0;
    for (const ms of AROUND) {
      const { sum, owners, dealt } = happening(ms, (swarm) => swarm.input("b", { kind: "leave" }));
      assertDisjoint(owners);
      assert.equal(sum, SHARED.iterations, `${ms} ms`);
      if ((dealt.get("b") ?? 0) > 0) shared++;
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

  it("the network is cut, and whole again: no two parts have the same", () => {
    const sums = new Set<boolean>();
    for (const ms of Array.from({ length: 16 }, (_, i) => -9_900 + i * 660)) {
      for (const parts of ["e", "ab"]) {
        const { sum, owners } = happening(ms, (swarm) => swarm.cut(parts), (swarm) => swarm.heal());
        assertDisjoint(owners);
        assert.ok(sum <= SHARED.iterations, `${ms} ms`);
        sums.add(sum === SHARED.iterations);
      }
    }
    assert.deepEqual(sums, new Set([true, false]), "what was dealt to nobody, because it was between two owners, is lost");
  });
});
