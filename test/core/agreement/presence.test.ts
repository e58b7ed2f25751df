// When members in no roll call of late are taken for gone, though too few accuse them: small swarms know sooner than large ones.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Acks } from "../../../node/core/agreement/acks.ts";
import type { Agreement } from "../../../node/core/agreement/agreement.ts";
import { Attendance, presenceWindows } from "../../../node/core/agreement/attendance.ts";
import { Chain } from "../../../node/core/agreement/chain.ts";
import { Lease } from "../../../node/core/agreement/lease.ts";
import { listed } from "../../../node/core/agreement/positions.ts";
import { RollCalls } from "../../../node/core/agreement/roll-calls.ts";
import type { AgreedView } from "../../../node/core/agreement/view.ts";
import { AWAKE_WINDOWS, MUTE_WINDOWS, startOf } from "../../../node/core/limits.ts";
import { agreementOf, W } from "./room.ts";
import { change, commitOf, idsOf, letters, set, viewOf } from "./support.ts";

describe("windows of roll calls that tell who is there", () => {
  const rows: readonly [number, number][] = [[1, 2], [2, 2], [20, 2], [81, 2], [82, 4], [700, 4], [729, 4], [1500, 5], [10_000, 6]];
  for (const [size, windows] of rows) it(`of ${size}: ${windows}`, () => assert.equal(presenceWindows(size), windows));
});

describe("present of late", () => {
  const before = viewOf("abcd");
  const chain = new Chain(before);
  chain.adopt(commitOf(before, change(before, "b", "x", { fromWindow: W + 4 })));
  const calls = new RollCalls();
  const attendance = new Attendance(chain, calls, new Acks(chain), new Lease());
  for (const [view, ids, window] of [[before, "abd", W + 3], [before, "c", W + 4], [chain.current, "a", W + 5]] as const) {
    calls.merge({ view: view.number, window, present: set(view, ids), excluded: set(view, "") }, view);
  }
  const rows: readonly [string, number, number, string | null][] = [
    ["is nobody known to be, so soon after roll calls were heard at all", W + 5, W + 2, null],
    ["are those who answered under either view, and newcomers, who had no time to", W + 5, W, "acdx"],
    ["are they as soon as that is long enough ago", W + 5, W + 1, "acdx"],
    ["is nobody else", W + 6, W + 1, "ac"],
    ["is nobody who answered before", W + 7, W, "a"],
  ];
  for (const [name, window, sinceWindow, expected] of rows) {
    it(name, () => {
      const present = attendance.presentOfLate(window, sinceWindow);
      assert.equal(present === null ? null : idsOf(chain.current, listed(present)), expected);
    });
  }
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
    function agent(id = self!): Agreement {
      const one = agreementOf(id, view, startOf(W));
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
      one.take({ commits: [commitOf(view, change(view, "", "Z"))] }, startOf(from + windows - 1) + 2);
      assert.deepEqual([one.view.size, one.isExcluded(far)], [size + 1, true], "a new view does not forget it");
    });

    it(`are gone with it just as soon, of ${size}, when a view without another member came meanwhile`, () => {
      const one = agent();
      const from = W + 2 * windows;
      hears(one, view, view.ids, W, from);
      hears(one, view, heard, from, from + windows - 1);
      const lost = view.ids.findLast((id) => id !== far && !heard.includes(id))!;
      one.take({ commits: [commitOf(view, change(view, lost))] }, startOf(from + windows - 1) + 2);
      assert.deepEqual([one.view.size, one.isExcluded(far)], [size - 1, false]);
      // None of those who observe it now has had the time to accuse it.
      assert.ok(one.view.neighboursOf(one.view.positionOf(far)).some((position) => heard.includes(one.view.ids[position]!)));
      hears(one, view, heard, from + windows - 1, from + windows);
      assert.equal(one.isExcluded(far), true);
    });

    it(`are not gone for one of ${size} who has only just come in`, () => {
      const one = agent("Z");
      const inWindow = W + 4 * windows;
      one.take({ commits: [commitOf(view, change(view, "", "Z"))] }, startOf(inWindow));
      hears(one, one.view, heard, inWindow, inWindow + 2 * windows);
      assert.equal(one.isExcluded(far), false);
      hears(one, one.view, heard, inWindow + 2 * windows, inWindow + 2 * windows + 1);
      assert.equal(one.isExcluded(far), true);
    });

    it(`are not before anybody could hear them, of ${size}`, () => {
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

describe("a member that answers no roll call though its links are well", () => {
  const view = viewOf(letters(26));
  const [self, ...others] = view.ids;
  const last = others.at(-1)!;
  const rows: readonly [string, readonly string[], number, boolean][] = [
    ["is gone after so many that it can hardly be late", others.slice(0, -1), MUTE_WINDOWS + 1, true],
    ["is not before", others.slice(0, -1), MUTE_WINDOWS, false],
    ["is not for somebody who sees no majority", others.slice(0, 11), MUTE_WINDOWS + 1, false],
  ];
  for (const [name, ids, windows, expected] of rows) {
    it(name, () => {
      const one = agreementOf(self!, view, startOf(W));
      const restsFrom = W + 2 * AWAKE_WINDOWS;
      hears(one, view, ids, W, W + windows, restsFrom);
      assert.equal(one.isExcluded(last), expected);
      // What it says last counts: it is there.
      hears(one, view, others, W + windows, W + windows + 1, restsFrom);
      assert.equal(one.isExcluded(last), false);
    });
  }

  it("has the time from when it came in", () => {
    const one = agreementOf(self!, view, startOf(W));
    const [inWindow, restsFrom] = [W + 4, W + 4 * AWAKE_WINDOWS];
    one.take({ commits: [commitOf(view, change(view, "", "Z", { fromWindow: inWindow + 4 }))] }, startOf(inWindow));
    hears(one, one.view, others, inWindow, inWindow + 4 + MUTE_WINDOWS, restsFrom);
    assert.equal(one.isExcluded("Z"), false);
    hears(one, one.view, others, inWindow + 4 + MUTE_WINDOWS, inWindow + 5 + MUTE_WINDOWS, restsFrom);
    assert.equal(one.isExcluded("Z"), true);
  });
});

/** In each window the roll call of the one before comes; all links are well. */
function hears(one: Agreement, view: AgreedView, ids: readonly string[], from: number, before: number, restsFrom = W + AWAKE_WINDOWS): void {
  const present = set(view, ids.join(""));
  for (let window = from; window < before; window++) {
    const nowMs = startOf(window) + 1;
    one.take({ rollCalls: [{ view: view.number, window: window - 1, excluded: set(view, ""), present }] }, nowMs);
    // As it says itself from when on it would rest, if nothing goes on.
    for (const id of view.ids) if (id !== view.ids[0]) one.heard(id, nowMs, restsFrom);
    one.turn(nowMs, nowMs);
  }
}
