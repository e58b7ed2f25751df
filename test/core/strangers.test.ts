// What members say of views and votes is not signed: whoever is no member of the view is not believed, but in one case.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Chain } from "../../node/core/agreement/chain.ts";
import type { AgreedView } from "../../node/core/agreement/view.ts";
import type { Frame } from "../../node/core/frame.ts";
import { CHAIN_KEPT, DISSOLVE_MS } from "../../node/core/limits.ts";
import { change, commitOf, set } from "./agreement/support.ts";
import { insider, type One, outsider, W } from "./one.ts";
import { member, NOW } from "./support.ts";

const accusation = { view: 2, target: 1, version: 9, kind: "silent" } as const;

/** By part of a frame: what changes the mind of c, whose view 2 has the members a, b and c, if it comes from a member. */
const WORDS: Readonly<Record<string, (view: AgreedView, c: One) => Frame>> = {
  commits: (view) => ({ commits: [commitOf(view, change(view, "b"))] }),
  chain: (view, c) => {
    const chain = Chain.of(c.membership.agreement.chain.data())!;
    chain.adopt(commitOf(view, change(view, "b")));
    return { chain: chain.data() };
  },
  "a chain that leaves out views": (_view, c) => ({ chain: later(c.membership.agreement.chain, "", "").data() }),
  rollCalls: (view) => ({ rollCalls: [{ view: 2, window: W, present: set(view, "ab"), excluded: set(view, "") }] }),
  adoptions: (view) => ({ adoptions: [{ view: 2, members: set(view, "ab") }] }),
  ballots: (view) => {
    const all = set(view, "abc");
    return { ballots: [{ view: 2, ballot: W, change: change(view, "b", "", { fromWindow: W + 2 }), votes: all, locks: all }] };
  },
  accusations: () => ({ accusations: [{ ...accusation, accuser: 0 }, { ...accusation, accuser: 2 }] }),
};

/** So much later that the way there is no longer told; then these have left and come. */
function later(from: Chain, left: string, came: string): Chain {
  const chain = Chain.of(from.data())!;
  for (let i = 0; i <= CHAIN_KEPT; i++) {
    const reweighed = [{ position: 0, weight: 200 + i }];
    chain.adopt(commitOf(chain.current, change(chain.current, i === 5 ? left : "", i === 5 ? came : "", { fromWindow: W, reweighed })));
  }
  return chain;
}

/** Everything that c would tell of the agreement, and on what its load depends. */
function mind(c: One): unknown {
  const { agreement } = c.membership;
  return structuredClone([c.view(), agreement.state(), agreement.leaseUntilMs(c.nowMs), agreement.segments()]);
}

describe("a member's mind is changed", () => {
  for (const [name, make] of Object.entries(WORDS)) {
    it(`by ${name} of a member, not of a stranger`, () => {
      for (const [from, isBelieved] of [["a", true], ["x", false]] as const) {
        const c = insider();
        const before = mind(c);
        assert.equal(c.membership.hear(make(c.membership.agreement.view, c), from, NOW), isBelieved, from);
        const after = mind(c.turn());
        if (isBelieved) assert.notDeepEqual(after, before);
        else assert.deepEqual(after, before);
      }
    });
  }

  it("by no member that was let go", () => {
    const c = insider().adopt("b", "");
    const { view } = c.membership.agreement;
    assert.equal(c.membership.hear({ commits: [commitOf(view, change(view, "a"))] }, "b", NOW), false);
    assert.equal(c.view(), "3:ac");
  });

  it("by no newer view out of the blue while a majority holds the old one with it", () => {
    const c = insider();
    const { agreement } = c.membership;
    const [everybody, nobody] = [set(agreement.view, "abc"), set(agreement.view, "")];
    c.membership.hear({ rollCalls: [{ view: 2, window: W, present: everybody, excluded: nobody }] }, "a", NOW);
    const chain = later(agreement.chain, "", "").data();
    c.turn();
    assert.ok(agreement.hasLease(NOW));
    c.membership.hear({ chain }, "a", NOW);
    assert.equal(c.membership.agreement, agreement);
    c.turn(DISSOLVE_MS, false);
    c.membership.hear({ chain }, "a", c.nowMs);
    assert.notEqual(c.membership.agreement, agreement, "the lease has ended");
  });
});

describe("who has nobody left to believe", () => {
  const rows: readonly [string, { ms?: number; link?: string; left?: string; came?: string }, boolean][] = [
    ["believes a stranger in the newest view", {}, true],
    ["though not while it may still have a lease", { ms: DISSOLVE_MS - 1 }, false],
    ["nor while it is linked to a member", { link: "b" }, false],
    ["nor a stranger who is not in that view", { came: "y" }, false],
    ["nor one who says that it is a member itself", { left: "ab" }, false],
  ];
  for (const [name, { ms = DISSOLVE_MS, link = "y", left = "abc", came = "x" }, isBelieved] of rows) {
    it(name, () => {
      const c = insider().turn(ms, false);
      c.out.links.add("x").add(link);
      const { agreement } = c.membership;
      const { chain } = WORDS["chain"]!(agreement.view, c);
      for (const told of [later(agreement.chain, left, came).data(), chain!]) {
        c.membership.hear({ chain: told }, "x", c.nowMs);
      }
      assert.equal(c.membership.agreement !== agreement, isBelieved);
      assert.equal(c.view(), isBelieved ? `${2 + CHAIN_KEPT + 1}:x` : "2:abc");
    });
  }

  it("does so at once if it is still outside", () => {
    const x = outsider();
    const newest = later(x.membership.agreement.chain, "abc", "y");
    x.membership.hear({ chain: newest.data() }, "y", NOW);
    assert.equal(x.view(), `${newest.current.number}:y`);
  });
});

describe("a stranger", () => {
  it("speaks for nobody but itself, whether of those who come or of those who are gone", () => {
    const c = insider();
    const told = [member("x"), member("y"), member("z", { state: "lost", untilMs: NOW })];
    c.membership.hear({ members: told }, "x", NOW);
    assert.deepEqual(told.map(({ id }) => c.record(id) !== undefined), [true, false, false]);
    c.membership.hear({ members: told }, "a", NOW);
    assert.deepEqual(told.map(({ id }) => c.record(id) !== undefined), [true, true, true]);
  });
});
