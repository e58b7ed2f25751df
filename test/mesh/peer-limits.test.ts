// What a peer may take, what it has to wait for, and what gets it refused.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PeerLimits } from "../../node/mesh/peer-limits.ts";

const MIB = 1024 * 1024;

function limits() {
  const refused: string[] = [];
  return { refused, limits: new PeerLimits((peer) => void refused.push(peer)) };
}

/** How often it says yes, asked so often at one instant. */
function granted(times: number, ask: () => boolean): number {
  let yes = 0;
  for (let i = 0; i < times; i++) if (ask()) yes++;
  return yes;
}

describe("frames of a peer", () => {
  it("are read at once up to a burst, then 200 a second", () => {
    const { limits: some } = limits();
    assert.equal(granted(5000, () => some.frame("a", 100, 0) === 0), 1000);
    assert.equal(granted(5000, () => some.frame("b", 100, 0) === 0), 1000, "whatever others do");
    for (let nowMs = 30_000; nowMs < 40_000; nowMs += 5) assert.equal(some.frame("a", 100, nowMs), 0);
  });

  it("that are large wait sooner", () => {
    const { limits: some } = limits();
    assert.equal(granted(10, () => some.frame("a", 8 * MIB, 0) === 0), 2);
    assert.equal(some.frame("b", 17 * MIB, 0), 500);
  });

  it("that take much of our time are followed by a pause: a tenth of the time is a peer's", () => {
    const { limits: some } = limits();
    some.worked("a", 1500, true, 0);
    assert.equal(some.frame("a", 100, 0), 0, "the burst");
    some.worked("a", 500, true, 0);
    assert.equal(some.frame("a", 100, 0), 5000);
    assert.equal(some.frame("a", 100, 5000), 0);
    assert.equal(some.frame("b", 100, 0), 0, "whatever others do");
  });

  it("of all who are no members wait until a fifth of the time was enough for what they have sent", () => {
    const { limits: some } = limits();
    for (const peer of ["a", "b"]) some.worked(peer, 1000, false, 0);
    some.worked("m", 9000, true, 0);
    assert.equal(some.strangersWaitMs(0), 0, "the burst; what members send does not count");
    some.worked("c", 400, false, 0);
    assert.equal(some.strangersWaitMs(0), 2000);
    assert.equal(some.strangersWaitMs(2000), 0);
  });

  it("are never a reason to refuse it", () => {
    const { limits: some, refused } = limits();
    for (let i = 0; i < 10_000; i++) some.frame("a", 8 * MIB, 0);
    assert.deepEqual(refused, []);
  });
});

describe("gossip of a peer", () => {
  it("is taken up to a burst, by number and by size", () => {
    const { limits: some, refused } = limits();
    assert.equal(granted(1000, () => some.message("a", 100, 0)), 200);
    assert.equal(granted(100, () => some.message("b", MIB, 0)), 8);
    assert.deepEqual(refused, []);
  });

  it("beyond everything that gossipsub says gets it refused", () => {
    const { limits: some, refused } = limits();
    assert.equal(granted(5000, () => some.gossip("a", 1, 0)), 2000);
    assert.deepEqual(refused, ["a"]);
    assert.equal(some.isRefused("a", 59_999), true);
    assert.equal(some.isRefused("a", 60_000), false);
    assert.equal(some.gossip("a", 1, 60_000), true);
  });
});

describe("nonsense", () => {
  it("of ten a minute is borne; the eleventh gets its sender refused for a minute, once", () => {
    const { limits: some, refused } = limits();
    for (let i = 0; i < 10; i++) some.malformed("a", i);
    assert.deepEqual(refused, []);
    for (let i = 0; i < 5; i++) some.malformed("a", 10 + i);
    assert.deepEqual(refused, ["a"]);
    assert.equal(some.refusals, 1);
    assert.equal(some.isRefused("a", 60_009), true);
    assert.equal(some.isRefused("a", 60_010), false);
    assert.equal(some.isRefused("b", 10), false);
  });

  it("of five a minute is borne for ever", () => {
    const { limits: some, refused } = limits();
    for (let i = 0; i < 1000; i++) some.malformed("a", i * 12_000);
    assert.deepEqual(refused, []);
  });
});

describe("peers that are remembered", () => {
  it("are forgotten when they could begin anew just as well, those that owe something last", () => {
    const { limits: some } = limits();
    for (let i = 0; i < 20; i++) some.malformed("bad", 0);
    for (let i = 0; i < 4095; i++) some.frame(`early-${i}`, 1, 0);
    for (let i = 0; i < 4095; i++) some.frame(`late-${i}`, 1, 30_000 + i / 1000);
    assert.equal(some.isRefused("bad", 59_000), true);
  });
});
