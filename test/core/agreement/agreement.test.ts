// One lineage as its members see it, everything together: leases, losses, what is voted for, and what is told.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Agreement } from "../../../node/core/agreement/agreement.ts";
import { Chain } from "../../../node/core/agreement/chain.ts";
import { listed } from "../../../node/core/agreement/positions.ts";
import type { AgreedView } from "../../../node/core/agreement/view.ts";
import type { Accusation, Frame } from "../../../node/core/frame.ts";
import {
  ACTIVATION_WINDOWS, LEASE_RENEWAL_MS, LEASE_WINDOWS, SHORT_LEASE_WINDOWS, SILENT_MS, STABLE_MS, STALL_MS, startOf,
  UNEASY_MS, windowOf,
} from "../../../node/core/limits.ts";
import { agreementOf, LINEAGE, Room, W, wishesOf } from "./room.ts";
import { change, chainOf, commitOf, idsOf, letters, set, viewOf } from "./support.ts";

function present(view: AgreedView, ids: string, more: { window?: number; excluded?: string } = {}): Frame {
  const { window = W, excluded = "" } = more;
  return { rollCalls: [{ view: view.number, window, excluded: set(view, excluded), present: set(view, ids) }] };
}

describe("the lease of a member", () => {
  const view = viewOf("abcd", { fromWindow: 0 });
  const nowMs = startOf(W) + 1;
  const rows: readonly [string, Frame, boolean][] = [
    ["comes of hearing a majority, itself included", present(view, "b"), true],
    ["does not come of itself alone", {}, false],
    ["does not come of those who exclude it", present(view, "bcd", { excluded: "a" }), false],
    ["comes of those who exclude others", present(view, "bc", { excluded: "d" }), true],
    ["comes of a window that is over", present(view, "bcd", { window: W - LEASE_WINDOWS }), true],
    ["does not come of one that is over for too long", present(view, "bcd", { window: W - LEASE_WINDOWS - 1 }), false],
    ["comes of a clock that is a little ahead", present(view, "bcd", { window: W + 1 }), true],
    ["does not come of the future", present(view, "bcd", { window: W + 2 }), false],
    [
      "does not come of a view that is not known",
      { rollCalls: [{ ...present(view, "bcd").rollCalls![0]!, view: 2 }] },
      false,
    ],
  ];
  for (const [name, frame, expected] of rows) {
    it(name, () => {
      const a = agreementOf("a", view, nowMs);
      a.take(frame, nowMs);
      assert.equal(a.hasLease(nowMs), expected);
    });
  }

  it("does not come of those who stayed in the view before", () => {
    const a = agreementOf("a", view, nowMs);
    a.take({ commits: [commitOf(view, change(view, "d"))] }, nowMs);
    a.take(present(view, "bcd"), nowMs);
    assert.equal(a.hasLease(nowMs), false);
    a.take(present(a.view, "b"), nowMs);
    assert.equal(a.hasLease(nowMs), true);
  });

  it("of the only one is without end; of a stranger there is none", () => {
    assert.equal(agreementOf("a", viewOf("a"), nowMs).leaseUntilMs(nowMs), Infinity);
    assert.equal(agreementOf("x", viewOf("a"), nowMs).leaseUntilMs(nowMs), -Infinity);
  });

  it("ends after its time when nobody is heard any more", () => {
    const room = new Room("abcd");
    assert.equal(room.of("a").hasLease(room.nowMs), true);
    for (const id of "bcd") room.silent.add(id);
    room.pass(12_000);
    assert.equal(room.of("a").hasLease(room.nowMs), false);
    room.silent.clear();
    room.pass(1000);
    assert.equal(room.of("a").hasLease(room.nowMs), true, "and begins again");
  });
});

describe("a loss", () => {
  it("is agreed by the rest, who take over when the lost one's lease has ended: never more than the whole", () => {
    const room = new Room("abcde");
    room.pass(2000);
    assert.equal(room.total(), 1);
    room.silent.add("e");
    let least = 1;
    for (let ms = 0; ms < 9000; ms += 50) {
      room.pass(50);
      // e hears nobody: its clock goes on, and its lease runs out by itself.
      room.of("e").turn(room.nowMs, room.nowMs);
      assert.ok(room.total() <= 1 + 1e-9, `${room.total()} after ${ms} ms`);
      least = Math.min(least, room.total());
    }
    assert.ok(Math.abs(least - 0.8) < 1e-6, String(least));
    assert.ok(Math.abs(room.total() - 1) < 1e-6, String(room.total()));
    assert.deepEqual(new Set(room.views()), new Set(["2:abcd"]));
    assert.equal(room.share("a"), 0.25);
  });

  it("of a majority is agreed by nobody, and nobody offers anything", () => {
    const room = new Room("abcde");
    for (const id of "cde") room.silent.add(id);
    room.pass(12_000);
    assert.deepEqual(new Set(room.views()), new Set(["1:abcde"]));
    assert.deepEqual([room.share("a"), room.share("b")], [0, 0]);
  });

  it("of half the members leaves the half with the first one", () => {
    for (const [gone, expected] of [["cd", "2:ab"], ["ab", "1:abcd"]] as const) {
      const room = new Room("abcd");
      for (const id of gone) room.silent.add(id);
      room.pass(9000);
      assert.deepEqual(new Set(room.views()), new Set([expected]));
    }
  });

  it("of many at once is agreed, though most observers of some of them are lost as well", () => {
    const room = new Room(letters(12));
    const { view } = room.of("a");
    const lost = "dfhik";
    const watchers = view.neighboursOf(view.positionOf("d")).map((position) => view.ids[position]!);
    assert.ok(watchers.filter((id) => lost.includes(id)).length >= watchers.length / 2);
    room.pass(3000);
    for (const id of lost) room.silent.add(id);
    room.pass(SILENT_MS + 2000);
    assert.deepEqual([...new Set(room.views())].map((one) => one.split(":")[1]), ["abcegjl"]);
  });
});

describe("trouble", () => {
  const view = viewOf("abc", { fromWindow: 0 });
  const signs: readonly [string, (a: Agreement, nowMs: number) => void, boolean][] = [
    ["a link that closed", (a, nowMs) => a.cut("b", nowMs), true],
    ["a link to a stranger that closed", (a, nowMs) => a.cut("x", nowMs), false],
    ["somebody who says that a link closed", (a, nowMs) => a.take({ accusations: [said("closed")] }, nowMs), true],
    ["somebody who says that another is silent", (a, nowMs) => a.take({ accusations: [said("silent")] }, nowMs), false],
    ["a neighbour that is silent for a while", (a, nowMs) => a.turn(nowMs + UNEASY_MS, nowMs + UNEASY_MS), true],
    [
      "a neighbour that is silent for a moment",
      (a, nowMs) => a.turn(nowMs + UNEASY_MS - 1, nowMs + UNEASY_MS - 1),
      false,
    ],
    ["standing still", (a, nowMs) => a.turn(nowMs + 1, nowMs + 1 + STALL_MS), true],
  ];
  function said(kind: Accusation["kind"]): Accusation {
    return { view: 1, target: view.positionOf("b"), accuser: view.positionOf("c"), version: 1, kind };
  }
  for (const [name, sign, expected] of signs) {
    it(`${expected ? "is" : "is not"} ${name}: ${expected ? "the lease gets shorter" : "the lease stays as long"}`, () => {
      const nowMs = startOf(W) + 1;
      const a = agreementOf("a", view, nowMs);
      a.take(present(view, "bc"), nowMs);
      sign(a, nowMs);
      const laterMs = startOf(W + SHORT_LEASE_WINDOWS + 1);
      for (const id of "bc") a.heard(id, laterMs);
      assert.equal(a.leaseUntilMs(laterMs), expected ? -Infinity : laterMs + LEASE_RENEWAL_MS);
    });
  }
});

describe("coming and going", () => {
  it("is agreed within a moment and takes effect for all at once", () => {
    const room = new Room("ab");
    room.pass(1000);
    room.wish({ joining: "c", leaving: "b" });
    room.pass(STABLE_MS);
    assert.deepEqual(new Set(room.views()), new Set(["2:ac"]));
    const { view } = room.of("a");
    assert.ok(view.fromWindow <= windowOf(room.nowMs) + ACTIVATION_WINDOWS);
    assert.equal(view.memberOf("c")!.fromWindow, view.fromWindow);
    assert.equal(room.share("b"), 0.5, "a leaver offers its share until then");
    room.pass(startOf(view.fromWindow) - room.nowMs, 25);
    assert.equal(room.of("b").followed(room.nowMs)?.stripeOf("b").width, 0);
  });

  it("a wish is voted for when it has lasted, not only when a window begins", () => {
    const a = agreementOf("a", viewOf("a"), startOf(W) + 1, { joining: "b", leaving: "" });
    assert.equal(a.nextMs(), startOf(W) + 1 + STABLE_MS);
    a.turn(a.nextMs(), a.nextMs());
    assert.equal(a.view.number, 2);
  });

  it("another change waits until the last one has taken effect", () => {
    const room = new Room("ab");
    room.wish({ joining: "c" });
    room.pass(STABLE_MS);
    room.wish({ joining: "cd" });
    assert.equal(room.of("a").view.number, 2);
    room.pass(1000);
    assert.ok(windowOf(room.nowMs) < room.of("a").view.fromWindow);
    assert.equal(room.of("a").view.number, 2);
  });
});

describe("adopting a view", () => {
  const view = viewOf("abc", { fromWindow: 0 });
  const commit = commitOf(view, change(view, "c", "", { fromWindow: W + 2 }));
  const nowMs = startOf(W) + 1;

  it("is told on, and acknowledged at once", () => {
    const a = agreementOf("a", view, nowMs);
    a.takeNews();
    a.take({ commits: [commit] }, nowMs);
    const told = a.takeNews();
    assert.deepEqual(told.commits, [commit]);
    assert.deepEqual(told.rollCalls!.map((call) => [call.view, call.window, listed(call.present)]), [[2, W, [0]]]);
    assert.deepEqual(a.takeAdopted().map((one) => [one.view.number, one.before.number]), [[2, 1]]);
    assert.deepEqual(a.takeAdopted(), []);
  });

  it("happens one by one, in order, and once", () => {
    const next = view.after(commit.change);
    const second = commitOf(next, change(next, "", "d", { fromWindow: W + 6 }));
    const a = agreementOf("a", view, nowMs);
    a.take({ commits: [second] }, nowMs);
    assert.equal(a.view.number, 1);
    a.take({ commits: [commit, second, commit] }, nowMs);
    assert.equal(a.view.number, 3);
    assert.deepEqual(a.takeAdopted().map((one) => one.view.number), [2, 3]);
  });

  it("whoever is not in it keeps its share until it takes effect, and has none from then on", () => {
    const c = agreementOf("c", view, nowMs);
    c.take(present(view, "ab"), nowMs);
    c.turn(nowMs, startOf(W + 1));
    assert.equal(c.followed(startOf(W + 1))?.number, 1);
    c.take({ commits: [commit] }, startOf(W + 1));
    c.turn(startOf(W + 1), startOf(W + 1));
    assert.equal(c.isMember(), false);
    assert.equal(c.hasLease(startOf(W + 1)), true);
    const widths = c.segments().map(({ fromMs, stripe }) => [fromMs, stripe.width > 0]);
    assert.deepEqual(widths.slice(-2), [[startOf(W + 1), true], [startOf(W + 2), false]]);
    c.turn(startOf(W + 2), startOf(W + 2));
    assert.equal(c.followed(startOf(W + 2))?.stripeOf("c").width, 0);
  });

  it("ends the ballots for it: what is heard of them later decides nothing, and is not told on", () => {
    const a = agreementOf("a", view, nowMs);
    a.take({ commits: [commit] }, nowMs);
    a.takeNews();
    const all = set(view, "ab");
    a.take({ ballots: [{ view: 1, ballot: W, change: change(view, "", "x"), votes: all, locks: all }] }, nowMs);
    a.turn(nowMs, nowMs);
    assert.deepEqual([a.view.number, a.hasNews()], [2, false]);
  });
});

describe("accusing", () => {
  it("of a member that is heard again is taken back", () => {
    const room = new Room("abcd");
    room.silent.add("d");
    room.pass(SILENT_MS + 50);
    assert.equal(room.of("a").isExcluded("d"), true);
    room.silent.clear();
    room.talk();
    assert.equal(room.of("a").isExcluded("d"), false);
  });

  it("is taken back by those, too, who have ceased to watch", () => {
    const room = new Room("abcd");
    room.silent.add("d");
    room.pass(SILENT_MS + 50);
    assert.equal(room.of("a").isExcluded("d"), true);
    // A view that was agreed just before takes in so many that hardly any of the accusers watches d any more.
    const view = room.of("a").view;
    const commits = [commitOf(view, change(view, "", letters(26).slice(4), { fromWindow: W + 10 }))];
    for (const one of room.all.values()) one.take({ commits }, room.nowMs);
    const next = room.of("a").view;
    assert.ok(["a", "b", "c"].some((id) => !next.neighboursOf(next.positionOf("d")).includes(next.positionOf(id))));
    room.silent.clear();
    room.talk();
    assert.deepEqual([...room.all].filter(([, one]) => one.isExcluded("d")).map(([id]) => id), []);
  });

  it("by an agent that begins anew in its lineage counts like that of any other", () => {
    const room = new Room("abc");
    for (let i = 0; i < 3; i++) {
      room.silent.add("c");
      room.pass(SILENT_MS + 50);
      room.silent.clear();
      room.pass(50);
    }
    assert.equal(room.of("b").view.number, 1);
    // It was away for so long that it does not know the way: same lineage, same view, nothing remembered.
    room.all.set("a", new Agreement("a", LINEAGE, Chain.of(room.of("b").state().chain!)!, wishesOf(room.will), room.nowMs));
    room.pass(100);
    room.silent.add("c");
    room.pass(SILENT_MS + 50);
    assert.equal(room.of("b").isExcluded("c"), true);
  });

  it("is not done by an agent that stood still itself", () => {
    const a = agreementOf("a", viewOf("abc", { fromWindow: 0 }), startOf(W) + 1);
    const laterMs = startOf(W + 10);
    a.takeNews();
    a.turn(startOf(W) + 50, laterMs);
    assert.equal(a.takeNews().accusations, undefined);
    a.turn(laterMs, laterMs + SILENT_MS - 1);
    assert.equal(a.takeNews().accusations, undefined);
  });
});

describe("complete state", () => {
  it("says who has adopted which view, also long ago: a newcomer need not wait for their leases to end", () => {
    const chain = chainOf(viewOf("abcd", { fromWindow: W - 50 }), ["", "x", W + 1]);
    const all = { view: 2, members: set(chain.current, "abcd") };
    for (const [adoptions, expected] of [[[all], 2], [[{ ...all, view: 1 }], 1], [[], 1]] as const) {
      const x = new Agreement("x", LINEAGE, Chain.of(chain.data())!, wishesOf({ joining: "", leaving: "" }), startOf(W));
      x.take({ adoptions }, startOf(W));
      x.turn(startOf(W), startOf(W));
      assert.equal(x.followed(startOf(W + 1))?.number, expected);
    }
  });

  it("tells of an adoption that it is certain now, not since when", () => {
    const chain = chainOf(viewOf("abcde", { fromWindow: W - 50 }), ["e", "", W]);
    const a = new Agreement("a", LINEAGE, Chain.of(chain.data())!, wishesOf({ joining: "", leaving: "" }), startOf(W));
    a.take({ adoptions: [{ view: 2, members: set(chain.current, "bcd") }] }, startOf(W));
    const grows: number[] = [];
    for (let window = W; window < W + 20; window++) {
      a.turn(startOf(window), startOf(window));
      grows.push(a.followed(startOf(window))?.number ?? 0);
    }
    assert.equal(grows.indexOf(2), LEASE_WINDOWS + 1, "e may have seen a majority until now");
  });

  it("makes of somebody who knows nothing somebody who knows everything", () => {
    const room = new Room("abcd");
    room.silent.add("d");
    room.pass(SILENT_MS + 50);
    const state = structuredClone(room.of("a").state());
    const newcomer = new Agreement("x", LINEAGE, Chain.of(state.chain!)!, wishesOf(room.will), room.nowMs);
    newcomer.take(state, room.nowMs);
    newcomer.turn(room.nowMs, room.nowMs);
    assert.equal(newcomer.view.ids.join(""), room.of("a").view.ids.join(""));
    assert.equal(newcomer.isExcluded("d"), true);
    assert.deepEqual({ ...newcomer.state(), chain: 0 }, { ...state, chain: 0, accusations: newcomer.state().accusations });
    assert.equal(idsOf(newcomer.view, listed(state.rollCalls![0]!.present)).includes("a"), true);
  });
});
