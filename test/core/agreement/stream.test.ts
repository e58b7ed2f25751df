// Newcomers without end: members agree on some of them, though no two ever know the same ones.

import assert from "node:assert/strict";
import { it } from "node:test";
import { startOf } from "../../../node/core/limits.ts";
import { Random } from "../../support/random.ts";
import { agreementOf, W } from "./room.ts";
import { viewOf } from "./support.ts";

const MEMBERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECONDS = 4;
/** One after another. */
const NEWCOMER_EVERY_MS = 10;
/** Until a member hears of one, or of what another says, at most. */
const HEARSAY_MS = 150;
/** How often each tells the others what is new. */
const TELL_EVERY_MS = 100;

interface Hearsay {
  readonly atMs: number;
  hear(): void;
}

/** Milliseconds from the first newcomer until a majority of members has another view; Infinity if that never happens. */
function agreedAfterMs(seed: number): number {
  const random = new Random(seed);
  const view = viewOf(MEMBERS, { fromWindow: W - 100 });
  const all = [...MEMBERS].map((id, i) => {
    const will = { joining: "", leaving: "" };
    const hears: Hearsay[] = [];
    return { id, will, agreement: agreementOf(id, view, startOf(W), will), hears, phaseMs: (37 * i) % TELL_EVERY_MS };
  });
  for (let ms = 0; ms < 1000 * SECONDS; ms++) {
    const nowMs = startOf(W) + ms;
    const newcomer = String.fromCodePoint(0x4e00 + Math.floor(ms / NEWCOMER_EVERY_MS));
    for (const one of all) {
      const { will, agreement } = one;
      const learn = (): void => {
        will.joining = [...will.joining, newcomer].sort().join("");
        agreement.wishesChanged();
      };
      if (ms % NEWCOMER_EVERY_MS === 0) one.hears.push({ atMs: ms + random.integer(0, HEARSAY_MS), hear: learn });
      if (ms % TELL_EVERY_MS !== one.phaseMs) continue;
      for (const { atMs, hear } of one.hears) if (atMs <= ms) hear();
      one.hears = one.hears.filter(({ atMs }) => atMs > ms);
      agreement.turn(nowMs, nowMs);
      const frame = agreement.takeNews();
      for (const other of all) {
        if (other === one) continue;
        const hear = () => (other.agreement.heard(one.id, nowMs), other.agreement.take(frame, nowMs));
        other.hears.push({ atMs: ms + random.integer(0, HEARSAY_MS), hear });
      }
    }
    if (all.filter(({ agreement }) => agreement.view.number > 1).length > MEMBERS.length / 2) return ms;
  }
  return Number.POSITIVE_INFINITY;
}

it("a stream of newcomers does not keep members from agreeing", () => {
  const took = [1, 2, 3].map(agreedAfterMs);
  assert.ok(took.every((ms) => ms < 2500), `${took} ms`);
});
