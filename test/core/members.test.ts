// Members: whatever the order of news, everybody ends up with the same records.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberRecord } from "../../node/core/events.ts";
import { MEMBERS_KEPT } from "../../node/core/limits.ts";
import { Members, merged, revised } from "../../node/core/members.ts";
import { forSeeds, type Random } from "../support/random.ts";
import { member, membersOf, NOW } from "./support.ts";

/** Views: when each time of an agent with a share began and ended, agreed by all. */
const TIMES = [[NOW, NOW + 500], [NOW + 1000, NOW + 1500], [NOW + 2000, NOW + 2500]] as const;

/**
 * One life of an agent that comes, is lost or leaves, and comes back: everything that anybody may ever hold of it. Its own
 * words have one incarnation each; whoever has adopted a view knows the times that it gave or ended.
 */
function life(id: string, random: Random): MemberRecord[] {
  const records: MemberRecord[] = [];
  let incarnation = 0;
  for (const [fromMs, untilMs] of TIMES.slice(0, random.integer(1, TIMES.length))) {
    const asks = member(id, { incarnation: ++incarnation, weight: incarnation, fromMs: Infinity });
    records.push(asks);
    if (random.next() < 0.15) return [...records, { ...asks, incarnation: ++incarnation, weight: incarnation, state: "left" }];
    let newest: MemberRecord = { ...asks, fromMs };
    records.push(newest);
    if (random.next() < 0.3) {
      const again = { ...asks, incarnation: ++incarnation, weight: incarnation };
      newest = { ...again, fromMs };
      records.push(again, newest);
    }
    if (random.next() < 0.4) {
      const leaves = { ...newest, incarnation: ++incarnation, weight: incarnation, state: "left" as const };
      return [...records, { ...leaves, fromMs: Infinity }, leaves, { ...leaves, untilMs }];
    }
    records.push({ ...newest, state: "lost", untilMs });
  }
  return records;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items.map((item) => ({ item, at: random.next() })).sort((a, b) => a.at - b.at).map(({ item }) => item);
}

const byId = (members: Members): MemberRecord[] => members.all().sort((a, b) => (a.id < b.id ? -1 : 1));
const words = ({ id, incarnation, state, weight }: MemberRecord) => `${id} ${incarnation} ${state} ${weight}`;

describe("a record with other times", () => {
  it("is the same object for all who ask for the same, and the record itself if nothing is other", () => {
    const record = member("a");
    const gone = revised(record, "lost", NOW, NOW + 1);
    assert.deepEqual(gone, { ...record, state: "lost", fromMs: NOW, untilMs: NOW + 1 });
    assert.equal(revised(record, "lost", NOW, NOW + 1), gone);
    assert.equal(revised(record, record.state, record.fromMs, record.untilMs), record);
    assert.equal(revised(record, "lost", NOW, NOW + 2).untilMs, NOW + 2);
    assert.equal(revised(record, "left", NOW, NOW + 2).state, "left");
  });
});

describe("merging two records of one agent", () => {
  it("is commutative, whatever they say", () => {
    forSeeds(500, (random) => {
      const [a, b] = [random.pick(life("a", random)), random.pick(life("a", random))];
      if (a.incarnation === b.incarnation && a.weight !== b.weight) return;
      assert.deepEqual(merged(a, b), merged(b, a));
    });
  });

  it("is idempotent", () => {
    forSeeds(300, (random) => {
      const [a, b] = [random.pick(life("a", random)), random.pick(life("a", random))];
      assert.deepEqual(merged(a, a), a);
      const both = merged(a, b);
      assert.deepEqual([merged(both, b), merged(both, a)], [both, both]);
    });
  });

  const alive = member("a", { fromMs: NOW });
  const lost = member("a", { state: "lost", fromMs: NOW, untilMs: NOW + 500 });
  const asks = member("a", { incarnation: 2, fromMs: Infinity });
  const rows: readonly [string, MemberRecord, MemberRecord, Partial<MemberRecord>][] = [
    ["that it is lost is final at one incarnation", alive, lost, lost],
    ["who was lost and asks again begins anew", lost, asks, asks],
    ["who says something else meanwhile keeps its time", alive, asks, { ...asks, fromMs: NOW }],
    ["who leaves keeps its time", alive, { ...asks, state: "left" }, { ...asks, state: "left", fromMs: NOW }],
    ["a time that a view gave is known from then on", asks, { ...asks, fromMs: NOW }, { ...asks, fromMs: NOW }],
    ["so is one that a view ended", alive, { ...alive, untilMs: NOW + 5 }, { ...alive, untilMs: NOW + 5 }],
    [
      "words of its own are those of the higher incarnation",
      alive,
      { ...asks, weight: 7 },
      { weight: 7, incarnation: 2 },
    ],
  ];
  for (const [name, a, b, expected] of rows) {
    it(name, () => {
      assert.deepEqual({ ...merged(a, b), ...expected }, merged(a, b));
      assert.deepEqual(merged(a, b), merged(b, a));
    });
  }
});

describe("the members an agent knows", () => {
  it("are as alive, and have the same digest, whatever the order in which it heard of them", () => {
    forSeeds(300, (random) => {
      const news = shuffled(["a", "b", "c"].flatMap((id) => life(id, random)), random);
      const expected = membersOf(...news);
      const other = membersOf(...shuffled(news, random));
      assert.deepEqual(byId(other).map(words), byId(expected).map(words));
      assert.equal(other.digest, expected.digest);
      const half = random.integer(0, news.length);
      const [left, right] = [membersOf(...news.slice(0, half)), membersOf(...news.slice(half))];
      for (const record of right.all()) left.merge(record);
      assert.deepEqual(byId(left).map(words), byId(expected).map(words));
    });
  });

  it("what is known already is no news", () => {
    const members = membersOf(member("a"), member("a", { incarnation: 2 }));
    assert.deepEqual([member("a"), member("a", { incarnation: 2 })].map((record) => members.merge(record)), [null, null]);
  });

  it("news is told as it is known from then on", () => {
    const members = membersOf(member("a", { fromMs: NOW }));
    const known = members.merge(member("a", { incarnation: 2, fromMs: Infinity }));
    assert.deepEqual(known, member("a", { incarnation: 2, fromMs: NOW }));
    assert.deepEqual(members.get("a"), known);
  });

  it("of what the member says itself nothing is lost because its name was known before", () => {
    const nameless = member("a", { name: "", addresses: [], incarnation: 0, fromMs: NOW });
    const own = member("a", { fromMs: Infinity });
    for (const members of [membersOf(nameless, own), membersOf(own, nameless)]) {
      assert.deepEqual(members.get("a"), { ...own, fromMs: NOW });
    }
  });

  const base = member("a");
  const digests: readonly [string, MemberRecord, boolean][] = [
    ["its incarnation", { ...base, incarnation: 2 }, true],
    ["whether it is lost", { ...base, state: "lost", untilMs: NOW }, true],
    ["whether it has left", { ...base, state: "left" }, true],
    ["its times, which follow from the views", { ...base, fromMs: NOW }, false],
  ];
  for (const [name, record, differs] of digests) {
    it(`the digest ${differs ? "tells" : "does not tell"} ${name}`, () => {
      assert.equal(membersOf(record).digest !== membersOf(base).digest, differs);
    });
  }

  it("forgotten, are not in the digest any more", () => {
    const members = membersOf(member("a"), member("b"));
    members.forget("b");
    members.forget("b");
    assert.equal(members.digest, membersOf(member("a")).digest);
    assert.equal(members.get("b"), undefined);
  });
});

describe("members over time", () => {
  const members = membersOf(
    member("b"),
    member("a", { fromMs: NOW + 1000 }),
    member("asks", { fromMs: Infinity }),
    member("c", { state: "left", untilMs: NOW + 500 }),
    member("d", { state: "lost", untilMs: NOW - 500 }),
  );
  const ids = (records: readonly MemberRecord[]) => records.map((record) => record.id).join("");

  const instants: readonly [string, number, string][] = [
    ["before the loss", NOW - 501, "abcd"],
    ["after the loss", NOW - 500, "abc"],
    ["before the end of a leaver", NOW + 499, "abc"],
    ["at its very end", NOW + 500, "ab"],
    ["after a joiner has begun", NOW + 1000, "ab"],
  ];
  for (const [name, ms, expected] of instants) {
    it(`${name}: those whom a view has taken in and none let go, in id order`, () => {
      assert.equal(ids(members.present(ms)), expected);
    });
  }

  it("an interval has those whose time touches it", () => {
    assert.equal(ids(members.during(NOW - 500, NOW + 1000)), "bc");
    assert.equal(ids(members.during(NOW - 501, NOW + 1001)), "abcd");
    const never = member("x", { fromMs: NOW + 10, untilMs: NOW + 5, state: "lost" });
    assert.equal(ids(membersOf(never).during(0, Infinity)), "", "gone before its share began");
  });
});

describe("the memory of members is bounded", () => {
  it("forgets the longest gone to make room for the living", () => {
    const members = membersOf(member("self"), member("dead-2", { state: "lost", untilMs: 2 }));
    members.merge(member("dead-1", { state: "left", untilMs: 1 }));
    for (let i = members.all().length; i <= MEMBERS_KEPT; i++) members.merge(member(`m${i}`));
    assert.equal(members.all().length, MEMBERS_KEPT);
    assert.equal(members.get("dead-1"), undefined);
    assert.ok(members.get("dead-2") !== undefined);
  });

  it("forgets those who left before any view took them in", () => {
    const members = membersOf(member("self"), member("never", { state: "left", fromMs: Infinity }));
    for (let i = 2; i < MEMBERS_KEPT; i++) members.merge(member(`m${i}`));
    assert.notEqual(members.merge(member("newcomer")), null);
    assert.equal(members.get("never"), undefined);
  });

  it("never forgets the living: a stranger too many is refused", () => {
    const members = membersOf(member("self"));
    for (let i = 1; i < MEMBERS_KEPT; i++) members.merge(member(`m${i}`));
    assert.equal(members.merge(member("stranger")), null);
    assert.ok(members.get("self") !== undefined);
    assert.equal(members.get("stranger"), undefined);
  });
});
