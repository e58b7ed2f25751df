// Members: whatever the order of news, everybody ends up with the same records.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberRecord } from "../../node/core/events.ts";
import { MEMBERS_KEPT } from "../../node/core/limits.ts";
import { Members, supersedes } from "../../node/core/members.ts";
import { forSeeds, type Random } from "../support/random.ts";
import { member, membersOf, NOW } from "./support.ts";

/** Records as agents make them: what a member says of itself is decided by its incarnation. */
function randomRecord(random: Random): MemberRecord {
  const id = random.pick(["a", "b", "c"]);
  const incarnation = random.integer(1, 3);
  const state = random.pick(["alive", "left", "lost"] as const);
  const untilMs = state === "alive" ? Infinity : NOW + 500 * random.integer(0, 3);
  return member(id, { incarnation, state, untilMs, fromMs: NOW - 1000 * incarnation });
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const pool = [...items];
  const out: T[] = [];
  while (pool.length > 0) out.push(...pool.splice(random.integer(0, pool.length - 1), 1));
  return out;
}

function sorted(members: Members): MemberRecord[] {
  return members.all().sort((a, b) => (a.id < b.id ? -1 : 1));
}

describe("merging members", () => {
  it("is commutative and associative: every order of the same news gives the same members", () => {
    forSeeds(300, (random) => {
      const news = Array.from({ length: random.integer(2, 12) }, () => randomRecord(random));
      const expected = sorted(membersOf(...news));
      assert.deepEqual(sorted(membersOf(...shuffled(news, random))), expected);
      const half = random.integer(0, news.length);
      const [left, right] = [membersOf(...news.slice(0, half)), membersOf(...news.slice(half))];
      for (const record of right.all()) left.merge(record);
      assert.deepEqual(sorted(left), expected);
    });
  });

  it("is idempotent: what is known already is no news", () => {
    forSeeds(100, (random) => {
      const news = Array.from({ length: 10 }, () => randomRecord(random));
      const members = membersOf(...news);
      for (const record of news) assert.equal(members.merge(record), false);
    });
  });

  it("of two different records of one member exactly one supersedes the other", () => {
    forSeeds(300, (random) => {
      const [a, b] = [{ ...randomRecord(random), id: "a" }, { ...randomRecord(random), id: "a" }];
      const same = a.incarnation === b.incarnation && a.state === b.state && a.untilMs === b.untilMs;
      assert.equal(Number(supersedes(a, b)) + Number(supersedes(b, a)), same ? 0 : 1);
    });
  });

  const lost = member("a", { state: "lost", untilMs: NOW });
  const left = member("a", { state: "left", untilMs: NOW });
  const cases: readonly [string, MemberRecord, MemberRecord][] = [
    ["a higher incarnation wins over a loss", member("a", { incarnation: 2 }), lost],
    ["within an incarnation a loss wins over life", lost, member("a")],
    ["the member's own word wins over somebody else's at the same end", left, lost],
    ["the earlier end wins", { ...lost, untilMs: NOW - 500 }, left],
  ];
  for (const [name, winner, loser] of cases) {
    it(name, () => {
      assert.deepEqual(membersOf(winner, loser).get("a"), winner);
      assert.deepEqual(membersOf(loser, winner).get("a"), winner);
    });
  }
});

describe("members over time", () => {
  const members = membersOf(
    member("b"),
    member("a", { fromMs: NOW + 1000 }),
    member("c", { state: "left", untilMs: NOW + 500 }),
    member("d", { state: "lost", untilMs: NOW - 500 }),
  );
  const ids = (records: readonly MemberRecord[]) => records.map((record) => record.id).join("");

  const instants: readonly [string, number, string, string][] = [
    ["before the loss", NOW - 1000, "abcd", "bcd"],
    ["after the loss", NOW, "abc", "bc"],
    ["at the very end of a leaver", NOW + 500, "ab", "b"],
    ["at the very beginning of a joiner", NOW + 1000, "ab", "ab"],
  ];
  for (const [name, ms, present, view] of instants) {
    it(`${name}: those present and those with a share, in id order`, () => {
      assert.equal(ids(members.present(ms)), present);
      assert.equal(ids(members.viewAt(ms)), view);
    });
  }

  it("an interval has those whose time in the view touches it", () => {
    assert.equal(ids(members.during(NOW - 500, NOW + 1000)), "bc");
    assert.equal(ids(members.during(NOW - 501, NOW + 1001)), "abcd");
    const never = member("x", { fromMs: NOW + 10, untilMs: NOW + 5, state: "lost" });
    assert.equal(ids(membersOf(never).during(0, Infinity)), "", "gone before its share began");
  });
});

describe("the memory of members is bounded", () => {
  it("forgets the longest dead to make room for the living", () => {
    const members = membersOf(member("self"), member("dead-2", { state: "lost", untilMs: 2 }));
    members.merge(member("dead-1", { state: "left", untilMs: 1 }));
    for (let i = members.all().length; i <= MEMBERS_KEPT; i++) members.merge(member(`m${i}`));
    assert.equal(members.all().length, MEMBERS_KEPT);
    assert.equal(members.get("dead-1"), undefined);
    assert.ok(members.get("dead-2") !== undefined);
  });

  it("never forgets the living: a stranger too many is refused", () => {
    const members = membersOf(member("self"));
    for (let i = 1; i < MEMBERS_KEPT; i++) members.merge(member(`m${i}`));
    assert.equal(members.merge(member("stranger")), false);
    assert.ok(members.get("self") !== undefined);
    assert.equal(members.get("stranger"), undefined);
  });
});
