// An agent's own accusations: only of those it watches, each newer than the last, withdrawn once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Chain } from "../../../node/core/agreement/chain.ts";
import { OwnWord } from "../../../node/core/agreement/own-word.ts";
import { change, commitOf, viewOf } from "./support.ts";

describe("an agent's own word", () => {
  const view = viewOf("abc");

  it("names both as they sit in the view, newer than whatever it said before it began anew", () => {
    const word = new OwnWord("b", new Chain(view), 5000.7);
    assert.deepEqual(word.accuse("c", "silent"), { view: 1, target: 2, accuser: 1, version: 5001, kind: "silent" });
    assert.equal(word.accuse("c", "closed")!.version, 5002);
  });

  it("is taken back once, and only if it was given", () => {
    const word = new OwnWord("b", new Chain(view), 0);
    assert.equal(word.withdraw("c"), null);
    word.accuse("c", "closed");
    assert.equal(word.withdraw("a"), null);
    assert.equal(word.withdraw("c")!.kind, "none");
    assert.equal(word.withdraw("c"), null);
  });

  it("is given of nobody whom it watches in no view", () => {
    assert.equal(new OwnWord("b", new Chain(view), 0).accuse("x", "silent"), null);
    assert.equal(new OwnWord("x", new Chain(view), 0).accuse("b", "silent"), null);
  });

  it("is in the newest view in which it watches the other: of somebody removed, in the one before", () => {
    const chain = new Chain(view);
    chain.adopt(commitOf(view, change(view, "c")));
    assert.equal(new OwnWord("b", chain, 0).accuse("c", "silent")!.view, 1);
    assert.equal(new OwnWord("b", chain, 0).accuse("a", "silent")!.view, 2);
  });
});
