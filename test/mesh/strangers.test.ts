// Whoever holds the key may come with ever new ids; how many of them are linked, and how fast they come, is bounded.

import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { MAX_STRANGERS, STRANGER_MS, Strangers } from "../../node/mesh/strangers.ts";
import { startNode, until } from "./support.ts";

const BURST = 300;

/** How many of so many connections of one address are answered. */
function answered(strangers: Strangers, times: number, nowMs: number, ip = "10.0.0.1"): number {
  let yes = 0;
  for (let i = 0; i < times; i++) if (strangers.connects(ip, nowMs) !== null) yes++;
  return yes;
}

describe("connections of one address", () => {
  it("are answered up to a burst, then 20 a second; the rest is counted", () => {
    const strangers = new Strangers();
    assert.equal(answered(strangers, 1000, 0), BURST);
    assert.equal(strangers.refused, 1000 - BURST);
    assert.equal(answered(strangers, 1000, 10_000), 200);
    assert.equal(answered(strangers, 1000, 20_000, "10.0.0.2"), BURST, "whatever other addresses do");
  });

  const networks: readonly [string, string, boolean][] = [
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff::5", true],
    ["2001:db8:1:2::1", "2001:0DB8:1:2:0:0:0:9", true],
    ["2001:db8::1", "2001:db8::2", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["::1", "2001::1", false],
    ["::ffff:10.0.0.1", "::ffff:10.0.0.2", false],
  ];
  for (const [a, b, isSame] of networks) {
    it(`${a} and ${b} are ${isSame ? "one" : "two"}`, () => {
      const strangers = new Strangers();
      assert.equal(answered(strangers, BURST + 1, 0, a), BURST);
      assert.equal(answered(strangers, BURST, 5000, b), isSame ? 100 : BURST);
    });
  }

  it("begin their handshakes one after the other, wherever they come from", () => {
    const strangers = new Strangers();
    const waits = (nowMs: number) => Array.from({ length: 7 }, (_, i) => strangers.connects(`10.0.0.${i}`, nowMs));
    assert.deepEqual(waits(1000), [0, 0, 0, 0, 10, 20, 30]);
    assert.deepEqual(waits(1010), [30, 40, 50, 60, 70, 80, 90]);
    assert.deepEqual(waits(2000), [0, 0, 0, 0, 10, 20, 30]);
  });

  it("are not answered by anybody who has too many of them to answer, until those are done", () => {
    const strangers = new Strangers();
    const many = (nowMs: number) => Array.from({ length: 1000 }, (_, i) => strangers.connects(`10.${i % 250}.0.1`, nowMs));
    const waits = many(0).filter((waitMs) => waitMs !== null);
    assert.deepEqual([waits.length, waits.at(-1), strangers.refused], [305, 3010, 695]);
    assert.equal(many(1000).filter((waitMs) => waitMs !== null).length, 100);
  });

  it("are refused by a real agent before it answers them", async () => {
    await using node = await startNode();
    const sockets: Socket[] = [];
    let closed = 0;
    await until("many are refused and closed", () => {
      // Those answered wait for a handshake that never comes.
      for (let i = 0; i < 20 && sockets.length < 2 * BURST; i++) {
        sockets.push(connect(node.at.port, node.at.host).resume().on("error", () => {}).on("close", () => closed++));
      }
      return node.mesh.counters().connectionsRefused >= 20 && closed >= 20;
    });
    for (const socket of sockets) socket.destroy();
  });
});

describe("one more stranger", () => {
  const full = (ageMs: number) => new Array<number>(MAX_STRANGERS - 1).fill(0).toSpliced(7, 0, ageMs);
  const rows: readonly [string, number[], boolean, number | null][] = [
    ["is linked while there is room", full(STRANGER_MS).slice(1), true, null],
    ["is refused where the others have come a moment ago", full(STRANGER_MS - 1), false, null],
    ["takes the place of the one that has been linked longest", full(STRANGER_MS), true, 7],
  ];
  for (const [name, agesMs, isTaken, instead] of rows) {
    it(name, () => {
      const strangers = new Strangers();
      assert.deepEqual(strangers.arrives(agesMs), { isTaken, instead });
      assert.equal(strangers.refused, agesMs.length < MAX_STRANGERS ? 0 : 1);
    });
  }
});
