// Whether a lease can have been renewed: the same as if everything known were looked at anew each time.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Acks } from "../../../node/core/agreement/acks.ts";
import { has } from "../../../node/core/agreement/positions.ts";
import { Renewals } from "../../../node/core/agreement/renewals.ts";
import { RollCalls } from "../../../node/core/agreement/roll-calls.ts";
import type { AgreedView } from "../../../node/core/agreement/view.ts";
import { forSeeds, type Random } from "../../support/random.ts";
import { chainOf, letters, set, viewOf } from "./support.ts";

const FIRST = 100;
const WINDOWS = 6;

/** Some of these letters, each with this probability. */
function some(random: Random, ids: string, probability: number): string {
  return [...ids].filter(() => random.next() < probability).join("");
}

/** By its definition: in none of the windows is there a quorum of those who have not moved on and do not exclude it. */
function byDefinition(acks: Acks, rollCalls: RollCalls, view: AgreedView, position: number, from: number, before: number): boolean {
  for (let window = from; window < before; window++) {
    const moved = acks.movedOn(view, window);
    const against = rollCalls.in(window).filter((label) => label.view === view && has(label.excluded, position));
    const stayed = view.ids.filter((_, one) => !has(moved, one) && !against.some(({ present }) => has(present, one)));
    if (view.isQuorum(set(view, stayed.join("")))) return false;
  }
  return true;
}

describe("renewals of a lease are ruled out", () => {
  it("when those who have moved on or exclude it leave no quorum, however that becomes known bit by bit", () => {
    let ruledOut = 0;
    forSeeds(200, (random) => {
      const ids = letters(random.integer(2, 20));
      const chain = chainOf(viewOf(ids), [ids.at(-1)!, "", FIRST]);
      const [acks, rollCalls] = [new Acks(chain), new RollCalls()];
      const renewals = new Renewals(acks, rollCalls);
      const [old, current] = [chain.oldest, chain.current];
      // A few opinions come again and again, with more and more of those who are of them.
      const opinions = Array.from({ length: 4 }, () => set(old, some(random, ids, 0.5)));
      for (let i = 0; i < 120; i++) {
        const window = FIRST + random.integer(0, WINDOWS);
        const present = some(random, ids, 0.2);
        const stays = present.replace(ids.at(-1)!, "");
        const excluded = random.pick(opinions);
        const kind = random.next();
        if (kind < 0.6) rollCalls.merge({ view: old.number, window, excluded, present: set(old, present) }, old);
        else if (kind < 0.8) rollCalls.merge({ view: current.number, window, excluded: set(current, stays), present: set(current, stays) }, current);
        else if (kind < 0.9) acks.note(current, set(current, stays), window);
        const from = FIRST + random.integer(0, WINDOWS - 1);
        const [position, before] = [random.integer(0, ids.length - 1), from + random.integer(0, WINDOWS)];
        const expected = byDefinition(acks, rollCalls, old, position, from, before);
        assert.equal(renewals.areRuledOut(old, position, from, before), expected, `${ids} ${position} in ${from} to ${before}`);
        if (expected && before > from) ruledOut++;
      }
    });
    assert.ok(ruledOut > 1000, `${ruledOut} questions of 24,000`);
  });

  it("still when the roll calls are forgotten from which that was known", () => {
    const view = viewOf("abc");
    const rollCalls = new RollCalls();
    const renewals = new Renewals(new Acks(chainOf(view)), rollCalls);
    rollCalls.merge({ view: 1, window: FIRST, excluded: set(view, "c"), present: set(view, "ab") }, view);
    assert.equal(renewals.areRuledOut(view, 2, FIRST, FIRST + 1), true);
    rollCalls.forgetBefore(FIRST + 1000);
    assert.deepEqual(rollCalls.in(FIRST), []);
    assert.equal(renewals.areRuledOut(view, 2, FIRST, FIRST + 1), true);
    assert.equal(renewals.areRuledOut(view, 2, FIRST, FIRST + 2), false);
  });
});
