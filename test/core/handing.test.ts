// Handing over: neighbours hold all that an agent has told, also those that could not take the first of it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Chain } from "../../node/core/agreement/chain.ts";
import type { Frame, Gather, Report } from "../../node/core/frame.ts";
import { Handing } from "../../node/core/handing.ts";
import { ACTIVE_RUNS, HOLDERS } from "../../node/core/limits.ts";
import { Outbox } from "../../node/core/outbox.ts";
import { Reports } from "../../node/core/reports.ts";
import { firstInHashOrder } from "../../node/core/rings.ts";
import { viewOf } from "./gather-net.ts";
import { member, membersOf, point, snapshot } from "./support.ts";

const IDS = ["a", "b", "c", "d", "e", "f", "g"];

/** An agent linked to all the others, and what it has sent since the last look. */
function agent(known: Set<string> = new Set(["r"])) {
  const [out, reports, view] = [new Outbox(), new Reports(), viewOf(IDS, 1)];
  const members = membersOf(...IDS.map((id) => member(id)));
  const agreement = { lineage: { id: "l", bornMs: 0 }, view, chain: new Chain(view), isExcluded: () => false };
  for (const id of IDS.slice(1)) out.links.add(id);
  const neighbours = IDS.slice(1);
  const handing = new Handing("a", { agreement, members, neighbours }, out, reports, (run) => known.has(run));
  const sent = (): [string, Frame][] => out.take().flatMap((one) => (one.kind === "send" ? [[one.to, one.frame]] : []));
  return { out, reports, members, handing, sent, known };
}

const delta = (of: string, since: number, sequence: number, run = "r"): Report => ({
  since,
  snapshot: snapshot(of, sequence, { run, points: [point(sequence, 1)] }),
});
const toldOf = ([to, { reports = [] }]: [string, Frame]) => reports.map(({ since, snapshot: { member: of, sequence } }) => `${to} ${of} ${since}-${sequence}`);
const asked = (frames: [string, Frame][]) => frames.flatMap(([to, { gather }]): [string, Gather][] => (gather === undefined ? [] : [[to, gather]]));

/** The own reports up to a sequence, each handed over. */
function tell(one: ReturnType<typeof agent>, upTo: number, run = "r"): void {
  for (let sequence = one.reports.sequence(run, "a") + 1; sequence <= upTo; sequence++) {
    one.reports.add(delta("a", sequence - 1, sequence, run));
    one.handing.hand(run);
  }
}

describe("what a peer hands over", () => {
  const rows: readonly [string, string, string, boolean][] = [
    ["by a member, of a member, is kept", "b", "c", true],
    ["by a stranger is not, whoever it is of", "x", "c", false],
    ["of an agent that nobody knows is not", "b", "x", false],
    ["of one that never had a share is not", "b", "n", false],
  ];
  for (const [name, from, of, isKept] of rows) {
    it(name, () => {
      const one = agent();
      one.members.merge(member("n", { fromMs: Infinity }));
      one.handing.take([delta(of, 0, 1)], from);
      assert.equal(one.reports.sequence("r", of) === 1, isKept);
    });
  }
});

describe("what an agent has counted", () => {
  const holders = firstInHashOrder("a", IDS.slice(1), HOLDERS);

  it("goes to a few neighbours, to each what is new to it", () => {
    const one = agent();
    tell(one, 2);
    assert.deepEqual(one.sent().flatMap(toldOf), [...holders.map((to) => `${to} a 0-1`), ...holders.map((to) => `${to} a 1-2`)]);
    one.handing.hand("r");
    assert.deepEqual(one.sent(), [], "nothing is new");
  });

  it("goes to somebody else, all of it, when the link to one of them closes", () => {
    const one = agent();
    tell(one, 3);
    one.sent();
    one.out.links.delete(holders[0]!);
    one.handing.linkDown(holders[0]!);
    const next = firstInHashOrder("a", [...one.out.links], HOLDERS).at(-1);
    assert.deepEqual(one.sent().flatMap(toldOf), [`${next} a 0-3`]);
  });

  it("goes to them in full before it leaves, with what it holds of others that are gone", () => {
    const one = agent();
    tell(one, 3);
    one.members.merge(member("a", { incarnation: 2, state: "left" }));
    one.members.merge(member("g", { incarnation: 2, state: "lost" }));
    for (const id of ["f", "g"]) one.handing.take([delta(id, 0, 5)], id);
    one.sent();
    one.handing.handAll();
    const to = firstInHashOrder("a", IDS.slice(1, -1), HOLDERS);
    assert.deepEqual(one.sent().flatMap(toldOf), to.flatMap((peer) => [`${peer} a 0-3`, `${peer} g 0-5`]));
  });
});

describe("a holder", () => {
  it("asks for everything since what it holds when a report leaves a gap", () => {
    const one = agent();
    one.handing.take([delta("b", 0, 2)], "b");
    assert.deepEqual(one.sent(), [], "there was no gap");
    one.handing.take([delta("b", 4, 5)], "b");
    assert.deepEqual(asked(one.sent()), [["b", { id: 0, run: "r", have: [{ member: "b", sequence: 2 }] }]]);
    one.handing.take([delta("b", 2, 5)], "b");
    assert.equal(one.reports.sequence("r", "b"), 5);
  });

  it("asks for what it has missed as soon as it knows the run", () => {
    const one = agent(new Set());
    one.handing.take([delta("b", 0, 5), delta("c", 0, 1, "other")], "b");
    one.handing.take([delta("c", 0, 5)], "c");
    one.handing.learnt("r");
    assert.deepEqual(one.sent(), [], "it does not know it yet");
    one.known.add("r");
    one.handing.learnt("r");
    assert.deepEqual(asked(one.sent()).map(([to, { run }]) => [to, run]), [["b", "r"], ["c", "r"]]);
    one.handing.learnt("r");
    assert.deepEqual(one.sent(), [], "once");
  });

  it("asks nobody whose link has closed: that would be a dial", () => {
    const one = agent(new Set());
    one.handing.take([delta("b", 0, 5)], "b");
    one.out.links.delete("b");
    one.handing.linkDown("b");
    one.known.add("r");
    one.handing.learnt("r");
    one.handing.take([delta("b", 4, 5)], "b");
    assert.deepEqual(one.sent(), []);
  });

  it("keeps nothing of runs it does not know, and of few that it has missed something", () => {
    const one = agent(new Set());
    for (let i = 0; i <= ACTIVE_RUNS; i++) one.handing.take([delta("b", 0, 1, `r${i}`)], "b");
    assert.deepEqual(one.reports.all(), []);
    for (let i = 0; i <= ACTIVE_RUNS; i++) {
      one.known.add(`r${i}`);
      one.handing.learnt(`r${i}`);
    }
    assert.equal(asked(one.sent()).length, ACTIVE_RUNS);
  });

  it("takes nobody's word for its own results", () => {
    const one = agent();
    one.handing.take([delta("a", 0, 9), delta("a", 5, 9)], "b");
    assert.deepEqual([one.reports.all(), one.sent()], [[], []]);
  });
});
