// When the news is urgent everywhere, and when roll calls tell who is there.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Agreement } from "../../../node/core/agreement/agreement.ts";
import { Alarm } from "../../../node/core/agreement/alarm.ts";
import { PRESENCE_WINDOWS, startOf, TROUBLE_WINDOWS } from "../../../node/core/limits.ts";
import { agreementOf, W } from "./room.ts";
import { letters, set, viewOf } from "./support.ts";

const SURE = 2 * PRESENCE_WINDOWS;

describe("an alarm", () => {
  const rows: readonly [string, readonly number[], number, { isOn: boolean; tells: boolean }][] = [
    ["that was never raised is off", [], W, { isOn: false, tells: false }],
    ["is on at once, when roll calls of quiet times are still on their way", [W], W, { isOn: true, tells: false }],
    ["tells who is there once they have been urgent for long enough", [W], W + SURE, { isOn: true, tells: true }],
    ["does not a window before", [W], W + SURE - 1, { isOn: true, tells: false }],
    ["goes on as long as it is raised again", [W, W + TROUBLE_WINDOWS - 1], W + TROUBLE_WINDOWS, { isOn: true, tells: true }],
    ["ends", [W], W + TROUBLE_WINDOWS, { isOn: false, tells: false }],
    ["begins anew after it has ended", [W, W + TROUBLE_WINDOWS], W + TROUBLE_WINDOWS + 1, { isOn: true, tells: false }],
  ];
  for (const [name, raised, window, { isOn, tells }] of rows) {
    it(name, () => {
      const alarm = new Alarm();
      for (const one of raised) alarm.raise(one);
      assert.deepEqual([alarm.isOn(window), alarm.tellsPresence(window)], [isOn, tells]);
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
    hears(a, heard, W, W + SURE + 1);
    assert.equal(a.isExcluded(far), true);
  });

  it("are only far away in quiet times, though somebody was accused once", () => {
    const a = agent();
    hears(a, view.ids, W, W + TROUBLE_WINDOWS);
    hears(a, heard, W + TROUBLE_WINDOWS, W + 2 * TROUBLE_WINDOWS);
    assert.equal(a.isExcluded(far), false);
  });
});
