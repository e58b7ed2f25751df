// When members in no roll call of late are taken for gone, though too few accuse them: small swarms know sooner than large ones.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Agreement } from "../../../node/core/agreement/agreement.ts";
import { presenceWindows } from "../../../node/core/agreement/attendance.ts";
import type { AgreedView } from "../../../node/core/agreement/view.ts";
import { AWAKE_WINDOWS, startOf } from "../../../node/core/limits.ts";
import { agreementOf, W } from "./room.ts";
import { letters, set, viewOf } from "./support.ts";

describe("windows of roll calls that tell who is there", () => {
  const rows: readonly [number, number][] = [[1, 2], [2, 2], [20, 2], [81, 2], [82, 4], [700, 4], [729, 4], [1500, 5], [10_000, 6]];
  for (const [size, windows] of rows) it(`of ${size}: ${windows}`, () => assert.equal(presenceWindows(size), windows));
});

describe("members from whose whole neighbourhood no roll call came of late", () => {
  for (const size of [26, 100]) {
    const view = viewOf(letters(size));
    const windows = presenceWindows(size);
    const [self] = view.ids;
    const observers = (id: string) => view.neighboursOf(view.positionOf(id)).map((one) => view.members[one]!.id);
    const far = view.ids.find((id) => id !== self && !observers(id).includes(self!))!;
    const heard = view.ids.filter((id) => id !== far && !observers(far).includes(id));

    /** In a view of which one member is accused by one of its observers, which is not enough. */
    function agent(): Agreement {
      const one = agreementOf(self!, view, startOf(W));
      const target = view.positionOf(heard.at(-1)!);
      const accuser = view.neighboursOf(target).find((position) => position !== view.positionOf(self!))!;
      one.take({ accusations: [{ view: view.number, target, accuser, version: 1, kind: "silent" }] }, startOf(W));
      return one;
    }

    it(`are gone with it, of ${size} after ${windows} windows`, () => {
      const one = agent();
      const from = W + 2 * windows;
      hears(one, view, view.ids, W, from);
      hears(one, view, heard, from, from + windows - 1);
      assert.equal(one.isExcluded(far), false);
      hears(one, view, heard, from + windows - 1, from + windows);
      assert.equal(one.isExcluded(far), true);
    });

    it(`are not while the view of ${size} is young`, () => {
      const one = agent();
      hears(one, view, heard, W, W + 2 * windows);
      assert.equal(one.isExcluded(far), false);
    });

    it(`are not while the swarm of ${size} rests`, () => {
      const one = agent();
      hears(one, view, view.ids, W, W + AWAKE_WINDOWS);
      hears(one, view, heard, W + AWAKE_WINDOWS, W + 2 * AWAKE_WINDOWS);
      assert.equal(one.isExcluded(far), false);
    });
  }
});

/** In each window the roll call of the one before comes; all links are well. */
function hears(one: Agreement, view: AgreedView, ids: readonly string[], from: number, before: number): void {
  const present = set(view, ids.join(""));
  for (let window = from; window < before; window++) {
    const nowMs = startOf(window) + 1;
    one.take({ rollCalls: [{ view: view.number, window: window - 1, excluded: set(view, ""), present }] }, nowMs);
    // As it says itself from when on it would rest, if nothing goes on.
    for (const id of view.ids) if (id !== view.ids[0]) one.heard(id, nowMs, W + AWAKE_WINDOWS);
    one.turn(nowMs, nowMs);
  }
}
