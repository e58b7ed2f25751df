// What agreed views make of the members: admission, removal, catching up, beginning anew.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Chain } from "../../node/core/agreement/chain.ts";
import type { Chain as ChainData } from "../../node/core/frame.ts";
import { CHAIN_KEPT, DAMPING, DISSOLVE_MS, startOf, windowOf } from "../../node/core/limits.ts";
import { change, commitOf, viewMember } from "./agreement/support.ts";
import { One, others, outsider, insider, NEVER, W } from "./one.ts";
import { member, NOW } from "./support.ts";

describe("what a view makes of everybody", () => {
  const until = startOf(W + 8);

  it("who comes has a time from then on, and it is told", () => {
    const a = new One("a");
    a.membership.take([member("b", { fromMs: NEVER, name: "bob" })], a.nowMs);
    a.adopt("", "b", W + 4);
    assert.equal(a.record("b")!.fromMs, startOf(W + 4));
    assert.deepEqual(a.events(), [{ type: "joined", member: "b", name: "bob", atMs: NOW }]);
  });

  for (const [state, type] of [["alive", "lost"], ["left", "left"]] as const) {
    it(`who goes ${state === "left" ? "as it wished has left" : "without a word is lost"}, from then on, and it is told`, () => {
      const a = new One("a").adopt("", "b", W + 4);
      a.membership.take([member("b", { fromMs: NEVER, incarnation: 2, state })], a.nowMs);
      a.events();
      a.adopt("b", "", W + 8);
      const { state: now, fromMs, untilMs } = a.record("b")!;
      assert.deepEqual([now, fromMs, untilMs], [type, startOf(W + 4), until]);
      assert.deepEqual(a.events().map((event) => event.type), [type]);
      assert.deepEqual([a.membership.takeGone(), a.membership.takeGone()], [["b"], []]);
    });
  }

  it("whoever asks again before its removal is known here stays one who asks", () => {
    const a = new One("a").adopt("", "bc", W + 4);
    a.membership.take([member("b", { incarnation: 2, view: 3, fromMs: NEVER })], a.nowMs);
    a.adopt("b", "", W + 8);
    assert.equal(a.record("b")!.state, "alive");
    a.nowMs = startOf(W + 8);
    assert.equal(a.settle().membership.agreement.view.positionOf("b") >= 0, true);
  });

  it("of whom a view came before a word, the words count when they come", () => {
    const a = new One("a").adopt("", "b", W + 4);
    assert.notEqual(a.record("b"), undefined, "it has a time already");
    const own = member("b", { name: "bob", addresses: ["there"], api: "http://b", fromMs: NEVER });
    a.out.take();
    a.membership.take([own], a.nowMs);
    a.turn();
    assert.deepEqual(a.record("b"), { ...own, fromMs: startOf(W + 4) });
    const wanted = a.out.take().findLast((effect) => effect.kind === "neighbours");
    assert.deepEqual(wanted?.members.map(({ addresses }) => addresses), [["there"]], "so that it can be dialled");
  });

  it("nor is the time lost of who came back before its words did", () => {
    const a = new One("a").adopt("", "b", W + 4);
    a.membership.take([member("b", { fromMs: NEVER })], a.nowMs);
    a.adopt("b", "", W + 8);
    a.commit((view) => change(view, "", "", { fromWindow: W + 12, added: [viewMember("b", { incarnation: 2, fromWindow: W + 12 })] }));
    a.membership.take([member("b", { incarnation: 2, view: 3, fromMs: NEVER })], a.nowMs);
    const { incarnation, state, fromMs, untilMs } = a.record("b")!;
    assert.deepEqual([incarnation, state, fromMs, untilMs], [2, "alive", startOf(W + 12), NEVER]);
  });

  it("links follow it", () => {
    const a = new One("a").adopt("", "b");
    assert.deepEqual(a.membership.neighbours, ["b"]);
    a.adopt("b", "");
    assert.deepEqual(a.membership.neighbours, []);
  });
});

describe("an agent that is removed", () => {
  it("knows it, and asks to be let in again", () => {
    const c = insider();
    const { incarnation } = c.membership.own();
    c.adopt("c", "", W + 8);
    const { state, view, fromMs, untilMs } = c.membership.own();
    assert.deepEqual([c.membership.own().incarnation, state, view, fromMs, untilMs], [incarnation + 1, "alive", 3, NEVER, NEVER]);
    assert.deepEqual(c.events().map((event) => event.type), ["lost"]);
    assert.deepEqual(c.membership.takeNews().map((record) => [record.id, record.view]), [["c", 3]]);
  });

  it("again and again keeps away for a while, as one who has left, and then asks", () => {
    const c = insider();
    for (let loss = 1; loss <= DAMPING.free + 1; loss++) {
      if (loss > 1) c.commit((view) => change(view, "", "", { fromWindow: W, added: [viewMember("c", { incarnation: c.membership.own().incarnation })] }));
      c.adopt("c", "", W);
      assert.equal(c.membership.own().state, loss <= DAMPING.free ? "alive" : "left", `after ${loss} losses`);
    }
    const { incarnation } = c.membership.own();
    c.turn(DAMPING.firstMs - 1);
    assert.equal(c.membership.own().state, "left");
    c.turn(1);
    const { state, fromMs, untilMs, view } = c.membership.own();
    assert.deepEqual([state, fromMs, untilMs, view], ["alive", NEVER, NEVER, c.membership.agreement.view.number]);
    assert.equal(c.membership.own().incarnation, incarnation + 1);
  });

  it("again and again, but leaves, does not come back", () => {
    const c = insider();
    for (let loss = 1; loss <= DAMPING.free + 1; loss++) {
      if (loss > 1) c.commit((view) => change(view, "", "", { fromWindow: W, added: [viewMember("c", { incarnation: c.membership.own().incarnation })] }));
      c.adopt("c", "", W);
    }
    c.membership.leave();
    assert.equal(c.turn(DAMPING.mostMs).membership.own().state, "left");
  });

  it("as it wished says that it knows, and asks for nothing", () => {
    const c = insider();
    c.membership.leave();
    assert.equal(c.membership.own().state, "left");
    c.adopt("c", "", W + 8);
    const { state, view, untilMs } = c.membership.own();
    assert.deepEqual([state, view, untilMs], ["left", 3, startOf(W + 8)]);
  });

  it("is the last to go if nobody else stays alive", () => {
    const c = insider();
    assert.equal(c.membership.isLastToGo(), false);
    c.membership.take([member("a", { incarnation: 2, state: "left" })], c.nowMs);
    assert.equal(c.membership.isLastToGo(), false);
    c.membership.take([member("b", { incarnation: 2, state: "left" })], c.nowMs);
    assert.equal(c.membership.isLastToGo(), true);
  });
});

describe("catching up", () => {
  /** Views 3 … `to` of c's lineage, in which weights change, by the others. */
  function longChain(from: Chain, to: number): Chain {
    const chain = Chain.of(from.data())!;
    for (let number = chain.current.number + 1; number <= to; number++) {
      chain.adopt(commitOf(chain.current, change(chain.current, "", "", { fromWindow: W, reweighed: [{ position: 0, weight: number }] })));
    }
    return chain;
  }

  it("goes view by view where the way is known", () => {
    const c = insider();
    const { agreement } = c.membership;
    c.membership.hear({ chain: longChain(agreement.chain, 6).data() }, "a", NOW);
    assert.equal(c.membership.agreement, agreement);
    assert.equal(c.view(), "6:abc");
  });

  it("begins anew where it is not, without a share and without a lease", () => {
    const c = insider();
    const { agreement } = c.membership;
    const chain = longChain(agreement.chain, agreement.view.number + CHAIN_KEPT + 1);
    c.membership.hear({ chain: chain.data() }, "a", NOW);
    assert.notEqual(c.membership.agreement, agreement);
    assert.deepEqual([c.view(), c.membership.agreement.lineage], [`${chain.current.number}:abc`, agreement.lineage]);
    assert.deepEqual([c.membership.agreement.followed(NOW), c.membership.agreement.leaseUntilMs(NOW)], [null, -Infinity]);
  });

  it("asks to be let in again if it has been removed meanwhile", () => {
    const c = insider();
    const { incarnation } = c.membership.own();
    const chain = longChain(c.membership.agreement.chain, 5);
    chain.adopt(commitOf(chain.current, change(chain.current, "c")));
    const newest = longChain(chain, 3 + 2 * CHAIN_KEPT);
    c.membership.hear({ chain: newest.data() }, "a", NOW);
    assert.equal(c.view(), `${newest.current.number}:ab`);
    const { view, fromMs } = c.membership.own();
    assert.deepEqual([c.membership.own().incarnation, view, fromMs], [incarnation + 1, newest.current.number, NEVER]);
  });

  const useless: readonly [string, (chain: Chain) => ChainData][] = [
    ["that is not newer", (chain) => chain.data()],
    ["whose evidence does not hold together", (chain) => {
      const data = longChain(chain, 3 + CHAIN_KEPT).data();
      return { ...data, commits: [...data.commits.slice(0, -1), { ...data.commits.at(-1)!, locks: new Uint32Array(1) }] };
    }],
  ];
  for (const [name, make] of useless) {
    it(`ignores a chain ${name}`, () => {
      const c = insider();
      c.membership.hear({ chain: make(c.membership.agreement.chain) }, "a", NOW);
      assert.equal(c.view(), "2:abc");
    });
  }
});

describe("an agent that sees no majority for long", () => {
  it("begins anew, alone, if it is idle: not a moment sooner", () => {
    const c = insider();
    const { lineage } = c.membership.agreement;
    c.turn(DISSOLVE_MS - 1);
    assert.equal(c.membership.agreement.lineage.id, lineage.id);
    c.turn(1);
    assert.equal(c.view(), "1:c");
    assert.notEqual(c.membership.agreement.lineage.id, lineage.id);
    assert.deepEqual([c.membership.own().fromMs, c.membership.own().view], [startOf(windowOf(c.nowMs)), 1]);
    assert.deepEqual(c.membership.members.all().map(({ id }) => id), ["c"]);
    assert.deepEqual(c.membership.neighbours, []);
  });

  it("goes on in the lineage it left where it meets that again, with the votes and the seat it had there", () => {
    const c = insider();
    const { agreement } = c.membership;
    const { lineage } = agreement;
    const seat = agreement.view.memberOf("c")!;
    c.turn(DISSOLVE_MS);
    assert.equal(c.view(), "1:c");
    const { incarnation } = c.membership.own();
    const met = (from = "a") => c.membership.follow(lineage, agreement.chain.data(), [member("a"), member("b")], from, c.nowMs);
    assert.equal(met("stranger"), false, "said by nobody it would believe");
    assert.equal(met(), true);
    assert.equal(c.membership.agreement, agreement);
    const own = c.membership.own();
    assert.deepEqual([own.incarnation, own.state, own.view, own.fromMs], [incarnation + 1, "alive", 2, startOf(seat.fromWindow)]);
    assert.deepEqual(c.membership.takeNews().map(({ id }) => id).sort(), ["a", "b"], "itself not before the time is known");
    c.membership.knock();
    assert.deepEqual(c.membership.takeNews().map(({ id }) => id), ["c"]);
    assert.equal(met(), false, "it is there already");
  });

  it("never twice under one name", () => {
    const x = outsider();
    const [first] = [x.turn(DISSOLVE_MS).membership.agreement.lineage.id];
    const { lineage, data } = others("abc");
    x.membership.follow(lineage, data, [], "a", x.nowMs);
    assert.notEqual(x.turn(DISSOLVE_MS).membership.agreement.lineage.id, first);
  });

  for (const [name, prepare, isIdle] of [
    ["while a run is on", () => {}, false],
    ["while it leaves", (c: One) => c.membership.leave(), true],
  ] as const) {
    it(`stays ${name}`, () => {
      const c = insider();
      prepare(c);
      c.turn(2 * DISSOLVE_MS, isIdle);
      assert.equal(c.view(), "2:abc");
    });
  }
});
