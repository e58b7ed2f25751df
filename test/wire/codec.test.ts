// The wire: what is sent is what arrives, newer versions are understood, and nothing impossible gets in.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import protobuf from "protobufjs";
import type { MemberRecord, RunRecord } from "../../node/core/events.ts";
import type { Frame, Report, Scope } from "../../node/core/frame.ts";
import { BATCH_CHARACTERS } from "../../node/core/limits.ts";
import { LoadswarmError } from "../../node/plan/errors.ts";
import { decodeFrame, encodeFrame, MAX_FRAME_BYTES } from "../../node/wire/codec.ts";
import { MAX_PLAN_BYTES, planHash } from "../../node/wire/plan-hash.ts";
import { ALIVE, document, FRAMES, LOST, REPORT, RUN, STOPPED } from "./frames.ts";

describe("a frame", () => {
  for (const [name, frame] of Object.entries(FRAMES)) {
    it(`arrives as it was sent: ${name}`, () => {
      assert.deepEqual(decodeFrame(encodeFrame(frame)), frame);
    });
  }

  it("carries the largest hello that the core makes", () => {
    assert.ok(3 * BATCH_CHARACTERS + MAX_PLAN_BYTES < MAX_FRAME_BYTES);
  });

  it("from a newer version is understood: unknown fields are passed over", () => {
    const writer = protobuf.Writer.create();
    writer.raw(encodeFrame(FRAMES["hello"]!));
    writer.uint32((99 << 3) | 0).uint64(7);
    writer.uint32((100 << 3) | 2).string("news");
    writer.uint32((101 << 3) | 1).double(1.5);
    writer.uint32((102 << 3) | 5).float(1.5);
    assert.deepEqual(decodeFrame(writer.finish()), FRAMES["hello"]);
  });

  it("a newer member record is understood as well", () => {
    const newer = protobuf.Writer.create().raw(encodeFrame({ members: [ALIVE] }).subarray(2));
    newer.uint32((50 << 3) | 2).string("news");
    const body = newer.finish();
    const frame = protobuf.Writer.create().uint32((2 << 3) | 2).bytes(body).finish();
    const known = encodeFrame({ members: [ALIVE] });
    assert.equal(known[0], (2 << 3) | 2);
    assert.ok(known[1]! < 128, "the length is one byte, cut off above");
    assert.deepEqual(decodeFrame(frame).members, [ALIVE]);
  });
});

describe("an agent of the version before", () => {
  // What it knew of members and runs.
  const old = protobuf.parse(`
    syntax = "proto3";
    message Frame { bool hello = 1; repeated Member members = 2; repeated Run runs = 3; Gathered gathered = 6; }
    message Member {
      string id = 1; uint32 incarnation = 2; uint32 state = 3; string name = 4; string zone = 5; repeated string addresses = 6;
      string api = 7; double weight = 8; double from_ms = 9; double until_ms = 10;
    }
    message Run {
      string id = 1; string document = 2; string plan_hash = 3; string author = 4;
      double published_at_ms = 5; double not_after_ms = 6; Control control = 7;
    }
    message Control {
      uint32 sequence = 1; string author = 2; double start_at_ms = 3; double stop_at_ms = 4; uint32 stop_reason = 5;
    }
    message Gathered { uint32 id = 1; }
  `).root.lookupType("Frame");

  it("is understood", () => {
    const { untilMs: _none, ...alive } = ALIVE;
    const { plan: _parsed, ...spec } = STOPPED.spec;
    const bytes = old
      .encode({
        hello: true,
        members: [{ ...alive, state: 0 }, { ...LOST, state: 2 }],
        runs: [{ ...spec, control: { ...STOPPED.control, stopReason: 2 } }],
      })
      .finish();
    assert.deepEqual(decodeFrame(bytes), {
      hello: true,
      members: [{ ...ALIVE, view: 0 }, { ...LOST, view: 0 }],
      runs: [{ ...STOPPED, control: { ...STOPPED.control, lineage: null } }],
    });
  });

  it("understands what it knows of a frame", () => {
    const told = old.decode(encodeFrame({ ...FRAMES["hello"], ...FRAMES["agreement"] }));
    const { members, runs } = old.toObject(told) as { members: { id: string; weight: number }[]; runs: { id: string }[] };
    assert.deepEqual(members.map(({ id, weight }) => [id, weight]), [[ALIVE.id, 1.75], [LOST.id, 1.75]]);
    assert.deepEqual(runs.map(({ id }) => id), ["wire-1", "wire-2"]);
  });
});

describe("what is impossible is refused", () => {
  const member = (more: Partial<MemberRecord>): Frame => ({ members: [{ ...ALIVE, ...more }] });
  const gone = (more: Partial<MemberRecord>): Frame => ({ members: [{ ...LOST, ...more }] });
  const spec = (more: Partial<RunRecord["spec"]>): Frame => ({ runs: [{ ...RUN, spec: { ...RUN.spec, ...more } }] });
  const control = (more: Partial<RunRecord["control"]>): Frame => ({
    runs: [{ ...STOPPED, control: { ...STOPPED.control, ...more } }],
  });
  const report = (more: Partial<Report["snapshot"]>): Frame => ({
    reports: [{ since: 0, snapshot: { ...REPORT.snapshot, ...more } }],
  });
  const sketch = (more: object): Frame => {
    const [point] = REPORT.snapshot.points;
    return report({ points: [{ ...point!, duration: { ...point!.duration, ...more } }] });
  };
  const scope = (more: Partial<Scope>): Frame => {
    const { gather } = FRAMES["a gather of many"]!;
    return { gather: { ...gather!, scope: { ...gather!.scope!, ...more } } };
  };
  const planned = (text: string): Frame => spec({ document: text, planHash: planHash(text) });
  const YEAR_2201 = Date.UTC(2202, 0);

  const cases: readonly [string, Frame, RegExp][] = [
    ["a negative weight", member({ weight: -1 }), /weight/],
    ["no weight", member({ weight: 0 }), /weight/],
    ["next to no weight", member({ weight: 1e-9 }), /weight/],
    ["more workers than an agent may have", member({ weight: 1025 }), /weight/],
    ["a weight that is not a number", member({ weight: NaN }), /weight/],
    ["an infinite weight", member({ weight: Infinity }), /weight/],
    ["a billionfold weight", member({ weight: 1e9 }), /weight/],
    ["a beginning beyond the year 2200", member({ fromMs: YEAR_2201 }), /fromMs/],
    ["a beginning before time", member({ fromMs: -1 }), /fromMs/],
    ["a beginning that is not a number", member({ fromMs: NaN }), /fromMs/],
    ["an end beyond the year 2200", gone({ untilMs: YEAR_2201 }), /untilMs/],
    ["an end that is not a number", member({ untilMs: NaN }), /untilMs/],
    ["a view beyond 2^53", member({ view: 2 ** 60 }), /view/],
    ["an incarnation beyond 2^53", member({ incarnation: 2 ** 60 }), /incarnation/],
    ["a member without an id", member({ id: "" }), /id/],
    ["a name of a kilobyte", member({ name: "x".repeat(1024) }), /name/],
    ["seventeen addresses", member({ addresses: new Array(17).fill("x") }), /addresses/],
    ["an address of a kilobyte", member({ addresses: ["x".repeat(1024)] }), /text/],
    ["too many members", { members: new Array(10_001).fill(ALIVE) }, /members/],
    ["too many runs", { runs: new Array(201).fill(RUN) }, /runs/],
    ["a run without an id", spec({ id: "" }), /id/],
    ["a run without an author", spec({ author: "" }), /author/],
    ["a plan that does not match its hash", spec({ document: `${document} ` }), /hash/],
    ["a plan that is not canonical", planned(document.replace("{", "{ ")), /canonical/],
    ["a plan in YAML", planned("name: x"), /canonical/],
    ["a plan that is invalid", planned('{"name":"x"}'), /invalid/],
    ["a plan that is nothing but brackets", planned("[".repeat(500_000)), /canonical/],
    ["a plan that is nothing but nested maps", planned('{"a":'.repeat(100_000)), /canonical/],
    ["a plan of more than 1 MiB", planned("x".repeat(MAX_PLAN_BYTES + 1)), /document/],
    ["a stop without a reason", control({ stopReason: null }), /stop/],
    ["a reason without a stop", control({ stopAtMs: null }), /stop/],
    ["a start beyond the year 2200", control({ startAtMs: YEAR_2201 }), /startAtMs/],
    ["a lineage of a kilobyte", control({ lineage: "x".repeat(1024) }), /lineage/],
    ["a start that is not a number", control({ startAtMs: NaN }), /startAtMs/],
    ["a notAfter beyond the year 2200", spec({ notAfterMs: YEAR_2201 }), /notAfterMs/],
    ["a report of nobody", report({ member: "" }), /member/],
    ["a report on nothing", report({ run: "" }), /run/],
    ["a count beyond 2^53", report({ totals: { ...REPORT.snapshot.totals, errors: [2 ** 60] } }), /not within/],
    ["a status of four digits", report({ totals: { ...REPORT.snapshot.totals, status: [[1000, 1]] } }), /code/],
    ["more kinds of error than there can be", report({ totals: { ...REPORT.snapshot.totals, errors: new Array(99).fill(1) } }), /errors/],
    ["endless patience", scope({ patienceMs: 60_001 }), /patienceMs/],
    ["a gather in no lineage", scope({ lineage: "" }), /lineage/],
    ["too many points", report({ points: new Array(1001).fill(REPORT.snapshot.points[0]) }), /points/],
    ["an interval beyond any run", report({ points: [{ ...REPORT.snapshot.points[0]!, index: 100_001 }] }), /index/],
    ["a sketch whose buckets do not rise", sketch({ index: [3, 3], count: [1, 1] }), /buckets/],
    ["a sketch whose buckets fall", sketch({ index: [3, 2], count: [1, 1] }), /sketch|buckets|gap/],
    ["a sketch with a bucket beyond the last", sketch({ index: [2304], count: [1] }), /buckets/],
    ["a sketch with more counts than buckets", sketch({ index: [1], count: [1, 1] }), /buckets/],
    ["a sketch with a negative sum", sketch({ sum: -1 }), /sum/],
    ["a sketch with a maximum that is not a number", sketch({ max: NaN }), /max/],
    ["a gather of no run", { gather: { id: 1, run: "", have: [] } }, /run/],
    ["a gather that knows too many", { gather: { id: 1, run: "r", have: new Array(10_001).fill({ member: "a", sequence: 1 }) } }, /have/],
  ];
  for (const [name, frame, message] of cases) {
    it(name, () => {
      assert.throws(
        () => decodeFrame(encodeFrame(frame)),
        (error) => error instanceof LoadswarmError && error.code === "WIRE_INVALID" && message.test(error.message),
      );
    });
  }

  const raw: readonly [string, (writer: protobuf.Writer) => unknown, RegExp][] = [
    ["an unknown state", (w) => w.uint32((2 << 3) | 2).fork().uint32(10).string("a").uint32(24).uint32(3).ldelim(), /state/],
    ["a run without a register", (w) => w.uint32((3 << 3) | 2).fork().uint32(10).string("r").ldelim(), /control/],
  ];
  for (const [name, write, message] of raw) {
    it(name, () => {
      const writer = protobuf.Writer.create();
      write(writer);
      assert.throws(() => decodeFrame(writer.finish()), { code: "WIRE_INVALID", message });
    });
  }

  it("a frame larger than the limit, before anything of it is read", () => {
    assert.throws(() => decodeFrame(new Uint8Array(MAX_FRAME_BYTES + 1)), /larger/);
  });

  it("the cause of broken protobuf is kept, and the hint says what to look at", () => {
    assert.throws(
      () => decodeFrame(new Uint8Array([0xff])),
      (error) => error instanceof LoadswarmError && error.cause instanceof Error && /versions/.test(error.hint),
    );
  });
});
