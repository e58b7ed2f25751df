// Belonging: whom one follows, who may come in, what views make of everybody, and when one begins anew.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Chain } from "../../node/core/agreement/chain.ts";
import { AgreedView } from "../../node/core/agreement/view.ts";
import type { MemberRecord, SwarmEvent } from "../../node/core/events.ts";
import type { Chain as ChainData, Commit, Standing, ViewChange } from "../../node/core/frame.ts";
import { CHAIN_KEPT, DAMPING, DISSOLVE_MS, STABLE_MS, startOf, WEIGHT_UNITS, windowOf } from "../../node/core/limits.ts";
import { Membership } from "../../node/core/membership.ts";
import { Outbox } from "../../node/core/outbox.ts";
import { change, chainOf, commitOf, viewMember, viewOf } from "./agreement/support.ts";
import { member, NOW } from "./support.ts";

const NEVER = Number.POSITIVE_INFINITY;
const W = windowOf(NOW);

/** One agent's membership, driven by hand. */
class One {
  readonly out = new Outbox();
  readonly membership: Membership;
  nowMs = NOW;

  constructor(id: string) {
    this.membership = new Membership(member(id, { incarnation: 0, fromMs: NEVER }), this.out, NOW);
    this.turn();
    this.membership.takeNews();
    this.out.take();
  }

  turn(ms = 0, isIdle = true): this {
    this.nowMs += ms;
    this.membership.turn(this.nowMs, this.nowMs, isIdle);
    return this;
  }

  /** Until every wish that is there has become a view. */
  settle(isIdle = true): this {
    for (let i = 0; i < 10; i++) this.turn(STABLE_MS + 1, isIdle);
    return this;
  }

  /** A change of the view that everybody has locked. */
  commit(of: (view: AgreedView) => ViewChange): Commit {
    const { view } = this.membership.agreement;
    const commit = commitOf(view, of(view));
    this.membership.agreement.take({ commits: [commit] }, this.nowMs);
    this.turn();
    return commit;
  }

  adopt(removed: string, added: string, fromWindow = W): this {
    this.commit((view) => change(view, removed, added, { fromWindow }));
    return this;
  }

  view(): string {
    const { view } = this.membership.agreement;
    return `${view.number}:${view.ids.join("")}`;
  }

  record(id: string): MemberRecord | undefined {
    return this.membership.members.get(id);
  }

  events(): SwarmEvent[] {
    return this.out.take().flatMap((effect) => (effect.kind === "emit" ? [effect.event] : []));
  }
}

/** The swarm of others: view 1 holds these. */
function others(ids: string): { lineage: { id: string; bornMs: number }; data: ChainData } {
  return { lineage: { id: "theirs", bornMs: NOW - 1000 }, data: chainOf(viewOf(ids, { fromWindow: W - 10 })).data() };
}

/** `x`, who follows the lineage of a, b and c from outside. */
function outsider(): One {
  const x = new One("x");
  const { lineage, data } = others("abc");
  assert.equal(x.membership.follow(lineage, data, [..."abc"].map((id) => member(id)), NOW), true);
  return x;
}

/** `c`, a member among a, b and c. */
function insider(): One {
  const c = new One("c");
  const { lineage, data } = others("ab");
  assert.equal(c.membership.follow(lineage, data, [..."ab"].map((id) => member(id)), NOW), true);
  c.membership.knock();
  c.commit((view) => change(view, "", "", { fromWindow: W, added: [viewMember("c", { incarnation: c.membership.own().incarnation })] }));
  c.out.take();
  c.membership.takeNews();
  return c;
}

describe("an agent that starts", () => {
  it("is a swarm of its own, with all of its rate, under a name that no other gives", () => {
    const [a, b] = [new One("a"), new One("b")];
    assert.equal(a.view(), "1:a");
    assert.deepEqual([a.record("a")!.fromMs, a.record("a")!.untilMs, a.record("a")!.view], [startOf(W), NEVER, 1]);
    assert.equal(a.membership.agreement.leaseUntilMs(NOW), Infinity);
    assert.match(a.membership.agreement.lineage.id, /^[0-9a-f]{16}$/);
    assert.notEqual(a.membership.agreement.lineage.id, b.membership.agreement.lineage.id);
  });
});

describe("whom one follows", () => {
  const rows: readonly [string, Partial<Standing>, Standing["rank"], boolean][] = [
    ["the older one, idle both", {}, 0, true],
    ["not the younger one, idle both", { bornMs: NOW + 1 }, 0, false],
    ["the busier one, however young", { bornMs: NOW + 1, rank: 2 }, 0, true],
    ["the one where a run waits, however young", { bornMs: NOW + 1, rank: 1 }, 0, true],
    ["not the idle one while a run waits here", {}, 1, false],
    ["the older one where runs wait in both", { rank: 1 }, 1, true],
    ["nobody while a run is on here, however old and busy", { rank: 2, bornMs: 0 }, 2, false],
    ["of two as old that with the lower name", { bornMs: NOW, lineage: "0000000000000000" }, 0, true],
    ["of two as old not that with the higher name", { bornMs: NOW, lineage: "ffffffffffffffff" }, 0, false],
  ];
  const theirs: Standing = { lineage: "0", bornMs: NOW - 1, rank: 0, view: 1, digest: 0, sentAtMs: NOW };
  for (const [name, part, rank, expected] of rows) {
    it(name, () => assert.equal(new One("a").membership.yieldsTo({ ...theirs, ...part }, rank), expected));
  }

  it("of two exactly one follows the other, unless both are busy", () => {
    const [a, b] = [new One("a").membership, new One("b").membership];
    const standing = (of: Membership, rank: Standing["rank"]) => ({ ...theirs, lineage: of.agreement.lineage.id, bornMs: of.agreement.lineage.bornMs, rank });
    for (const mine of [0, 1, 2] as const) {
      for (const yours of [0, 1, 2] as const) {
        const yielding = Number(a.yieldsTo(standing(b, yours), mine)) + Number(b.yieldsTo(standing(a, mine), yours));
        assert.equal(yielding, mine === 2 && yours === 2 ? 0 : 1, `${mine} and ${yours}`);
      }
    }
  });

  it("not oneself, and nobody once one is leaving", () => {
    const a = new One("a").membership;
    assert.equal(a.yieldsTo({ ...theirs, lineage: a.agreement.lineage.id }, 0), false);
    a.leave();
    assert.equal(a.yieldsTo(theirs, 0), false);
  });
});

describe("following another lineage", () => {
  it("is from outside: no share, no lease, a wish that says what was known", () => {
    const x = outsider();
    assert.equal(x.view(), "1:abc");
    const { incarnation, view, fromMs, untilMs, state } = x.membership.own();
    assert.deepEqual([incarnation, view, fromMs, untilMs, state], [2, 1, NEVER, NEVER, "alive"]);
    assert.equal(x.membership.agreement.leaseUntilMs(NOW), -Infinity);
    assert.equal(x.membership.agreement.followed(NOW), null);
  });

  it("is told to nobody before the time is known", () => {
    const x = outsider();
    const tells = () => [x.membership.known(), x.membership.takeNews()].map((list) => list.some(({ id }) => id === "x"));
    assert.deepEqual(tells(), [false, false]);
    x.membership.knock();
    assert.deepEqual(tells(), [true, true]);
  });

  it("is told to nobody before, also if the others know one from an earlier time", () => {
    const x = new One("x");
    const { lineage, data } = others("abc");
    assert.equal(x.membership.follow(lineage, data, [member("a"), member("x", { incarnation: 7, state: "left" })], NOW), true);
    assert.ok(x.membership.own().incarnation > 7);
    assert.deepEqual(x.membership.takeNews().map(({ id }) => id), ["a"]);
  });

  it("asks for the links that it would have as a member", () => {
    assert.deepEqual([...outsider().membership.neighbours].sort(), ["a", "b", "c"]);
  });

  it("leaves behind what was true in the other one, but for who is history", () => {
    const x = new One("x");
    x.membership.take([member("p"), member("q", { state: "lost", untilMs: NOW - 500 })]);
    const { lineage, data } = others("abc");
    x.membership.follow(lineage, data, [member("a")], NOW);
    assert.deepEqual(x.membership.members.all().map(({ id }) => id).sort(), ["a", "q", "x"]);
    assert.deepEqual(x.membership.takeNews().map(({ id }) => id).filter((id) => id !== "x"), ["a"], "of the new one");
  });

  const refused: readonly [string, () => ChainData][] = [
    ["while it holds oneself as a member from an earlier time", () => others("ax").data],
    ["if its evidence does not hold together", () => {
      const data = chainOf(viewOf("abc"), ["c", "", W]).data();
      return { ...data, commits: [{ ...data.commits[0]!, locks: Uint32Array.of(0b100) }] };
    }],
  ];
  for (const [name, data] of refused) {
    it(`is refused ${name}`, () => {
      const x = new One("x");
      const before = x.membership.own();
      assert.equal(x.membership.follow(others("a").lineage, data(), [], NOW), false);
      assert.deepEqual([x.view(), x.membership.own()], ["1:x", before]);
    });
  }
});

describe("what others say", () => {
  it("of oneself counts only if it would silence one: a higher incarnation is overtaken", () => {
    for (const [incarnation, expected] of [[1, 1], [2, 3], [7, 8]] as const) {
      const a = new One("a");
      a.membership.take([member("a", { incarnation, state: "lost", untilMs: NOW })]);
      const { state, untilMs } = a.membership.own();
      assert.deepEqual([a.membership.own().incarnation, state, untilMs], [expected, "alive", NEVER]);
      assert.equal(a.membership.takeNews().length, expected === 1 ? 0 : 1);
    }
  });

  it("of others is passed on once", () => {
    const a = new One("a");
    a.membership.take([member("b"), member("b")]);
    assert.deepEqual(a.membership.takeNews(), [member("b")]);
    a.membership.take([member("b")]);
    assert.deepEqual([a.membership.hasNews(), a.membership.takeNews()], [false, []]);
  });
});

describe("who may come in", () => {
  const asks = (more: Partial<MemberRecord> = {}) => member("b", { fromMs: NEVER, ...more });
  /** `a`, after b came in view 2 and was removed by view 3. */
  const afterRemoval = () => {
    const a = new One("a");
    a.membership.take([asks()]);
    return a.adopt("", "b").adopt("b", "");
  };
  const rows: readonly [string, () => One, MemberRecord, string][] = [
    ["whoever asks", () => new One("a"), asks(), "2:ab"],
    ["not who has left", () => new One("a"), asks({ state: "left" }), "1:a"],
    ["not who is lost", () => new One("a"), asks({ state: "lost", untilMs: NOW }), "1:a"],
    ["whoever was removed, knows it and asks again", afterRemoval, asks({ incarnation: 2, view: 3 }), "4:ab"],
    ["not by a stale wish of a removed member", afterRemoval, asks({ incarnation: 2, view: 2 }), "3:a"],
    ["not by the word by which it came in the first time", afterRemoval, asks(), "3:a"],
  ];
  for (const [name, begin, record, expected] of rows) {
    it(name, () => {
      const a = begin();
      a.membership.take([record]);
      assert.equal(a.settle().view(), expected);
    });
  }

  it("with the weight it has, in whole units, one at least", () => {
    for (const [weight, expected] of [[4, 4 * WEIGHT_UNITS], [1 / 3, Math.round(WEIGHT_UNITS / 3)], [0, 1]] as const) {
      const a = new One("a");
      a.membership.take([asks({ weight })]);
      assert.equal(a.settle().membership.agreement.view.memberOf("b")!.weight, expected);
    }
  });

  it("a weight that changes is agreed, too", () => {
    const a = new One("a");
    a.membership.take([asks()]);
    a.adopt("", "b");
    a.membership.take([asks({ incarnation: 2, weight: 3 })]);
    // Half of two is a quorum if the first one is in it.
    assert.equal(a.settle().membership.agreement.view.memberOf("b")!.weight, 3 * WEIGHT_UNITS);
  });
});

describe("one's own weight", () => {
  it("is told when it changes, and is in the next view", () => {
    const a = new One("a").adopt("", "b");
    a.membership.takeNews();
    const { incarnation } = a.membership.own();
    a.membership.reweigh(0.5);
    assert.deepEqual(a.membership.takeNews().map((own) => [own.weight, own.incarnation]), [[0.5, incarnation + 1]]);
    assert.equal(a.settle().membership.agreement.view.memberOf("a")!.weight, WEIGHT_UNITS / 2);
    assert.equal(a.membership.own().untilMs, NEVER, "its time goes on");
  });

  it("of a leaver matters no more", () => {
    const a = new One("a");
    a.membership.leave();
    const before = a.membership.own();
    a.membership.reweigh(0.5);
    assert.deepEqual(a.membership.own(), before);
  });
});

describe("what a view makes of everybody", () => {
  const until = startOf(W + 8);

  it("who comes has a time from then on, and it is told", () => {
    const a = new One("a");
    a.membership.take([member("b", { fromMs: NEVER, name: "bob" })]);
    a.adopt("", "b", W + 4);
    assert.equal(a.record("b")!.fromMs, startOf(W + 4));
    assert.deepEqual(a.events(), [{ type: "joined", member: "b", name: "bob", atMs: NOW }]);
  });

  for (const [state, type] of [["alive", "lost"], ["left", "left"]] as const) {
    it(`who goes ${state === "left" ? "as it wished has left" : "without a word is lost"}, from then on, and it is told`, () => {
      const a = new One("a").adopt("", "b", W + 4);
      a.membership.take([member("b", { fromMs: NEVER, incarnation: 2, state })]);
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
    a.membership.take([member("b", { incarnation: 2, view: 3, fromMs: NEVER })]);
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
    a.membership.take([own]);
    a.turn();
    assert.deepEqual(a.record("b"), { ...own, fromMs: startOf(W + 4) });
    const wanted = a.out.take().findLast((effect) => effect.kind === "neighbours");
    assert.deepEqual(wanted?.members.map(({ addresses }) => addresses), [["there"]], "so that it can be dialled");
  });

  it("nor is the time lost of who came back before its words did", () => {
    const a = new One("a").adopt("", "b", W + 4);
    a.membership.take([member("b", { fromMs: NEVER })]);
    a.adopt("b", "", W + 8);
    a.commit((view) => change(view, "", "", { fromWindow: W + 12, added: [viewMember("b", { incarnation: 2, fromWindow: W + 12 })] }));
    a.membership.take([member("b", { incarnation: 2, view: 3, fromMs: NEVER })]);
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
    c.membership.take([member("a", { incarnation: 2, state: "left" })]);
    assert.equal(c.membership.isLastToGo(), false);
    c.membership.take([member("b", { incarnation: 2, state: "left" })]);
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
    c.membership.catchUp(longChain(agreement.chain, 6).data(), NOW);
    assert.equal(c.membership.agreement, agreement);
    assert.equal(c.view(), "6:abc");
  });

  it("begins anew where it is not, without a share and without a lease", () => {
    const c = insider();
    const { agreement } = c.membership;
    const chain = longChain(agreement.chain, agreement.view.number + CHAIN_KEPT + 1);
    c.membership.catchUp(chain.data(), NOW);
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
    c.membership.catchUp(newest.data(), NOW);
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
      c.membership.catchUp(make(c.membership.agreement.chain), NOW);
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

  it("never twice under one name", () => {
    const x = outsider();
    const [first] = [x.turn(DISSOLVE_MS).membership.agreement.lineage.id];
    const { lineage, data } = others("abc");
    x.membership.follow(lineage, data, [], x.nowMs);
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
