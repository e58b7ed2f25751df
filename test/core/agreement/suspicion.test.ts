// When the news is urgent everywhere, and when roll calls tell who is there.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Agreement } from "../../../node/core/agreement/agreement.ts";
import { Suspicion } from "../../../node/core/agreement/suspicion.ts";
import { PRESENCE_WINDOWS, startOf, TROUBLE_WINDOWS } from "../../../node/core/limits.ts";
import { agreementOf, W } from "./room.ts";
import { letters, set, viewOf } from "./support.ts";

const SURE = 2 * PRESENCE_WINDOWS;

describe("suspicion", () => {
  const END = W + TROUBLE_WINDOWS;
  const rows: readonly [string, readonly number[], number, { isOn: boolean; since: number }][] = [
    ["that was never raised is off", [], W, { isOn: false, since: Infinity }],
    ["is on at once", [W], W, { isOn: true, since: W }],
    ["lasts as long as trouble", [W], END - 1, { isOn: true, since: W }],
    ["ends", [W], END, { isOn: false, since: Infinity }],
    ["goes on as long as it is raised again", [W, END - 1], END, { isOn: true, since: W }],
    ["begins anew after it has ended", [W, END], END + 1, { isOn: true, since: END }],
  ];
  for (const [name, raised, window, { isOn, since }] of rows) {
    it(name, () => {
      const suspicion = new Suspicion();
      for (const one of raised) suspicion.raise(one);
      assert.deepEqual([suspicion.isOn(window), suspicion.since(window)], [isOn, since]);
    });
  }
});

describe("members from whose whole neighbourhood no roll call came of late", () => {
  const view = viewOf(letters(26));
  const observers = (id: string) => view.neighboursOf(view.positionOf(id)).map((one) => view.members[one]!.id);
  const far = view.ids.find((id) => id !== "a" && !observers(id).includes("a"))!;
  const heard = view.ids.filter((id) => id !== far && !observers(far).includes(id));
  // One observer accuses it, which is not enough.
  const accused = heard.find((id) => id !== "a")!;

  function agent(): Agreement {
    const a = agreementOf("a", view, startOf(W));
    const [target, accuser] = [view.positionOf(accused), view.positionOf(observers(accused).find((id) => id !== "a")!)];
    a.take({ accusations: [{ view: 1, target, accuser, version: 1, kind: "silent" }] }, startOf(W));
    return a;
  }

  /** Window by window, each with the roll call of the one before; all links are well. */
  function hears(a: Agreement, ids: readonly string[], from: number, before: number): void {
    for (let window = from; window < before; window++) {
      const nowMs = startOf(window) + 1;
      a.take({ rollCalls: [{ view: 1, window: window - 1, excluded: set(view, ""), present: set(view, ids.join("")) }] }, nowMs);
      for (const id of view.ids) if (id !== "a") a.heard(id, nowMs);
      a.turn(nowMs, nowMs);
    }
  }

  it("are gone with it, where somebody has just been accused", () => {
    const a = agent();
    hears(a, heard, W, W + SURE);
    assert.equal(a.isExcluded(far), false, "roll calls of quiet times are still on their way");
    hears(a, heard, W + SURE, W + SURE + 1);
    assert.equal(a.isExcluded(far), true);
  });

  it("are urgent to know of until nobody is accused nor left out any more", () => {
    const a = agent();
    a.takeNews();
    const isUrgent = (window: number) => a.isUnquiet(startOf(window));
    assert.deepEqual([isUrgent(W), isUrgent(W + TROUBLE_WINDOWS - 1), isUrgent(W + TROUBLE_WINDOWS)], [true, true, false]);
    hears(a, heard, W, W + 2 * TROUBLE_WINDOWS);
    a.takeNews();
    assert.deepEqual([a.isExcluded(far), isUrgent(W + 2 * TROUBLE_WINDOWS)], [true, true]);
  });

  it("are only far away in quiet times, though somebody was accused once", () => {
    const a = agent();
    hears(a, view.ids, W, W + TROUBLE_WINDOWS);
    hears(a, heard, W + TROUBLE_WINDOWS, W + 2 * TROUBLE_WINDOWS);
    assert.equal(a.isExcluded(far), false);
  });
});
