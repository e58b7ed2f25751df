// The chain: only what a quorum locked makes the next view, and who is behind can follow.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Chain } from "../../../node/core/agreement/chain.ts";
import type { Commit } from "../../../node/core/frame.ts";
import { CHAIN_KEPT } from "../../../node/core/limits.ts";
import { change, chainOf, commitOf, set, viewMember, viewOf } from "./support.ts";

describe("adopting a commit", () => {
  const view = viewOf("abcd", { number: 7 });
  const good = commitOf(view, change(view, "d"));
  const cases: readonly [string, Partial<Commit>, boolean][] = [
    ["that everybody locked", {}, true],
    ["that a bare quorum locked", { locks: set(view, "ab") }, true],
    ["that half of them locked, without the first", { locks: set(view, "cd") }, false],
    ["that nobody locked", { locks: new Uint32Array(0) }, false],
    ["of the view that holds", { number: 7 }, false],
    ["of the view after the next", { number: 9 }, false],
    ["locked by members that there are not", { locks: Uint32Array.of(0b10111) }, false],
    ["with locks beyond the last word", { locks: Uint32Array.of(0b111, 1) }, false],
    ["whose change does not fit", { change: change(view, "", "", { added: [viewMember("a")] }) }, false],
  ];
  for (const [name, part, expected] of cases) {
    it(`${name}: ${expected ? "taken" : "refused, and nothing changes"}`, () => {
      const chain = new Chain(view);
      assert.equal(chain.adopt({ ...good, ...part }), expected);
      assert.equal(chain.current.number, expected ? 8 : 7);
      assert.equal(chain.data().commits.length, expected ? 1 : 0);
    });
  }

  it("happens once", () => {
    const chain = new Chain(view);
    assert.deepEqual([chain.adopt(good), chain.adopt(good)], [true, false]);
  });
});

describe("the memory of a chain", () => {
  const step = (i: number): readonly [string, string, number] => (i % 2 === 0 ? ["b", "", i] : ["", "b", i]);
  const steps = Array.from({ length: CHAIN_KEPT + 3 }, (_, i) => step(i));
  const chain = chainOf(viewOf("ab"), ...steps);
  const newest = CHAIN_KEPT + 4;

  it("keeps the newest views and how each came about", () => {
    assert.equal(chain.current.number, newest);
    assert.equal(chain.oldest.number, newest - CHAIN_KEPT + 1);
    assert.equal(chain.all().length, CHAIN_KEPT);
    assert.deepEqual(chain.all().map((view) => view.number), Array.from({ length: CHAIN_KEPT }, (_, i) => i + 5));
    for (const view of chain.all()) assert.equal(chain.at(view.number), view);
  });

  it("knows in which of them a member stood last", () => {
    assert.equal(chain.newestWith("a"), chain.at(newest));
    assert.equal(chain.newestWith("b"), chain.at(newest - 1));
    assert.deepEqual(["b", "c"].map((id) => chain.remembers(id)), [true, false]);
    assert.equal(chain.newestWith("c"), undefined);
  });

  const unknown: readonly [string, number][] = [["forgotten", 4], ["future", newest + 1], ["negative", -1], ["absent", NaN]];
  for (const [name, number] of unknown) it(`knows no ${name} view`, () => assert.equal(chain.at(number), undefined));
});

describe("a chain that travels", () => {
  const sent = chainOf(viewOf("abc"), ["c", "", 4], ["", "d", 8]).data();

  it("arrives as it was sent", () => {
    const arrived = Chain.of(structuredClone(sent))!;
    assert.deepEqual(arrived.data(), sent);
    assert.equal(arrived.current.ids.join(""), "abd");
  });

  it("does not change when the sender's goes on", () => {
    const chain = chainOf(viewOf("abc"), ["c", "", 4]);
    const before = chain.data();
    chain.adopt(commitOf(chain.current, change(chain.current, "", "x")));
    assert.equal(before.commits.length, 1);
  });

  const forgeries: readonly [string, readonly Commit[]][] = [
    ["lacks a link", [sent.commits[1]!]],
    ["has one twice", [sent.commits[0]!, sent.commits[0]!]],
    ["has a link that no quorum locked", [sent.commits[0]!, { ...sent.commits[1]!, locks: Uint32Array.of(0b10) }]],
  ];
  for (const [name, commits] of forgeries) {
    it(`is refused if it ${name}`, () => assert.equal(Chain.of({ base: sent.base, commits }), null));
  }
});
