// Open wishes: who asks for another view, measured by the views one follows.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberRecord } from "../../node/core/events.ts";
import { WEIGHT_UNITS } from "../../node/core/limits.ts";
import { OpenWishes, weightOf } from "../../node/core/open-wishes.ts";
import { change, chainOf, commitOf, viewMember, viewOf } from "./agreement/support.ts";
import { member, membersOf, NOW } from "./support.ts";

/** a and b are members; c was, until view 2 removed it. */
const CHAIN = chainOf(viewOf("abc"), ["c", "", 0]);

function wishesOf(...records: MemberRecord[]): OpenWishes {
  const wishes = new OpenWishes(membersOf(member("a"), member("b"), ...records));
  wishes.follow(CHAIN);
  return wishes;
}

const joiners = (wishes: OpenWishes) => wishes.joiners(CHAIN.current).map(({ id }) => id).join("");

describe("open wishes", () => {
  it("are none while all say what the view says", () => assert.equal(wishesOf().areNone(), true));

  const asks = (id: string, more: Partial<MemberRecord> = {}) => member(id, { fromMs: Infinity, ...more });
  const rows: readonly [string, MemberRecord, boolean, string][] = [
    ["somebody asks to come in", asks("x"), false, "x"],
    ["somebody who asked has left", asks("x", { state: "left" }), true, ""],
    ["somebody is lost", asks("x", { state: "lost", untilMs: NOW }), true, ""],
    ["a member leaves", member("b", { incarnation: 2, state: "left" }), false, ""],
    ["a member weighs more", member("b", { incarnation: 2, weight: 2 }), false, ""],
    ["a member weighs as little more as makes no difference", member("b", { incarnation: 2, weight: 1.001 }), true, ""],
    ["a removed member knows it and asks again", asks("c", { incarnation: 2, view: 2 }), false, "c"],
    ["a removed member asked before it knew", asks("c", { incarnation: 2, view: 1 }), false, ""],
  ];
  for (const [name, record, areNone, expected] of rows) {
    it(`when ${name}: ${areNone ? "none" : expected === "" ? "one, but to come in nobody" : `${expected} may come in`}`, () => {
      const wishes = wishesOf(record);
      assert.deepEqual([wishes.areNone(), joiners(wishes)], [areNone, expected]);
      const { id, incarnation } = record;
      assert.equal(wishes.wantsIn(viewMember(id, { incarnation })), expected !== "");
      assert.equal(wishes.wantsIn(viewMember(id, { incarnation: incarnation + 1 })), false, "as another than it is");
      assert.equal(wishes.isLeaving(id), record.state === "left");
    });
  }

  it("come in by id, with incarnation and weight", () => {
    const wishes = wishesOf(asks("z"), asks("x", { incarnation: 3, weight: 0.5 }));
    assert.deepEqual(wishes.joiners(CHAIN.current), [
      viewMember("x", { incarnation: 3, weight: WEIGHT_UNITS / 2 }),
      viewMember("z"),
    ]);
  });

  it("follow what is said", () => {
    const members = membersOf(member("a"), member("b"));
    const wishes = new OpenWishes(members);
    wishes.follow(CHAIN);
    const hear = (record: MemberRecord) => wishes.review(members.merge(record)!);
    hear(asks("x"));
    assert.equal(joiners(wishes), "x");
    hear(asks("y"));
    assert.equal(joiners(wishes), "xy");
    hear(asks("x", { incarnation: 2, state: "left" }));
    assert.equal(joiners(wishes), "y");
    hear(asks("y", { incarnation: 2, state: "left" }));
    assert.deepEqual([joiners(wishes), wishes.areNone()], ["", true]);
  });

  it("end when a view fulfils them", () => {
    const chain = chainOf(viewOf("ab"));
    const wishes = new OpenWishes(membersOf(member("a"), member("b"), asks("x")));
    wishes.follow(chain);
    chain.adopt(commitOf(chain.current, change(chain.current, "", "x")));
    wishes.reviewAll();
    assert.deepEqual([wishes.areNone(), wishes.joiners(chain.current)], [true, []]);
  });

  it("of a member that nobody has heard of are none: it keeps its weight", () => {
    assert.equal(wishesOf().weightOf(viewMember("stranger", { weight: 7 })), 7);
  });
});

describe("the weight in a view", () => {
  for (const [weight, expected] of [[4, 400], [1 / 3, 33], [0.001, 1], [0, 1]] as const) {
    it(`of ${weight} workers is ${expected}`, () => assert.equal(weightOf(member("a", { weight })), expected));
  }
});
