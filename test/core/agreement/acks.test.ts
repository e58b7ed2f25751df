// Acknowledgements: a bit under a view says that its owner adopted it, and when.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Acks } from "../../../node/core/agreement/acks.ts";
import type { Chain } from "../../../node/core/agreement/chain.ts";
import { listed } from "../../../node/core/agreement/positions.ts";
import { CHAIN_KEPT } from "../../../node/core/limits.ts";
import { change, chainOf, commitOf, idsOf, letters, set, viewOf } from "./support.ts";

/** abcde, without e from window 10 on, with f from window 20 on. */
const three = () => chainOf(viewOf("abcde"), ["e", "", 10], ["", "f", 20]);

function note(acks: Acks, chain: Chain, number: number, ids: string, window: number): boolean {
  const view = chain.at(number)!;
  return acks.note(view, set(view, ids), window);
}

describe("acknowledgements", () => {
  it("the newest view under which somebody was heard is the one it has adopted", () => {
    const chain = three();
    const acks = new Acks(chain);
    assert.equal(acks.of("a"), 0);
    note(acks, chain, 2, "ab", 11);
    note(acks, chain, 1, "ae", 9);
    note(acks, chain, 3, "b", 19);
    assert.deepEqual([..."abcdefx"].map((id) => acks.of(id)), [2, 3, 0, 0, 1, 0, 0]);
  });

  it("are news once", () => {
    const chain = three();
    const acks = new Acks(chain);
    assert.equal(note(acks, chain, 2, "ab", 11), true);
    assert.equal(note(acks, chain, 2, "ab", 12), false);
    assert.equal(note(acks, chain, 2, "abcd", 12), true);
    assert.equal(note(acks, chain, 2, "abcd", 13), false, "all have been heard");
    assert.equal(note(acks, chain, 2, "abcd", 11), true, "but not so early");
    assert.equal(note(acks, chain, 2, "abcd", 11), false);
  });

  it("are told apart beyond the first word of positions", () => {
    const ids = letters(70);
    const chain = chainOf(viewOf(ids));
    const acks = new Acks(chain);
    note(acks, chain, 1, `${ids[31]}${ids[32]}${ids[69]}`, 1);
    assert.deepEqual([...ids].filter((id) => acks.of(id) === 1), [ids[31], ids[32], ids[69]]);
  });

  it("of members that there are not are refused", () => {
    const chain = three();
    const acks = new Acks(chain);
    assert.equal(acks.note(chain.current, Uint32Array.of(0b100001), 20), false);
    assert.equal(acks.of("a"), 0);
  });

  it("are told to those who were not there, in sets that do not change afterwards", () => {
    const chain = three();
    const acks = new Acks(chain);
    note(acks, chain, 1, "ae", 9);
    note(acks, chain, 3, "b", 19);
    const told = acks.all();
    note(acks, chain, 3, "c", 20);
    assert.deepEqual(told.map(({ view, members }) => [view, idsOf(chain.at(view)!, listed(members))]), [[1, "ae"], [3, "b"]]);
  });

  it("of those who are in no view are what they told, which never falls", () => {
    const acks = new Acks(three());
    assert.equal(acks.told("e", 2, 0), true);
    assert.equal(acks.told("e", 2, 0), false);
    assert.equal(acks.told("e", 1, 0), false);
    assert.equal(acks.of("e"), 2);
  });

  it("what is told of the oldest view remembered rules nothing out, and is no news", () => {
    const acks = new Acks(three());
    assert.equal(acks.told("e", 1, 0), false);
    assert.equal(acks.of("e"), 0);
  });

  it("what was told and what was shown: the newer counts", () => {
    const chain = three();
    const acks = new Acks(chain);
    acks.told("a", 1, 0);
    note(acks, chain, 2, "a", 10);
    acks.told("b", 3, 0);
    note(acks, chain, 2, "b", 10);
    assert.deepEqual([acks.of("a"), acks.of("b")], [2, 3]);
  });
});

describe("who had moved on", () => {
  const moved = (acks: Acks, chain: Chain, number: number, window: number) =>
    idsOf(chain.at(number)!, listed(acks.movedOn(chain.at(number)!, window)));

  it("in a window: those heard under a newer view before it, not in it", () => {
    const chain = three();
    const acks = new Acks(chain);
    note(acks, chain, 2, "b", 12);
    assert.deepEqual([11, 12, 13].map((window) => moved(acks, chain, 1, window)), ["", "", "b"]);
  });

  it("counts all newer views, and only those", () => {
    const chain = three();
    const acks = new Acks(chain);
    note(acks, chain, 1, "abcde", 5);
    note(acks, chain, 2, "b", 12);
    note(acks, chain, 3, "cf", 22);
    assert.deepEqual([moved(acks, chain, 1, 30), moved(acks, chain, 2, 30), moved(acks, chain, 3, 30)], ["bc", "c", ""]);
  });

  it("those who only told that they have gone, when the window is over until which they may have stayed", () => {
    const chain = three();
    const acks = new Acks(chain);
    acks.told("e", 2, 12);
    note(acks, chain, 2, "b", 14);
    assert.deepEqual([12, 13, 15].map((window) => moved(acks, chain, 1, window)), ["", "e", "be"]);
    assert.equal(moved(acks, chain, 2, 13), "", "not from the view that it told of");
  });

  it("the earliest window counts, also if it is heard of last", () => {
    const chain = three();
    const acks = new Acks(chain);
    note(acks, chain, 2, "abcd", 20);
    note(acks, chain, 2, "c", 15);
    note(acks, chain, 2, "c", 17);
    assert.deepEqual([15, 16, 20, 21].map((window) => moved(acks, chain, 1, window)), ["", "c", "c", "abcd"]);
  });

  it("the first window in which one was heard counts, also long before the view takes effect", () => {
    const chain = three();
    const acks = new Acks(chain);
    note(acks, chain, 2, "c", 7);
    note(acks, chain, 2, "cd", 20);
    assert.deepEqual([7, 8, 20, 21].map((window) => moved(acks, chain, 1, window)), ["", "c", "c", "cd"]);
  });

  it("however early one was heard, it has adopted the view", () => {
    for (let window = -70; window < -40; window++) {
      const chain = three();
      const acks = new Acks(chain);
      note(acks, chain, 2, "c", window);
      assert.equal(acks.of("c"), 2, String(window));
    }
  });

  it("heard so early that it is beyond memory, it counts as heard later: nobody moved on too soon", () => {
    const chain = three();
    const acks = new Acks(chain);
    note(acks, chain, 2, "c", -1000);
    assert.equal(moved(acks, chain, 1, -999), "");
  });
});

describe("the memory of acknowledgements", () => {
  it("ends with the views that the chain forgets, and with those who are in none of them", () => {
    const chain = chainOf(viewOf("ab"));
    const acks = new Acks(chain);
    note(acks, chain, 1, "ab", 1);
    acks.told("b", 1, 0);
    acks.told("stranger", 1, 0);
    for (let i = 0; i < CHAIN_KEPT; i++) {
      const { current } = chain;
      chain.adopt(commitOf(current, i === 0 ? change(current, "b") : change(current, "", "", { reweighed: [{ position: 0, weight: 2 + i }] })));
    }
    acks.prune();
    assert.deepEqual(["a", "b", "stranger"].map((id) => acks.of(id)), [0, 0, 0]);
  });

  it("does not end before", () => {
    const chain = three();
    const acks = new Acks(chain);
    note(acks, chain, 1, "a", 1);
    acks.told("e", 2, 0);
    acks.prune();
    assert.deepEqual([acks.of("a"), acks.of("e")], [1, 2]);
  });
});
