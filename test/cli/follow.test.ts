// How often a run is looked at.

import assert from "node:assert/strict";
import { it } from "node:test";
import { follower, type RunSource } from "../../node/cli/follow.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { FakeIo } from "./fake-io.ts";
import { fullSummary } from "./summaries.ts";

const OPTIONS = { json: null, junit: null, onInterrupt: "stop", pollMs: 1 } as const;

/** A run that ends at the look with this number, or when told; counts the looks. */
function source(lastLook: number, ending?: Promise<void>) {
  let isOver = false;
  void ending?.then(() => (isOver = true));
  const counted = { looks: 0 };
  const summary = async (): Promise<Summary> => fullSummary({ state: ++counted.looks >= lastLook || isOver ? "finished" : "running" });
  const followed: RunSource = { summary, stop: async () => {}, ...(ending === undefined ? {} : { ending }) };
  return { ...followed, counted };
}

it("whose end is told is not looked at for it, but only when a line is to be printed", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const followed = source(Number.POSITIVE_INFINITY, promise);
  setTimeout(resolve, 100);
  const { finish } = await follower(OPTIONS, new FakeIo());
  await finish(followed);
  assert.equal(followed.counted.looks, 2);
});

it("whose end nobody tells is looked at until it has ended", async () => {
  const followed = source(7);
  const { finish } = await follower(OPTIONS, new FakeIo());
  await finish(followed);
  assert.equal(followed.counted.looks, 7);
});

it("that has not begun is looked at until it has: that is worth a line at once", { timeout: 4_000 }, async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const followed = source(Number.POSITIVE_INFINITY, promise);
  const states = ["scheduled", "scheduled", "running"] as const;
  const inner = followed.summary;
  const summary = async (): Promise<Summary> => {
    const state = states[followed.counted.looks];
    if (state === "running") setTimeout(resolve, 10);
    const known = await inner();
    return known.state === "running" && state !== undefined ? { ...known, state } : known;
  };
  const { finish } = await follower(OPTIONS, new FakeIo());
  await finish({ ...followed, summary });
  assert.equal(followed.counted.looks, 4);
});
