// Leaving: the share moves on first, then iterations end, then results are handed over; never for ever.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DRAIN_MS, LEAVE_TIMEOUT_MS } from "../../node/core/limits.ts";
import { plan, snapshot } from "./support.ts";
import { Swarm } from "./swarm.ts";

const LONG = plan(10, 600);

/** A swarm in which this run is on, of which everybody has reported. */
function busy(ids: string, of = LONG): { swarm: Swarm; run: string } {
  const swarm = Swarm.of(ids);
  const more = { document: "{}", planHash: "hash", keyHash: null };
  swarm.input("a", { kind: "publish", token: 1, plan: of, ...more });
  swarm.pass(3000);
  const run = swarm.of("a").assignment!.run;
  for (const id of ids) swarm.input(id, { kind: "report", snapshot: snapshot(id, 1, { run }) });
  return { swarm, run };
}

const hasLeft = (swarm: Swarm, id: string) => swarm.of(id).effects.some((effect) => effect.kind === "left");
const done = (id: string, run: string) => ({ kind: "report", snapshot: snapshot(id, 2, { run, done: true }) }) as const;

/** How long it takes until somebody may go, counted from now. */
function goes(swarm: Swarm, id: string, atMost: number): number {
  const fromMs = swarm.nowMs;
  for (let ms = 0; ms <= atMost; ms += 50) {
    if (hasLeft(swarm, id)) return swarm.nowMs - fromMs;
    swarm.pass(50);
  }
  return Number.POSITIVE_INFINITY;
}

describe("a leaver", () => {
  it("offers its share until the others take it over, and nobody offers too much or too little", () => {
    const { swarm } = busy("abcd");
    swarm.input("d", { kind: "leave" });
    assert.equal(swarm.of("d").offered(swarm.nowMs), 0.25);
    swarm.pass(5000, () => assert.ok(Math.abs(swarm.offered() - 1) < 1e-6, String(swarm.offered())));
    assert.deepEqual([swarm.of("d").offered(swarm.nowMs), swarm.of("a").offered(swarm.nowMs)].map((x) => x.toFixed(3)), ["0.000", "0.333"]);
    assert.equal(swarm.of("a").machine.members.get("d")!.state, "left");
    assert.deepEqual(swarm.of("a").events().flatMap((event) => (event.type === "left" ? [event.member] : [])), ["d"]);
  });

  it("ends its assignment when its share ends", () => {
    const { swarm } = busy("abcd");
    swarm.input("d", { kind: "leave" });
    swarm.pass(4000);
    const { untilMs } = swarm.of("d").machine.members.get("d")!;
    assert.equal(swarm.of("d").assignment!.endAtMs, untilMs);
  });

  it("waits for its iterations in flight, and hands over its last report", () => {
    const { swarm, run } = busy("abcd");
    swarm.input("d", { kind: "leave" });
    swarm.pass(4000);
    assert.equal(hasLeft(swarm, "d"), false);
    const effects = swarm.input("d", done("d", run));
    assert.ok(effects.some((effect) => effect.kind === "left"));
    const handed = effects.flatMap((one) => (one.kind === "send" ? (one.frame.reports ?? []) : []));
    assert.ok(handed.some(({ snapshot: { member, done } }) => member === "d" && done));
    assert.ok(effects.some((one) => one.kind === "send" && one.frame.goodbye === true));
  });

  it("waits for them no longer than it may", () => {
    const { swarm } = busy("abcd");
    swarm.input("d", { kind: "leave" });
    const tookMs = goes(swarm, "d", 20_000);
    assert.ok(tookMs > DRAIN_MS && tookMs < DRAIN_MS + 4000, String(tookMs));
  });

  it("waits for those of a run that ends while it leaves", () => {
    const { swarm, run } = busy("abcd", plan(10, 2));
    swarm.input("d", { kind: "leave" });
    swarm.pass(4000);
    assert.equal(hasLeft(swarm, "d"), false);
    swarm.input("d", done("d", run));
    assert.equal(hasLeft(swarm, "d"), true);
  });

  it("that is idle goes as soon as the others know, and asks no one to wait", () => {
    const swarm = Swarm.of("abcd");
    swarm.input("d", { kind: "leave" });
    const tookMs = goes(swarm, "d", 5000);
    assert.ok(tookMs < 1500, String(tookMs));
    // What it told as it went has arrived.
    swarm.pass(50);
    assert.match(swarm.of("a").view(), /:abc$/);
  });

  it("goes after a while if the others do not agree", () => {
    const swarm = Swarm.of("abcd");
    swarm.cut("d");
    swarm.pass(1000);
    swarm.input("d", { kind: "leave" });
    const tookMs = goes(swarm, "d", 20_000);
    assert.ok(tookMs >= LEAVE_TIMEOUT_MS && tookMs <= LEAVE_TIMEOUT_MS + 100, String(tookMs));
  });

  it("that is alone goes at once", () => {
    const swarm = Swarm.of("a");
    swarm.input("a", { kind: "leave" });
    assert.equal(goes(swarm, "a", 1000), 0);
  });

  it("is told to go once, and leaves once", () => {
    const { swarm } = busy("abcd");
    swarm.input("d", { kind: "leave" });
    swarm.pass(700);
    const { incarnation } = swarm.of("d").machine.members.get("d")!;
    swarm.input("d", { kind: "leave" });
    assert.equal(swarm.of("d").machine.members.get("d")!.incarnation, incarnation);
    swarm.pass(15_000);
    assert.equal(swarm.of("d").effects.filter(({ kind }) => kind === "left").length, 1);
  });

  it("goes with others who leave at the same moment, down to the last", () => {
    const swarm = Swarm.of("abcd");
    for (const id of "abcd") swarm.input(id, { kind: "leave" });
    for (const id of "abcd") assert.ok(goes(swarm, id, LEAVE_TIMEOUT_MS) < LEAVE_TIMEOUT_MS, id);
  });

  it("does not join anybody any more", () => {
    const swarm = Swarm.of("ab");
    swarm.start("x");
    swarm.pass(1000);
    swarm.input("x", { kind: "leave" });
    swarm.link("a", "x");
    swarm.pass(3000);
    assert.match(swarm.of("a").view(), /:ab$/);
  });
});
