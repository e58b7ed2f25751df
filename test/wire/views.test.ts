// What agents say to agree on a view: small on the wire, and nothing impossible gets in.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Accusation, Ballot, Commit, Frame, RollCall, Standing, ViewMember } from "../../node/core/frame.ts";
import { decodeFrame, encodeFrame } from "../../node/wire/codec.ts";
import { everybody, FRAMES, positions, STANDING, WINDOW } from "./frames.ts";

describe("sizes", () => {
  const bare = encodeFrame({ standing: STANDING }).length;
  /** Bytes of one roll call in a frame with a standing. */
  const rollCall = (present: Uint32Array, window: number) =>
    encodeFrame({ standing: STANDING, rollCalls: [{ view: 41, window, excluded: positions(), present }] }).length - bare;

  it("a roll call of 200 agents takes 25 bytes and a few", () => {
    assert.equal(rollCall(everybody(200), WINDOW), 25 + 6);
    assert.equal(rollCall(everybody(200), WINDOW - 14), 25 + 6 + 2);
  });

  it("one of 3,000 takes 375 bytes and a few", () => {
    assert.equal(rollCall(everybody(3000), WINDOW), 375 + 8);
  });

  it("one in which a single member of 3,000 has been heard takes a few bytes", () => {
    assert.equal(rollCall(positions(2999), WINDOW), 8);
  });
});

describe("what is impossible about views is refused", () => {
  const [rollCall] = FRAMES["agreement"]!.rollCalls!;
  const [ballot] = FRAMES["agreement"]!.ballots!;
  const [accusation] = FRAMES["agreement"]!.accusations!;
  const { chain } = FRAMES["agreement"]!;
  const standing = (more: object): Frame => ({ standing: { ...STANDING, ...more } as Standing });
  const called = (more: Partial<RollCall>): Frame => ({ standing: STANDING, rollCalls: [{ ...rollCall!, ...more }] });
  const balloted = (more: Partial<Ballot>): Frame => ({ standing: STANDING, ballots: [{ ...ballot!, ...more }] });
  const changed = (more: Partial<Ballot["change"]>) => balloted({ change: { ...ballot!.change, ...more } });
  const accused = (more: object): Frame => ({ accusations: [{ ...accusation!, ...more } as Accusation] });
  const committed = (more: Partial<Commit>): Frame => ({ commits: [{ ...chain!.commits[0]!, ...more }] });
  const based = (...members: ViewMember[]): Frame => ({ chain: { commits: [], base: { ...chain!.base, members } } });
  const [first, second] = chain!.base.members as [ViewMember, ViewMember];

  const cases: readonly [string, Frame, RegExp][] = [
    ["a standing in no lineage", standing({ lineage: "" }), /lineage/],
    ["a lineage of a kilobyte", standing({ lineage: "x".repeat(1024) }), /lineage/],
    ["a birth that is not a number", standing({ bornMs: NaN }), /bornMs/],
    ["a birth in infinity", standing({ bornMs: Infinity }), /bornMs/],
    ["a fourth rank", standing({ rank: 3 }), /rank/],
    ["a view number beyond 2^53", standing({ view: 2 ** 60 }), /view/],
    ["a frame sent in infinity", standing({ sentAtMs: Infinity }), /sentAtMs/],
    ["a rest beyond 2^53", standing({ restsFrom: 2 ** 60 }), /restsFrom/],
    ["a frame sent before time", standing({ sentAtMs: -1 }), /sentAtMs/],
    ["a roll call beyond all windows", called({ window: 2 ** 40 + 1 }), /window/],
    ["a roll call before all windows", called({ window: -(2 ** 40) - 1 }), /window/],
    ["a roll call of a position too many", called({ present: positions(16_384) }), /present/],
    ["a roll call of a full view too large", called({ present: everybody(16_392) }), /present/],
    ["a ballot beyond all windows", balloted({ ballot: 2 ** 41 }), /ballot/],
    ["a change beyond all windows", changed({ fromWindow: 2 ** 41 }), /fromWindow/],
    ["a member removed that cannot be", changed({ removed: [16_384] }), /removed/],
    ["members removed twice", changed({ removed: [3, 3] }), /removed/],
    ["members added in no order", changed({ added: [second, first] }), /ascend/],
    ["a member added twice", changed({ added: [first, first] }), /ascend/],
    ["members reweighed in no order", changed({ reweighed: [{ position: 2, weight: 1 }, { position: 1, weight: 1 }] }), /ascend/],
    ["a member reweighed to nothing", changed({ reweighed: [{ position: 2, weight: 0 }] }), /weight/],
    ["a reweighed position too many", changed({ reweighed: [{ position: 16_384, weight: 1 }] }), /position/],
    ["an accusation of nobody", accused({ target: 16_384 }), /target/],
    ["an accusation by nobody", accused({ accuser: 16_384 }), /accuser/],
    ["an accusation of a fourth kind", accused({ kind: "odd" }), /kind/],
    ["a version beyond 2^53", accused({ version: 2 ** 60 }), /version/],
    ["an echo that is not a number", { echo: { sentAtMs: NaN, heldMs: 0 } }, /sentAtMs/],
    ["an echo held for ever", { echo: { sentAtMs: 1, heldMs: Infinity } }, /heldMs/],
    ["a commit beyond 2^53", committed({ number: 2 ** 60 }), /number/],
    ["a view whose members are in no order", based(second, first), /ascend/],
    ["a view with a member twice", based(first, first), /ascend/],
    ["a view member without an id", based({ ...first, id: "" }), /id/],
    ["a view member without a weight", based({ ...first, weight: 0 }), /weight/],
    ["a view member with a billionfold weight", based({ ...first, weight: 102_401 }), /weight/],
    ["a view member from beyond all windows", based({ ...first, fromWindow: 2 ** 41 }), /fromWindow/],
  ];
  for (const [name, frame, message] of cases) {
    it(name, () => assert.throws(() => decodeFrame(encodeFrame(frame)), { code: "WIRE_INVALID", message }));
  }

  for (const [name, bytes, message] of [
    ["a ballot without a change", [0x52, 0x00], /change/],
    ["a commit without a change", [0x6a, 0x00], /change/],
    ["a chain without a base", [0x72, 0x00], /base/],
  ] as const) {
    it(name, () => assert.throws(() => decodeFrame(Uint8Array.from(bytes)), { code: "WIRE_INVALID", message }));
  }
});
