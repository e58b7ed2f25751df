// Who may open a ballot: everybody for what has settled and for losses, few for what keeps changing.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NOBODY } from "../../../node/core/agreement/positions.ts";
import { type Proposal, Proposer } from "../../../node/core/agreement/proposer.ts";
import type { Positions } from "../../../node/core/frame.ts";
import { OPENING_ROUNDS, STABLE_MS, startOf, UNSTABLE_MS } from "../../../node/core/limits.ts";
import { wishesOf } from "./room.ts";
import { idsOf, set, viewOf } from "./support.ts";

const W = 100;
const MEMBERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const VIEW = viewOf(MEMBERS, { fromWindow: W });

interface When {
  /** For how long somebody new has been coming all the time, in windows, before it is ripe. */
  readonly windows?: number;
  readonly excluded?: Positions;
  readonly laterMs?: number;
}

/** What a member wants at last, and may do. */
function proposal(self: number, { windows = 0, excluded = NOBODY, laterMs = 0 }: When): Proposal {
  const will = { joining: "", leaving: "" };
  const proposer = new Proposer(wishesOf(will));
  const endMs = startOf(W + windows) + UNSTABLE_MS;
  for (let ms = startOf(W); ms <= endMs; ms += STABLE_MS / 2) {
    will.joining += String.fromCodePoint(0x4e00 + (ms - startOf(W)) / (STABLE_MS / 2));
    proposer.review();
    proposer.propose(VIEW, self, excluded, ms);
  }
  return proposer.propose(VIEW, self, excluded, endMs + laterMs);
}

/** Positions of all who may open a ballot. */
function openers(when: When): number[] {
  return VIEW.members.map((_, position) => position).filter((position) => proposal(position, when).mayOpen);
}

describe("a wish that is ripe may be put to the vote", () => {
  it("by everybody once it has stayed the same for a while", () => {
    assert.equal(openers({ laterMs: STABLE_MS }).length, VIEW.size);
  });

  it("while agents keep coming by one member, then by up to twice as many in every window, then by one again", () => {
    const counts = Array.from({ length: 2 * OPENING_ROUNDS }, (_, windows) => openers({ windows }).length);
    counts.forEach((count, windows) => {
      const most = 2 ** (windows % OPENING_ROUNDS);
      assert.ok(count >= Math.ceil(most / 2) && count <= most, `${counts}`);
    });
  });

  it("by another one each time", () => {
    const first = [0, 1, 2, 3, 4].map((round) => openers({ windows: round * OPENING_ROUNDS })[0]);
    assert.ok(new Set(first).size >= 4, first.join());
  });

  it("by everybody if somebody is lost, who goes alone then", () => {
    const excluded = set(VIEW, "Bc");
    assert.equal(openers({ excluded }).length, VIEW.size);
    const { wanted } = proposal(0, { excluded });
    assert.equal(idsOf(VIEW, wanted!.removed), "Bc");
    assert.deepEqual(wanted!.added, []);
  });

  it("together with everything else once that has settled", () => {
    const { wanted } = proposal(0, { excluded: set(VIEW, "Bc"), laterMs: STABLE_MS });
    assert.equal(idsOf(VIEW, wanted!.removed), "Bc");
    assert.ok(wanted!.added.length > UNSTABLE_MS / STABLE_MS);
  });

  it("by nobody who is no member", () => {
    assert.deepEqual(proposal(-1, { laterMs: STABLE_MS }), { wanted: null, mayOpen: false });
  });
});
