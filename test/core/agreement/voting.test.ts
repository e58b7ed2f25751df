// What an agent votes for beside its own wish: changes for which it knows the reasons.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Agreement } from "../../../node/core/agreement/agreement.ts";
import { has } from "../../../node/core/agreement/positions.ts";
import type { Accusation, ViewChange } from "../../../node/core/frame.ts";
import { ACTIVATION_WINDOWS, STABLE_MS, startOf } from "../../../node/core/limits.ts";
import { agreementOf, W } from "./room.ts";
import { change, commitOf, set, viewMember, viewOf } from "./support.ts";

describe("a change that is open is joined", () => {
  const view = viewOf("abcdef", { fromWindow: 0 });
  const nowMs = startOf(W) + 1;
  const fromWindow = W + ACTIVATION_WINDOWS;

  /** What a thinks, who wants x in, of a change that b has voted for. */
  function joins(open: ViewChange, prepare: (a: Agreement) => void, leaving = ""): boolean {
    const a = agreementOf("a", view, nowMs, { joining: "x", leaving });
    prepare(a);
    a.turn(nowMs, nowMs);
    a.take({ ballots: [{ view: 1, ballot: W, change: open, votes: set(view, "b"), locks: set(view, "") }] }, nowMs);
    a.turn(nowMs + STABLE_MS, nowMs + STABLE_MS);
    const told = a.takeNews().ballots!.find((ballot) => ballot.change === open)!;
    return has(told.votes, 0);
  }
  const accuse = (target: string, accusers: string) => (a: Agreement) => {
    const accusations = [...accusers].map((id): Accusation => {
      return { view: 1, target: view.positionOf(target), accuser: view.positionOf(id), version: 1, kind: "silent" };
    });
    a.take({ accusations }, nowMs);
  };
  const nothing = () => {};
  const rows: readonly [string, ViewChange, (a: Agreement) => void, string, boolean][] = [
    ["that lets somebody in who wants to come", change(view, "", "x", { fromWindow }), nothing, "", true],
    ["that lets somebody in whom it does not know", change(view, "", "y", { fromWindow }), nothing, "", false],
    [
      "that lets somebody in as it was earlier",
      change(view, "", "", { fromWindow, added: [viewMember("x", { incarnation: 2 })] }),
      nothing,
      "",
      false,
    ],
    ["that removes somebody without a reason", change(view, "f", "x", { fromWindow }), nothing, "", false],
    ["that removes who leaves", change(view, "f", "", { fromWindow }), nothing, "f", true],
    ["that removes who is accused by one", change(view, "f", "", { fromWindow }), accuse("f", "b"), "", true],
    ["that removes who is excluded", change(view, "f", "", { fromWindow }), accuse("f", "abcde"), "", true],
    ["that keeps who is excluded", change(view, "", "x", { fromWindow }), accuse("f", "abcde"), "", false],
  ];
  for (const [name, open, prepare, leaving, expected] of rows) {
    it(`${name}: ${expected ? "yes" : "no"}`, () => assert.equal(joins(open, prepare, leaving), expected));
  }
});

describe("what was heard", () => {
  const view = viewOf("abcd", { fromWindow: 0 });
  const nowMs = startOf(W) + 1;
  const later = nowMs + STABLE_MS;
  const accusations = [...view.neighboursOf(3)].map((accuser): Accusation => {
    return { view: 1, target: 3, accuser, version: 1, kind: "silent" };
  });

  it("is thought about when the agent is about to speak, not before", () => {
    const a = agreementOf("a", view, nowMs);
    a.take({ accusations }, nowMs);
    a.takeNews();
    assert.equal(a.turn(nowMs, nowMs, 0, false), false);
    assert.equal(a.isUndecided(), true);
    a.turn(nowMs, nowMs);
    assert.equal(a.isUndecided(), false);
    a.turn(later, later);
    assert.equal(a.takeNews().ballots?.length, 1);
  });

  it("if it is a view that is agreed changes shares at once", () => {
    const a = agreementOf("a", view, nowMs);
    const nextMs = startOf(W + 1);
    a.turn(nextMs, nextMs);
    assert.equal(a.followed(nextMs), view);
    a.take({ commits: [commitOf(view, change(view, "", "x", { fromWindow: W }))] }, nextMs);
    assert.equal(a.turn(nextMs, nextMs, 0, false), true);
    assert.equal(a.followed(nextMs), a.view);
  });
});
