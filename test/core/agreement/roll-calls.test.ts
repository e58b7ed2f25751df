// Roll calls: bits add up by window, view and opinion, and only those who do not exclude me are there for me.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { emptyPositions, listed, NOBODY, positionsOf } from "../../../node/core/agreement/positions.ts";
import { RollCalls } from "../../../node/core/agreement/roll-calls.ts";
import { nothingDropped } from "../../../node/core/dropped.ts";
import type { RollCall } from "../../../node/core/frame.ts";
import { FRAME_LISTS, LABELS_PER_WINDOW, ROLL_CALLS_KEPT } from "../../../node/core/limits.ts";
import { idsOf, letters, set, viewOf } from "./support.ts";

const VIEW = viewOf("abcde");
const OTHER = viewOf("abcde", { number: 2 });
const OLDER = viewOf("Aabe", { number: 0 });
const WINDOW = 100;

function call(present: string, excluded = "", more: Partial<RollCall> = {}): RollCall {
  return { view: 1, window: WINDOW, excluded: set(VIEW, excluded), present: set(VIEW, present), ...more };
}

describe("roll calls", () => {
  it("of one window, view and opinion add up", () => {
    const calls = new RollCalls();
    assert.notEqual(calls.set(VIEW, WINDOW, NOBODY, 0), null);
    assert.notEqual(calls.merge(call("bc"), VIEW), null);
    assert.equal(idsOf(VIEW, listed(calls.presentFor(0, VIEW, WINDOW))), "abc");
    assert.equal(calls.in(WINDOW).length, 1, "however many words the excluded take");
  });

  it("heard again are no news", () => {
    const calls = new RollCalls();
    calls.merge(call("bc"), VIEW);
    assert.equal(calls.merge(call("b"), VIEW), null);
    assert.equal(calls.set(VIEW, WINDOW, NOBODY, 1), null);
    assert.notEqual(calls.merge(call("bd"), VIEW), null);
  });

  it("whoever excludes me is not there for me, but for everybody else", () => {
    const calls = new RollCalls();
    calls.merge(call("ab"), VIEW);
    calls.merge(call("c", "e"), VIEW);
    calls.merge(call("d", "ae"), VIEW);
    const there = (id: string) => idsOf(VIEW, listed(calls.presentFor(VIEW.positionOf(id), VIEW, WINDOW)));
    assert.deepEqual([there("a"), there("b"), there("e")], ["abc", "abcd", "ab"]);
  });

  it("of another window or another view do not count", () => {
    const calls = new RollCalls();
    calls.merge(call("a"), VIEW);
    calls.merge(call("b", "", { window: WINDOW - 1 }), VIEW);
    calls.merge(call("c", "", { view: 2 }), OTHER);
    assert.equal(idsOf(VIEW, listed(calls.presentFor(0, VIEW, WINDOW))), "a");
    assert.equal(idsOf(VIEW, listed(calls.presentFor(0, OTHER, WINDOW))), "c");
  });

  it("of several windows tell who was there in any of them, whatever they exclude and under whichever view", () => {
    const calls = new RollCalls();
    calls.merge(call("a", "", { window: WINDOW - 3 }), VIEW);
    calls.merge(call("b", "", { window: WINDOW - 2 }), VIEW);
    calls.merge(call("c", "ab", { window: WINDOW - 1 }), VIEW);
    const [present, excluded] = [set(OLDER, "Ae"), set(OLDER, "b")];
    calls.merge({ view: 0, window: WINDOW - 1, present, excluded }, OLDER);
    calls.merge({ view: 0, window: WINDOW - 3, present: set(OLDER, "a"), excluded }, OLDER);
    calls.merge(call("d"), VIEW);
    assert.equal(idsOf(VIEW, listed(calls.presentIn(VIEW, WINDOW - 2, WINDOW))), "bce");
  });

  const forged: readonly [string, Partial<RollCall>][] = [
    ["present", { present: positionsOf([5], 6) }],
    ["excluded", { excluded: positionsOf([5], 6) }],
    ["present in a second word", { present: positionsOf([40], 64) }],
  ];
  for (const [name, part] of forged) {
    it(`that call a member ${name} that there is not are refused`, () => {
      const calls = new RollCalls();
      assert.equal(calls.merge(call("a", "", part), VIEW), null);
      assert.deepEqual([calls.hasNews(), calls.in(WINDOW).length], [false, 0]);
    });
  }

  it("what is told does not change afterwards, nor does what was heard", () => {
    const calls = new RollCalls();
    const heard = call("a");
    calls.merge(heard, VIEW);
    const [told] = calls.takeNews();
    const [kept] = calls.all();
    calls.merge(call("b"), VIEW);
    assert.deepEqual([listed(heard.present), listed(told!.present), listed(kept!.present)], [[0], [0], [0]]);
  });

  it("are told once, and again when there is more to tell", () => {
    const calls = new RollCalls();
    calls.merge(call("a"), VIEW);
    calls.merge(call("b"), VIEW);
    assert.deepEqual(calls.takeNews().map((one) => listed(one.present)), [[0, 1]]);
    assert.deepEqual([calls.hasNews(), calls.takeNews()], [false, []]);
    calls.merge(call("b"), VIEW);
    assert.equal(calls.hasNews(), false);
    calls.merge(call("c"), VIEW);
    assert.deepEqual(calls.takeNews().map((one) => listed(one.present)), [[0, 1, 2]]);
  });

  it("that do not fit into a frame wait for the next; those who were not there are told of the newest windows", () => {
    const ids = letters(26);
    const view = viewOf(ids);
    const calls = new RollCalls();
    const [windows, opinions] = [16, 40];
    for (let window = 0; window < windows; window++) {
      for (let bits = 0; bits < opinions; bits++) {
        calls.merge({ view: 1, window, excluded: Uint32Array.of(bits), present: set(view, "a") }, view);
      }
    }
    assert.deepEqual(new Set(calls.all().map(({ window }) => window)).size, Math.ceil(FRAME_LISTS.rollCalls / opinions));
    assert.equal(Math.max(...calls.all().map(({ window }) => window)), windows - 1);
    const told = [calls.takeNews(), calls.takeNews(), calls.takeNews()].map((news) => news.length);
    assert.deepEqual(told, [FRAME_LISTS.rollCalls, windows * opinions - FRAME_LISTS.rollCalls, 0]);
  });

  it("are forgotten when no lease can come of them any more, not sooner", () => {
    const calls = new RollCalls();
    for (const window of [WINDOW - 1, WINDOW]) calls.merge(call("ab", "", { window }), VIEW);
    calls.forgetBefore(WINDOW + ROLL_CALLS_KEPT);
    assert.deepEqual([calls.in(WINDOW - 1).length, calls.in(WINDOW).length], [0, 1]);
    assert.equal(calls.all().length, 1);
  });

  it("that are forgotten are neither told any more nor taken in again: what the others have not forgotten yet would go round for ever", () => {
    const calls = new RollCalls();
    calls.merge(call("a"), VIEW);
    calls.merge(call("b", "", { window: WINDOW + 1 }), VIEW);
    calls.forgetBefore(WINDOW + 1 + ROLL_CALLS_KEPT);
    assert.equal(calls.merge(call("c"), VIEW), null);
    assert.notEqual(calls.merge(call("c", "", { window: WINDOW + 1 }), VIEW), null);
    assert.deepEqual([calls.in(WINDOW).length, calls.in(WINDOW + 1).length], [0, 1]);
    assert.deepEqual([calls.takeNews().map(({ window }) => window), calls.hasNews()], [[WINDOW + 1], false]);
  });

  it("of the newest windows are told first if there are more than a frame holds: a lease comes of no others", () => {
    const view = viewOf(letters(26));
    const calls = new RollCalls();
    const excluding = (bits: number, window: number) => ({ view: 1, window, excluded: Uint32Array.of(bits), present: set(view, "a") });
    for (let bits = 0; bits < FRAME_LISTS.rollCalls; bits++) calls.merge(excluding(bits, WINDOW + (bits % 2)), view);
    calls.merge(excluding(0, WINDOW + 2), view);
    const told = calls.takeNews().map(({ window }) => window);
    assert.deepEqual([told.length, told[0], told.at(-1)], [FRAME_LISTS.rollCalls, WINDOW + 2, WINDOW]);
    assert.deepEqual(calls.takeNews().map(({ window }) => window), [WINDOW]);
  });

  it("heard or told are shared until there is more to tell", () => {
    const calls = new RollCalls();
    const heard = call("ab");
    calls.merge(heard, VIEW);
    for (const told of [calls.takeNews()[0], calls.all()[0]]) assert.equal(told, heard);
    calls.merge(call("abc"), VIEW);
    calls.merge(call("d"), VIEW);
    const [told] = calls.all();
    assert.deepEqual([listed(heard.present), listed(told!.present), calls.all()[0] === told], [[0, 1], [0, 1, 2, 3], true]);
  });

  it("in fewer words than the view takes have room for all of it afterwards", () => {
    const view = viewOf(letters(40));
    const calls = new RollCalls();
    calls.merge({ view: 1, window: WINDOW, excluded: NOBODY, present: Uint32Array.of(1) }, view);
    calls.set(view, WINDOW, NOBODY, 39);
    assert.deepEqual(listed(calls.presentFor(0, view, WINDOW)), [0, 39]);
  });

  it("more opinions than can be true in one window are dropped and counted, those known still count", () => {
    const ids = letters(26);
    const view = viewOf(ids);
    const dropped = nothingDropped();
    const calls = new RollCalls(dropped);
    const excluding = (bits: number) => ({ view: 1, window: WINDOW, excluded: Uint32Array.of(bits), present: set(view, "a") });
    for (let bits = 0; bits < LABELS_PER_WINDOW; bits++) assert.notEqual(calls.merge(excluding(bits), view), null);
    assert.equal(dropped.roll_calls, 0);
    assert.equal(calls.merge(excluding(LABELS_PER_WINDOW), view), null);
    assert.equal(calls.set(view, WINDOW, Uint32Array.of(LABELS_PER_WINDOW), 1), null);
    assert.notEqual(calls.set(view, WINDOW, emptyPositions(26), 1), null);
    assert.equal(dropped.roll_calls, 2);
    assert.notEqual(calls.set(view, WINDOW + 1, Uint32Array.of(LABELS_PER_WINDOW), 1), null, "the next window has room");
  });
});
