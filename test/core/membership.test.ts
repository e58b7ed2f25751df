// Belonging: whom one follows, who may come in, what views make of everybody, and when one begins anew.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberRecord } from "../../node/core/events.ts";
import type { Chain as ChainData, Standing } from "../../node/core/frame.ts";
import { MEMBERS_KEPT, startOf, WEIGHT_UNITS } from "../../node/core/limits.ts";
import { Membership } from "../../node/core/membership.ts";
import { chainOf, viewOf } from "./agreement/support.ts";
import { One, others, outsider, NEVER, W } from "./one.ts";
import { member, NOW } from "./support.ts";

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
    assert.equal(x.membership.follow(lineage, data, [member("a"), member("x", { incarnation: 7, state: "left" })], "a", NOW), true);
    assert.ok(x.membership.own().incarnation > 7);
    assert.deepEqual(x.membership.takeNews().map(({ id }) => id), ["a"]);
  });

  it("asks for the links that it would have as a member", () => {
    assert.deepEqual([...outsider().membership.neighbours].sort(), ["a", "b", "c"]);
  });

  it("leaves behind what was true in the other one, but for who is history", () => {
    const x = new One("x");
    x.membership.take([member("p"), member("q", { state: "lost", untilMs: NOW - 500 })], x.nowMs);
    const { lineage, data } = others("abc");
    x.membership.follow(lineage, data, [member("a")], "a", NOW);
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
      assert.equal(x.membership.follow(others("a").lineage, data(), [], "a", NOW), false);
      assert.deepEqual([x.view(), x.membership.own()], ["1:x", before]);
    });
  }
});

describe("what others say", () => {
  it("of oneself counts only if it would silence one: a higher incarnation is overtaken", () => {
    for (const [incarnation, expected] of [[1, 1], [2, 3], [7, 8]] as const) {
      const a = new One("a");
      a.membership.take([member("a", { incarnation, state: "lost", untilMs: NOW })], a.nowMs);
      const { state, untilMs } = a.membership.own();
      assert.deepEqual([a.membership.own().incarnation, state, untilMs], [expected, "alive", NEVER]);
      assert.equal(a.membership.takeNews().length, expected === 1 ? 0 : 1);
    }
  });

  it("of others is passed on once", () => {
    const a = new One("a");
    a.membership.take([member("b"), member("b")], a.nowMs);
    assert.deepEqual(a.membership.takeNews(), [member("b", { fromMs: NEVER })]);
    a.membership.take([member("b")], a.nowMs);
    assert.deepEqual([a.membership.hasNews(), a.membership.takeNews()], [false, []]);
  });

  it("of more than can be remembered is passed on as far as it is", () => {
    const a = new One("a");
    const lost = Array.from({ length: 3 }, (_, i) => member(`lost${i}`, { state: "lost", fromMs: 1, untilMs: 2 + i }));
    a.membership.take([...lost, ...Array.from({ length: MEMBERS_KEPT - 2 }, (_, i) => member(`m${i}`))], NOW);
    const news = a.membership.takeNews();
    assert.equal(a.membership.members.all().length, MEMBERS_KEPT);
    assert.equal(news.length, MEMBERS_KEPT - 1, "all but itself");
    assert.ok(news.every((record) => record !== undefined && record.id !== "lost0" && record.id !== "lost1"));
  });

  it("brings in newcomers only from themselves or from members", () => {
    const a = new One("a").adopt("", "b");
    for (const from of ["stranger", "b", "x"]) a.membership.take([member(`by-${from}`), member("x")], a.nowMs, from);
    const known = a.membership.members.all().map(({ id }) => id);
    assert.deepEqual(known.filter((id) => id.startsWith("by-")), ["by-b"]);
    assert.ok(known.includes("x"));
  });

  it("of each other is believed from those who were members lately: the last to stay may hear of a leaver by another one only", () => {
    const a = new One("a").adopt("", "bc").adopt("bc", "");
    a.membership.take([member("c", { incarnation: 2, state: "left", view: 3 }), member("x")], a.nowMs, "b");
    assert.deepEqual([a.record("c")?.incarnation, a.record("x")], [2, undefined]);
    a.membership.take([member("b", { incarnation: 2, state: "left", view: 3 })], a.nowMs, "x");
    assert.equal(a.record("b")?.incarnation, 0, "nothing was believed of it");
  });

  it("does not tell that a member of the view is lost, or since when it has a share", () => {
    const a = new One("a").adopt("", "b", W + 4);
    a.membership.take([member("b", { incarnation: 9, state: "lost", fromMs: NOW - 1e6, untilMs: NOW })], a.nowMs, "b");
    const { state, fromMs, untilMs } = a.record("b")!;
    assert.deepEqual([state, fromMs, untilMs], ["alive", startOf(W + 4), NEVER]);
  });
});

describe("who may come in", () => {
  const asks = (more: Partial<MemberRecord> = {}) => member("b", { fromMs: NEVER, ...more });
  /** `a`, after b came in view 2 and was removed by view 3. */
  const afterRemoval = () => {
    const a = new One("a");
    a.membership.take([asks()], a.nowMs);
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
      a.membership.take([record], a.nowMs);
      assert.equal(a.settle().view(), expected);
    });
  }

  it("with the weight it has, in whole units, one at least", () => {
    for (const [weight, expected] of [[4, 4 * WEIGHT_UNITS], [1 / 3, Math.round(WEIGHT_UNITS / 3)], [0, 1]] as const) {
      const a = new One("a");
      a.membership.take([asks({ weight })], a.nowMs);
      assert.equal(a.settle().membership.agreement.view.memberOf("b")!.weight, expected);
    }
  });

  it("a weight that changes is agreed, too", () => {
    const a = new One("a");
    a.membership.take([asks()], a.nowMs);
    a.adopt("", "b");
    a.membership.take([asks({ incarnation: 2, weight: 3 })], a.nowMs);
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
