// Links go to the neighbours in the rings, and beside those who are gone to whoever will take their place.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Effect } from "../../node/core/events.ts";
import { Members } from "../../node/core/members.ts";
import { Neighbours } from "../../node/core/neighbours.ts";
import { Outbox } from "../../node/core/outbox.ts";
import { neighbours } from "../../node/core/rings.ts";
import { letters, viewOf } from "./agreement/support.ts";
import { member } from "./support.ts";

const IDS = letters(26);
const VIEW = viewOf(IDS);
const AGREED = neighbours("a", [...IDS]);

class One {
  readonly out = new Outbox();
  readonly members = new Members();
  readonly neighbours: Neighbours;

  constructor() {
    for (const id of IDS) this.members.merge(member(id));
    this.neighbours = new Neighbours("a", this.members, this.out);
    this.neighbours.choose(VIEW);
  }

  /** To whom links are to be held, as was told since the last call; null if nothing was. */
  held(view = VIEW): string[] | null {
    this.neighbours.turn(view);
    const told = this.out.take().filter((effect: Effect) => effect.kind === "neighbours");
    return told.at(-1)?.members.map(({ id }) => id).sort() ?? null;
  }
}

describe("links", () => {
  it("go to the neighbours in the rings of the view, which is told once", () => {
    const a = new One();
    assert.deepEqual(a.held(), [...AGREED].sort());
    a.neighbours.choose(VIEW);
    assert.equal(a.held(), null);
  });

  it("go as well to those who will be neighbours when the refusing are gone", () => {
    const a = new One();
    const gone = AGREED.slice(0, 3);
    for (const id of gone) a.neighbours.refused(id);
    const later = neighbours("a", [...IDS].filter((id) => !gone.includes(id)));
    assert.deepEqual(a.held(), [...new Set([...AGREED, ...later])].sort());
    assert.ok(later.some((id) => !AGREED.includes(id)));
  });

  it("go to somebody who lives though everybody but one refuses", () => {
    const a = new One();
    const last = [...IDS].find((id) => id !== "a" && !AGREED.includes(id))!;
    for (const id of IDS) if (id !== "a" && id !== last) a.neighbours.refused(id);
    assert.ok(a.held()!.includes(last));
  });

  it("go to the agreed ones alone once the refusing are heard again", () => {
    const a = new One();
    a.held();
    a.neighbours.refused(AGREED[0]!);
    a.held();
    a.neighbours.heard(AGREED[0]!);
    assert.deepEqual(a.held(), [...AGREED].sort());
    a.neighbours.heard(AGREED[0]!);
    assert.equal(a.held(), null);
  });

  it("are told again when a neighbour has moved, not when another member has", () => {
    const a = new One();
    a.held();
    a.neighbours.said([...IDS].find((id) => id !== "a" && !AGREED.includes(id))!);
    assert.equal(a.held(), null);
    a.neighbours.said(AGREED[0]!);
    assert.deepEqual(a.held(), [...AGREED].sort());
  });

  it("follow the view: what was refused by those who are no longer in it is forgotten", () => {
    const a = new One();
    a.neighbours.refused(AGREED[0]!);
    a.held();
    const rest = IDS.replace(AGREED[0]!, "");
    a.neighbours.choose(viewOf(rest));
    a.neighbours.choose(VIEW);
    assert.deepEqual(a.neighbours.ids.toSorted(), [...AGREED].sort());
  });

  it("of an agent that is in no view go to where its place would be", () => {
    const a = new One();
    a.neighbours.choose(viewOf(IDS.replace("a", "")));
    assert.deepEqual(a.neighbours.ids.toSorted(), [...AGREED].sort());
  });

  it("of such an agent are tried again though all have refused, as a firewall makes them", () => {
    const view = viewOf(IDS.replace("a", ""));
    const a = new One();
    a.neighbours.choose(view);
    for (const id of view.ids) a.neighbours.refused(id);
    assert.deepEqual(a.held(view), [...AGREED].sort());
  });
});
