// An agreed view: quorums that always meet, shares that are a partition, watchers everybody computes alike.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listed } from "../../../node/core/agreement/positions.ts";
import { hasSameMembers, keyOf } from "../../../node/core/agreement/view.ts";
import type { ViewChange } from "../../../node/core/frame.ts";
import { RINGS } from "../../../node/core/limits.ts";
import { neighbours } from "../../../node/core/rings.ts";
import { CIRCLE } from "../../../node/plan/stripe.ts";
import { change, idsOf, letters, set, viewMember, viewOf } from "./support.ts";

describe("quorums", () => {
  it("any two of one view share a member, for 1..8 members", () => {
    for (let size = 1; size <= 8; size++) {
      const view = viewOf(letters(size));
      const quorums = Array.from({ length: 2 ** size }, (_, bits) => bits).filter((bits) => view.isQuorum(Uint32Array.of(bits)));
      for (const a of quorums) for (const b of quorums) assert.notEqual(a & b, 0, `${a} and ${b} of ${size}`);
    }
  });

  it("of any two halves exactly one is a quorum: no split stops both, for 1..10 members", () => {
    for (let size = 1; size <= 10; size++) {
      const view = viewOf(letters(size));
      for (let bits = 0; bits < 2 ** size; bits++) {
        const rest = 2 ** size - 1 - bits;
        assert.notEqual(view.isQuorum(Uint32Array.of(bits)), view.isQuorum(Uint32Array.of(rest)), `${bits} of ${size}`);
      }
    }
  });

  const cases: readonly [string, string, boolean][] = [
    ["a", "a", true],
    ["ab", "a", true],
    ["ab", "b", false],
    ["abc", "a", false],
    ["abc", "bc", true],
    ["abcd", "ab", true],
    ["abcd", "cd", false],
    ["abcd", "bcd", true],
    ["abcd", "", false],
    [letters(26), letters(26).slice(13), false],
    [letters(26), letters(26).slice(12), true],
  ];
  for (const [all, some, expected] of cases) {
    it(`${some || "nobody"} of ${all}: ${expected ? "a quorum" : "none"}`, () => {
      const view = viewOf(all);
      assert.equal(view.isQuorum(set(view, some)), expected);
    });
  }

  it("count heads, not weights", () => {
    const view = viewOf("abc", { members: [viewMember("a", { weight: 10_000 }), viewMember("b"), viewMember("c")] });
    assert.equal(view.isQuorum(set(view, "a")), false);
    assert.equal(view.isQuorum(set(view, "bc")), true);
  });
});

describe("shares", () => {
  it("are consecutive, add up to everything and are as wide as the weights", () => {
    const weights = [1, 3, 4, 8];
    const view = viewOf("abcd", { members: weights.map((weight, i) => viewMember("abcd"[i]!, { weight })) });
    let low = 0;
    for (const [i, id] of view.ids.entries()) {
      assert.deepEqual(view.stripeOf(id), { low, width: (weights[i]! / 16) * CIRCLE });
      low += view.stripeOf(id).width;
    }
    assert.equal(low, CIRCLE);
  });

  it("of a stranger are nothing", () => assert.equal(viewOf("ab").stripeOf("x").width, 0));
});

describe("watchers", () => {
  it("watch each other, are at most ten, and are those that an outsider computes", () => {
    for (let size = 1; size <= 26; size++) {
      const view = viewOf(letters(size));
      for (let position = 0; position < size; position++) {
        const watchers = view.neighboursOf(position);
        assert.deepEqual(watchers, watchers.toSorted((a, b) => a - b));
        assert.ok(watchers.length <= 2 * RINGS && watchers.length >= Math.min(2, size - 1));
        for (const one of watchers) assert.ok(one !== position && view.neighboursOf(one).includes(position));
        const ids = neighbours(view.ids[position]!, view.ids).sort().join("");
        assert.equal(idsOf(view, watchers), ids, `of ${view.ids[position]} among ${size}`);
      }
    }
  });

  it("of a stranger are none", () => assert.deepEqual(viewOf("ab").neighboursOf(-1), []));
});

describe("the view after a change", () => {
  it("has who was kept and who came, in id order, and leaves the one before as it was", () => {
    const view = viewOf("bdf");
    const next = view.after(change(view, "d", "ae", { fromWindow: 7, reweighed: [{ position: 2, weight: 5 }] }));
    assert.equal(next.ids.join(""), "abef");
    assert.deepEqual([next.number, next.fromWindow, next.memberOf("f")!.weight, next.memberOf("b")!.weight], [2, 7, 5, 100]);
    assert.equal(view.ids.join(""), "bdf");
    assert.equal(view.memberOf("f")!.weight, 100);
    assert.equal(next.positionOf("d"), -1);
    assert.equal(next.memberOf("d"), undefined);
  });

  it("takes effect no sooner than the one before: until then nobody makes room for those who came with that", () => {
    const joined = viewOf("ab", { fromWindow: 5 });
    const without = (fromWindow: number) => joined.after(change(joined, "b", "", { fromWindow })).fromWindow;
    assert.deepEqual([4, 5, 6].map(without), [5, 5, 6]);
  });

  it("is the same object for the same change: thousands of agents share it", () => {
    const view = viewOf("ab");
    const leave = change(view, "b");
    assert.equal(view.after(leave), view.after(leave));
    assert.equal(view.after({ ...leave }), view.after(leave), "whoever told of it");
  });

  const view = viewOf("bdf");
  const reweighed = (...positions: number[]) => positions.map((position) => ({ position, weight: 2 }));
  const cases: readonly [string, Partial<ViewChange>, boolean][] = [
    ["somebody goes", { removed: [1] }, true],
    ["all go and somebody comes", { removed: [0, 1, 2], added: [viewMember("x")] }, true],
    ["several come in order", { added: [viewMember("a"), viewMember("c")] }, true],
    ["the last one gets another weight", { reweighed: reweighed(2) }, true],
    ["all go", { removed: [0, 1, 2] }, false],
    ["nobody known goes", { removed: [3] }, false],
    ["a negative position goes", { removed: [-1] }, false],
    ["one goes twice", { removed: [1, 1] }, false],
    ["they go out of order", { removed: [2, 1] }, false],
    ["a stranger is reweighed", { reweighed: reweighed(3) }, false],
    ["they are reweighed out of order", { reweighed: reweighed(1, 0) }, false],
    ["a member comes again", { added: [viewMember("d")] }, false],
    ["one comes twice", { added: [viewMember("a"), viewMember("a")] }, false],
    ["they come out of order", { added: [viewMember("c"), viewMember("a")] }, false],
  ];
  for (const [name, part, expected] of cases) {
    it(`a change in which ${name} ${expected ? "fits" : "does not fit"}`, () => {
      assert.equal(view.isApplicable(change(view, "", "", part)), expected);
    });
  }
});

describe("keys of changes", () => {
  const view = viewOf("abc");
  const base = () => change(view, "b", "x", { fromWindow: 4, reweighed: [{ position: 0, weight: 2 }] });
  const others: readonly [string, Partial<ViewChange>, boolean][] = [
    ["who goes", { removed: [2] }, false],
    ["who comes", { added: [viewMember("y")] }, false],
    ["with which incarnation one comes", { added: [viewMember("x", { incarnation: 2 })] }, false],
    ["with which weight one comes", { added: [viewMember("x", { weight: 2 })] }, false],
    ["whose weight changes", { reweighed: [{ position: 2, weight: 2 }] }, false],
    ["how a weight changes", { reweighed: [{ position: 0, weight: 3 }] }, false],
    ["when it takes effect", { fromWindow: 5 }, true],
  ];
  it("are equal for equal changes", () => {
    assert.equal(keyOf(base()), keyOf(base()));
    assert.equal(hasSameMembers(base(), base()), true);
  });
  for (const [name, part, same] of others) {
    it(`tell changes apart that differ in ${name}; ${same ? "the members are the same" : "the members are others"}`, () => {
      assert.notEqual(keyOf(base()), keyOf({ ...base(), ...part }));
      assert.equal(hasSameMembers(base(), { ...base(), ...part }), same);
    });
  }

  it("positions are named, not counted: the set of a change is what goes", () => {
    assert.deepEqual(listed(set(view, "ac")), [0, 2]);
  });
});
