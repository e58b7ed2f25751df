// The split: whatever the members and the instant, the whole circle is owned exactly once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberRecord } from "../../node/core/events.ts";
import { segmentsOf, sharesAt } from "../../node/core/split.ts";
import { CIRCLE, type Stripe } from "../../node/plan/stripe.ts";
import { forSeeds, type Random } from "../support/random.ts";
import { member, membersOf, NOW } from "./support.ts";

function randomMembers(random: Random): MemberRecord[] {
  const always = member("always");
  const others = Array.from({ length: random.integer(0, 20) }, (_, i) => {
    const fromMs = NOW + 500 * random.integer(-10, 10);
    const goes = random.next() < 0.5;
    const untilMs = goes ? NOW + 500 * random.integer(-10, 10) : Infinity;
    const weight = random.pick([0, 1, 2, 8, 0.1, 99_999]);
    return member(`m${i}`, { fromMs, untilMs, state: goes ? "left" : "alive", weight });
  });
  return [always, ...others];
}

function at(segments: ReturnType<typeof segmentsOf>, ms: number): Stripe {
  return segments.findLast((segment) => segment.fromMs <= ms)!.stripe;
}

describe("the split", () => {
  it("covers the circle exactly once at every instant, for any weights", () => {
    forSeeds(200, (random) => {
      const records = randomMembers(random);
      const members = membersOf(...records);
      const segments = records.map((record) => segmentsOf(record.id, members, NOW));
      for (let ms = NOW - 1999; ms < NOW + 6000; ms += 250) {
        const stripes = segments.map((each) => at(each, ms)).filter((stripe) => stripe.width > 0);
        stripes.sort((a, b) => a.low - b.low);
        let high = 0;
        for (const stripe of stripes) {
          assert.equal(stripe.low, high);
          high += stripe.width;
        }
        assert.equal(high, CIRCLE);
      }
    });
  });

  it("is the same wherever it is computed: the order in which records came does not matter", () => {
    forSeeds(100, (random) => {
      const records = randomMembers(random);
      const [here, there] = [membersOf(...records), membersOf(...records.toReversed())];
      for (const { id } of records) assert.deepEqual(segmentsOf(id, here, NOW), segmentsOf(id, there, NOW));
    });
  });

  it("knows several changes ahead, each from its own instant", () => {
    const members = membersOf(
      member("a"),
      member("b", { fromMs: NOW + 500 }),
      member("c", { state: "left", untilMs: NOW + 1000 }),
      member("d", { weight: 2, fromMs: NOW + 2000 }),
    );
    const shares = segmentsOf("a", members, NOW).map(({ fromMs, stripe }) => [fromMs - NOW, stripe.width / CIRCLE]);
    const rounded = shares.map(([ms, share]) => [ms, Number(share!.toFixed(6))]);
    assert.deepEqual(rounded, [[-2000, 0.5], [500, 0.333333], [1000, 0.5], [2000, 0.25]]);
  });

  it("gives nothing to a member before its beginning, after its end, or when it is unknown", () => {
    const members = membersOf(member("a"), member("b", { fromMs: NOW + 500, state: "left", untilMs: NOW + 1500 }));
    assert.deepEqual([NOW, NOW + 500, NOW + 1499, NOW + 1500].map((ms) => sharesAt(members, ms).get("b") ?? 0), [0, 0.5, 0.5, 0]);
    assert.equal(sharesAt(members, NOW).get("stranger") ?? 0, 0);
  });
});
