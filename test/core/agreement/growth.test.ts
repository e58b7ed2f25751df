// Release before growth: nobody takes more before all others took less, can offer nothing any more, or hardly matter.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Accusations } from "../../../node/core/agreement/accusations.ts";
import { Acks } from "../../../node/core/agreement/acks.ts";
import type { Chain } from "../../../node/core/agreement/chain.ts";
import { Growth } from "../../../node/core/agreement/growth.ts";
import { RollCalls } from "../../../node/core/agreement/roll-calls.ts";
import type { Accusation } from "../../../node/core/frame.ts";
import { CLOSED_HINT_MS, EXCESS, LEASE_WINDOWS, LONELY_WINDOWS, SHORT_LEASE_WINDOWS, startOf } from "../../../node/core/limits.ts";
import { change, chainOf, commitOf, letters, set, viewMember, viewOf } from "./support.ts";

/** One agent's knowledge of a chain of views. */
class Known {
  readonly chain: Chain;
  readonly acks: Acks;
  readonly rollCalls = new RollCalls();
  readonly accusations: Accusations;
  readonly growth: Growth;

  constructor(self: string, chain: Chain) {
    this.chain = chain;
    this.acks = new Acks(chain);
    this.accusations = new Accusations(chain);
    this.growth = new Growth(self, chain, this.acks, this.rollCalls, this.accusations);
  }

  /** These were first heard under a view in this window. */
  heard(number: number, ids: string, window: number): this {
    const view = this.chain.at(number)!;
    this.acks.note(view, set(view, ids), window);
    return this;
  }

  /** In this window these were present under view 1 and excluded those. */
  excluding(excluded: string, present: string, window: number): this {
    const view = this.chain.at(1)!;
    this.rollCalls.merge({ view: 1, window, excluded: set(view, excluded), present: set(view, present) }, view);
    return this;
  }

  accuse(target: string, accusers: string, kind: Accusation["kind"], atMs: number): this {
    const view = this.chain.oldest;
    for (const accuser of accusers) {
      const positions = { target: view.positionOf(target), accuser: view.positionOf(accuser) };
      this.accusations.take({ view: view.number, ...positions, version: 1, kind }, atMs);
    }
    return this;
  }

  /** Asked at the end of the window before. */
  mayGrow(window: number): boolean {
    this.growth.observe(window, startOf(window) - 1);
    return this.growth.isAllowed(this.chain.current, window);
  }

  /** The first window in which it may grow. */
  first(from = 0, to = 300): number {
    for (let window = from; window <= to; window++) if (this.mayGrow(window)) return window;
    return Number.POSITIVE_INFINITY;
  }
}

/** e is lost; a, b and c have been heard without it in window 100. */
const lost = (ids = "abcde") => new Known("a", chainOf(viewOf(ids), [ids.at(-1)!, "", 100]));

describe("after a loss", () => {
  it("one waits until the lost one's lease has ended for certain", () => {
    // In window 100 e could still see a majority of the view before; in 101 only d and itself.
    assert.equal(lost().heard(2, "abc", 100).first(), 101 + LEASE_WINDOWS);
  });

  it("one waits less if enough observers saw its links close, but for the short lease", () => {
    const known = lost().accuse("e", "abcd", "closed", startOf(101)).heard(2, "abc", 100);
    assert.equal(known.first(101), 101 + SHORT_LEASE_WINDOWS);
  });

  it("of two one waits longer: the other one may not see that its links closed, and notices silence late", () => {
    const known = lost("ab").accuse("b", "a", "closed", startOf(101)).heard(2, "a", 100);
    assert.equal(known.first(101), 101 + SHORT_LEASE_WINDOWS + LONELY_WINDOWS);
  });

  it("a short lease that ends with this window has not ended in it", () => {
    const { growth, chain } = lost().accuse("e", "abcd", "closed", startOf(101)).heard(2, "abc", 100);
    const ended = 101 + SHORT_LEASE_WINDOWS;
    growth.observe(ended, startOf(ended) - 1);
    assert.deepEqual([growth.isAllowed(chain.current, ended - 1), growth.isAllowed(chain.current, ended)], [false, true]);
  });

  it("a short lease that has ended stays ended when the links' closing is long ago", () => {
    const known = lost().accuse("e", "abcd", "closed", startOf(101)).heard(2, "abc", 100);
    for (let window = 101; window < 106; window++) known.mayGrow(window);
    assert.ok(startOf(110) - 1 - startOf(101) >= CLOSED_HINT_MS && 110 < 101 + LEASE_WINDOWS);
    assert.equal(known.mayGrow(110), true);
  });

  it("a short lease that has ended may have been renewed by a majority since", () => {
    const known = lost().accuse("e", "abcd", "closed", startOf(95)).heard(2, "ab", 94);
    for (let window = 95; window <= 120; window++) if (window !== 105) known.excluding("e", "c", window);
    for (let window = 95; window <= 105; window++) known.mayGrow(window);
    assert.equal(known.mayGrow(105), true);
    for (let window = 106; window <= 105 + LEASE_WINDOWS; window++) {
      assert.equal(known.mayGrow(window), false, String(window));
    }
  });

  it("one does not wait less for what was seen too long ago", () => {
    const known = lost().accuse("e", "abcd", "closed", startOf(101) - CLOSED_HINT_MS).heard(2, "abc", 100);
    assert.equal(known.first(101), 101 + LEASE_WINDOWS);
  });

  it("one waits for ever while those who may have stayed behind are a majority", () => {
    assert.equal(lost().heard(2, "ab", 100).first(), Infinity);
  });

  it("nor for ever for one leaver that was killed, when the majority that left with it has told so", () => {
    const known = new Known("a", chainOf(viewOf("abcde"), ["bcde", "", 100])).heard(2, "a", 99);
    for (const id of "bcd") known.acks.told(id, 2, 101);
    assert.equal(known.first(), 102 + LEASE_WINDOWS);
  });

  it("windows in which a majority excluded it could not renew its lease either", () => {
    const known = lost().heard(2, "abc", 100);
    for (let window = 95; window <= 100; window++) known.excluding("e", "abc", window);
    assert.equal(known.first(), 95 + LEASE_WINDOWS);
  });

  it("windows in which others were excluded could", () => {
    const known = lost().heard(2, "abc", 100);
    for (let window = 95; window <= 100; window++) known.excluding("d", "abc", window);
    assert.equal(known.first(), 101 + LEASE_WINDOWS);
  });

  it("those who moved on and those who excluded it count together", () => {
    const known = lost().heard(2, "ab", 94);
    for (let window = 95; window <= 120; window++) known.excluding("e", "c", window);
    assert.equal(known.first(), 95 + LEASE_WINDOWS);
  });

  it("one window in which it may have seen a majority is enough to wait", () => {
    const known = lost().heard(2, "ab", 94);
    for (let window = 95; window <= 120; window++) if (window !== 107) known.excluding("e", "c", window);
    assert.equal(known.mayGrow(107), true);
    for (let window = 108; window <= 107 + LEASE_WINDOWS; window++) {
      assert.equal(known.mayGrow(window), false, String(window));
    }
    assert.equal(known.mayGrow(108 + LEASE_WINDOWS), true);
  });

  it("one does not wait for who is known to have adopted the view without it", () => {
    const known = lost();
    known.acks.told("e", 2, 0);
    assert.equal(known.first(), 0);
  });

  it("of every view that may still hold it the lease must have ended", () => {
    const chain = chainOf(viewOf("abcde"), ["d", "", 90], ["e", "", 100]);
    const known = new Known("a", chain).heard(2, "abce", 91).heard(3, "ab", 100);
    // d: a, b and c left view 1 in 91. e: of view 2 only two of four have gone on; the first one's half was a quorum.
    assert.equal(known.first(), 101 + LEASE_WINDOWS);
    assert.equal(new Known("a", chain).heard(2, "abce", 91).heard(3, "bc", 100).first(), Infinity, "a and e could still be one");
  });

  it("one does not wait for those whose part together is hardly worth it", () => {
    const mayGrow = (count: number, gone: number) => {
      const ids = Array.from({ length: count }, (_, i) => `m${String(i).padStart(3, "0")}`);
      const view = viewOf("", { members: ids.map((id) => viewMember(id)) });
      const removed = ids.slice(-gone).map((id) => view.positionOf(id));
      const chain = chainOf(view);
      chain.adopt(commitOf(view, change(view, "", "", { fromWindow: 100, removed })));
      return new Known("m000", chain).mayGrow(100);
    };
    assert.deepEqual([mayGrow(40, 1), mayGrow(40, 2), mayGrow(120, 3), mayGrow(120, 4)], [true, false, true, false]);
    assert.ok(EXCESS <= 0.05);
  });
});

describe("when others come or weigh more", () => {
  it("a newcomer waits until all who give something up have said so", () => {
    const chain = chainOf(viewOf("ab"), ["", "c", 100]);
    const known = new Known("c", chain);
    assert.equal(known.heard(2, "a", 99).mayGrow(100), false);
    assert.equal(known.heard(2, "b", 99).mayGrow(100), true);
  });

  it("nobody waits for those who gain themselves", () => {
    const chain = chainOf(viewOf("abc"), ["c", "", 100]);
    const known = new Known("a", chain);
    known.acks.told("c", 2, 0);
    assert.equal(known.mayGrow(100), true, "b has said nothing");
  });

  it("the largest share counts that somebody may have had since it last said where it stands", () => {
    // b carries a half in view 2, between its quarters in 1 and 3.
    const chain = chainOf(viewOf("abcd"), ["cd", "", 90], ["", "cd", 100]);
    const known = new Known("c", chain).heard(3, "a", 99).heard(1, "b", 80);
    known.acks.told("d", 3, 0);
    assert.equal(known.mayGrow(100), false);
    known.heard(2, "b", 91);
    assert.equal(known.mayGrow(100), false);
    known.heard(3, "b", 99);
    assert.equal(known.mayGrow(100), true);
  });

  it("what somebody had before it last said where it stands does not count", () => {
    // b carried a half in view 1, a third in 2 and 3.
    const chain = chainOf(viewOf("ab"), ["", "c", 90], ["c", "d", 100]);
    const known = new Known("d", chain).heard(3, "a", 99).heard(2, "bc", 91);
    known.acks.told("c", 3, 0);
    assert.equal(known.mayGrow(100), true);
  });

  it("somebody who has said nothing in any view that is remembered may have what it had in any of them", () => {
    const chain = chainOf(viewOf("ab"), ["", "c", 90], ["c", "d", 100]);
    const known = new Known("d", chain).heard(3, "a", 99);
    known.acks.told("c", 3, 0);
    assert.equal(known.mayGrow(100), false);
  });

  it("a leaver is waited for until it says that it has gone", () => {
    const known = new Known("a", chainOf(viewOf(letters(3)), ["c", "", 100])).heard(2, "ab", 99);
    assert.equal(known.mayGrow(100), false);
    known.acks.told("c", 2, 0);
    assert.equal(known.mayGrow(100), true);
  });

  it("one's own share is no obstacle", () => {
    const known = new Known("a", chainOf(viewOf("ab"), ["", "cd", 100])).heard(2, "b", 99);
    assert.equal(known.acks.of("a"), 0);
    assert.equal(known.mayGrow(100), true);
  });
});
