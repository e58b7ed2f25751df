// Watching: silence is told after a while, a refusal at once, and the slow blame nobody.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Watching } from "../../../node/core/agreement/watching.ts";
import {
  LAG_FACTOR, SILENT_ALONE_MS, SILENT_MS, SILENT_ROUND_TRIPS, STALL_MS, UNEASY_ALONE_MS, UNEASY_MS, WINDOW_MS,
} from "../../../node/core/limits.ts";
import { NOW } from "../support.ts";

function watching(ids: string, atMs = NOW): Watching {
  const one = new Watching(atMs);
  one.watch([...ids], atMs);
  return one;
}

function isUneasy(one: Watching, nowMs: number): boolean {
  return nowMs >= one.uneasyFromMs();
}

describe("silence", () => {
  it("is told once, when it has lasted", () => {
    const one = watching("ab");
    one.heard("b", NOW + 100);
    assert.deepEqual(one.silent(NOW + SILENT_MS - 1), []);
    assert.deepEqual(one.silent(NOW + SILENT_MS), ["a"]);
    assert.deepEqual(one.silent(NOW + SILENT_MS), []);
    assert.deepEqual(one.silent(NOW + SILENT_MS + 100), ["b"]);
  });

  it("is taken back at the next word", () => {
    const one = watching("a");
    one.silent(NOW + SILENT_ALONE_MS);
    one.heard("a", NOW + 2000);
    assert.deepEqual(one.silent(NOW + 2000 + SILENT_ALONE_MS - 1), []);
    assert.deepEqual(one.silent(NOW + 2000 + SILENT_ALONE_MS), ["a"]);
  });

  it("of one that may come later is told later, and in time once everybody is woken", () => {
    for (const isWoken of [false, true]) {
      const one = watching("ab");
      one.heard("a", NOW, 1000);
      one.heard("b", NOW + 1000);
      if (isWoken) one.wake(NOW + 100);
      const [uneasyMs, toldMs] = isWoken ? [NOW + 100 + UNEASY_MS, NOW + 100 + SILENT_MS] : [NOW + 1000 + UNEASY_MS, NOW + 1000 + SILENT_MS];
      assert.deepEqual([uneasyMs - 1, uneasyMs].map((ms) => isUneasy(one, ms)), [false, true]);
      assert.deepEqual([one.silent(toldMs - 1), one.silent(toldMs)[0]], [[], "a"]);
    }
  });

  it("of whom nobody watches is not told, nor that of whom one watches no more", () => {
    const one = watching("ab");
    one.watch(["b"], NOW);
    one.heard("a", NOW + 5000);
    assert.deepEqual(one.silent(NOW + 10_000), ["b"]);
  });

  it("counts from when one began to watch; who is watched on keeps its time", () => {
    const one = watching("a");
    one.watch(["a", "b"], NOW + 1000);
    assert.deepEqual(one.silent(NOW + SILENT_MS), ["a"]);
    assert.deepEqual(one.silent(NOW + 1000 + SILENT_MS), ["b"]);
  });

  it("takes longer where nobody else watches", () => {
    const one = watching("a");
    assert.deepEqual([one.silent(NOW + SILENT_ALONE_MS - 1), one.silent(NOW + SILENT_ALONE_MS)], [[], ["a"]]);
  });

  it("worries before it is told, later where nobody else watches", () => {
    const alone = watching("a");
    assert.deepEqual([NOW + UNEASY_ALONE_MS - 1, NOW + UNEASY_ALONE_MS].map((ms) => isUneasy(alone, ms)), [false, true]);
    const one = watching("ab");
    one.heard("b", NOW + UNEASY_MS);
    assert.deepEqual([NOW + UNEASY_MS - 1, NOW + UNEASY_MS].map((ms) => isUneasy(one, ms)), [false, true]);
    one.heard("a", NOW + UNEASY_MS);
    assert.equal(isUneasy(one, NOW + UNEASY_MS), false);
  });

  it("of nobody worries nobody", () => assert.equal(isUneasy(watching(""), NOW + 1e6), false));
});

describe("a dial that is refused", () => {
  it("is told once", () => {
    const one = watching("a");
    assert.deepEqual([one.refused("a"), one.refused("a")], [true, false]);
  });

  it("is taken back at the next word, and can be told again", () => {
    const one = watching("a");
    one.refused("a");
    one.heard("a", NOW);
    assert.equal(one.refused("a"), true);
  });

  it("of whom nobody watches is not told", () => assert.equal(watching("a").refused("x"), false));

  it("says more than silence, and is not told again as silence", () => {
    const one = watching("ab");
    one.silent(NOW + SILENT_MS);
    assert.equal(one.refused("a"), true);
    one.heard("b", NOW + SILENT_MS);
    assert.equal(one.refused("b"), true);
    assert.deepEqual(one.silent(NOW + 10_000), []);
  });

  it("by a member that came back in a newer view is void", () => {
    const one = watching("a");
    one.refused("a");
    one.absolve("a", NOW + 5000);
    assert.deepEqual(one.silent(NOW + 5000 + SILENT_ALONE_MS - 1), []);
    assert.deepEqual(one.silent(NOW + 5000 + SILENT_ALONE_MS), ["a"], "silent, although it stood accused of being closed before");
  });
});

describe("far neighbours", () => {
  it("have so many round trips more", () => {
    const one = watching("ab");
    one.turn(NOW, NOW, 200);
    const dueMs = NOW + SILENT_MS + SILENT_ROUND_TRIPS * 200;
    assert.deepEqual([one.silent(dueMs - 1), one.silent(dueMs)], [[], ["a", "b"]]);
  });
});

describe("a slow agent", () => {
  it("that stood still blames nobody for what it did not hear meanwhile", () => {
    const one = watching("ab");
    one.turn(NOW, NOW);
    assert.equal(one.turn(NOW + 100, NOW + 3000), 2900);
    assert.deepEqual([one.silent(NOW + 3000), isUneasy(one, NOW + 3000)], [[], false]);
  });

  it("stood still only if nothing came, and only past the time at which it wanted to be woken", () => {
    const one = watching("a");
    one.turn(NOW, NOW);
    one.turn(NOW + 100, NOW + 900);
    assert.equal(one.turn(NOW + 100, NOW + 1800), 0, "the last turn was 900 ms ago");
    assert.equal(one.turn(NOW + 5000, NOW + 5000 + STALL_MS - 1), 0);
    assert.equal(one.turn(NOW + 6000, NOW + 5999), 0, "before its time");
    assert.equal(one.turn(NOW + 6000, NOW + 6000 + STALL_MS), STALL_MS);
  });

  it("has so many times more patience with others as it is late itself, until it is on time again", () => {
    const one = watching("a");
    one.turn(NOW, NOW);
    one.turn(NOW, NOW + 200);
    one.heard("a", NOW + 200);
    const dueMs = NOW + 200 + SILENT_ALONE_MS + LAG_FACTOR * 200;
    assert.equal(one.nextMs(NOW + 200 + UNEASY_ALONE_MS), dueMs);
    assert.deepEqual(one.silent(dueMs - 1), []);
    assert.deepEqual(one.silent(dueMs), ["a"]);
    one.heard("a", dueMs);
    for (let i = 0; i < 200; i++) one.turn(dueMs + i, dueMs + i);
    assert.deepEqual(one.silent(dueMs + SILENT_ALONE_MS + 1), ["a"]);
  });
});

describe("what a slow agent heard", () => {
  const rows: readonly [string, number, number, number][] = [
    ["of many", UNEASY_MS, WINDOW_MS, 0],
    ["of many", UNEASY_MS, WINDOW_MS + 300, 300],
    ["of many", UNEASY_MS, STALL_MS + 500, STALL_MS - WINDOW_MS],
    ["of two", UNEASY_ALONE_MS, 300, 300],
    ["of two", UNEASY_ALONE_MS, STALL_MS + 500, STALL_MS],
  ];
  for (const [which, usualMs, lateMs, soonerMs] of rows) {
    it(`may have come before: one ${which} that is ${lateMs} ms late worries ${soonerMs} ms sooner`, () => {
      const ids = which === "of two" ? "a" : "ab";
      const one = watching(ids);
      one.turn(NOW, NOW);
      one.turn(NOW, NOW + lateMs);
      for (const id of ids) one.heard(id, NOW + lateMs);
      assert.equal(one.uneasyFromMs(), NOW + lateMs + usualMs - soonerMs);
    });
  }
});

describe("the next time to look", () => {
  it("is when somebody becomes worrying, then silent, then never", () => {
    const one = watching("a");
    assert.equal(one.nextMs(NOW), NOW + UNEASY_ALONE_MS);
    assert.equal(one.nextMs(NOW + UNEASY_ALONE_MS), NOW + SILENT_ALONE_MS);
    one.silent(NOW + SILENT_ALONE_MS);
    assert.equal(one.nextMs(NOW + SILENT_ALONE_MS), Infinity);
    assert.equal(watching("").nextMs(NOW), Infinity);
  });

  it("is that of the first of several", () => {
    const one = watching("ab");
    one.heard("a", NOW + 300);
    assert.equal(one.nextMs(NOW + 300), NOW + UNEASY_MS);
    one.heard("b", NOW + 600);
    assert.equal(one.nextMs(NOW + 600), NOW + 300 + UNEASY_MS);
  });
});
