// Bounds: what is counted is what would be built, and nothing is built of a frame that has too much of anything.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { getHeapStatistics } from "node:v8";
import protobuf from "protobufjs";
import { checkBounds, LIMITS, MAX_MESSAGES, MAX_NUMBERS, shapeOf, type Tally } from "../../node/wire/bounds.ts";
import { decodeFrame, encodeFrame, MAX_FRAME_BYTES } from "../../node/wire/codec.ts";
import { frameSchema } from "../../node/wire/schema.ts";
import { Random } from "../support/random.ts";
import { FRAMES } from "./frames.ts";
import { mutated } from "./mutations.ts";
import { randomFrame } from "./random-frame.ts";

const NOTHING = new Uint8Array();

/** A field of bytes, as messages, texts and packed lists are. */
function field(id: number, ...parts: Uint8Array[]): Uint8Array {
  return protobuf.Writer.create().uint32((id << 3) | 2).bytes(Buffer.concat(parts)).finish();
}

function times(count: number, part: Uint8Array): Uint8Array {
  const all = new Uint8Array(count * part.length);
  for (let i = 0; i < count; i++) all.set(part, i * part.length);
  return all;
}

/** The path to a field of the schema, by names. */
function at(path: string, ...parts: Uint8Array[]): Uint8Array {
  let type = frameSchema().type;
  const ids: number[] = [];
  for (const name of path.split(".")) {
    const next = type.fields[name]!.resolve();
    ids.push(next.id);
    if (next.resolvedType instanceof protobuf.Type) type = next.resolvedType;
  }
  return ids.reduceRight((inner, id) => field(id, inner), Buffer.concat(parts) as Uint8Array);
}

/** What stands in a decoded message. */
function standing(type: protobuf.Type, message: object, tally: Tally): Tally {
  tally.messages++;
  for (const { name, repeated, resolvedType } of type.fieldsArray) {
    const value = (message as Record<string, unknown>)[name];
    const values = repeated ? (value as unknown[]) : value === null || value === undefined ? [] : [value];
    if (repeated) assert.ok(values.length <= LIMITS[`${type.name}.${name}`]!, `${type.name}.${name}`);
    if (resolvedType instanceof protobuf.Type) for (const one of values) standing(resolvedType, one as object, tally);
    else if (repeated && typeof values[0] === "number") tally.numbers += values.length;
  }
  return tally;
}

describe("what is counted before decoding", () => {
  it("is what stands there afterwards, whatever the bytes", () => {
    const { type, shape } = frameSchema();
    const random = new Random(11);
    const valid = Object.values(FRAMES).map((frame) => encodeFrame(frame));
    for (let i = 0; i < 50; i++) valid.push(encodeFrame(randomFrame(random)));
    let compared = 0;
    for (let i = 0; i < 10_000; i++) {
      const bytes = i < valid.length ? valid[i]! : mutated(random, valid);
      try {
        const tally = checkBounds(bytes, shape);
        assert.deepEqual(tally, standing(type, type.decode(bytes), { messages: 0, numbers: 0 }));
        compared++;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
      }
    }
    assert.ok(compared > 1000, `only ${compared} were taken`);
  });

  it("covers every list: a schema with one that has no limit is not used at all", () => {
    const parse = (fields: string) => {
      return protobuf.parse(`syntax = "proto3"; message Frame { ${fields} }`).root.lookupType("Frame");
    };
    assert.throws(() => shapeOf(parse("repeated uint32 forgotten = 1;")), /Frame.forgotten has no limit/);
    assert.throws(() => shapeOf(parse("repeated double members = 1;")), /Frame.members has no limit/);
    shapeOf(parse("repeated string members = 1;"));
  });
});

describe("lists are limited", () => {
  const steps = at("reports.steps", NOTHING);
  const gaps = new Uint8Array(16_384);
  const point = field(12, field(6, field(2, new Uint8Array(2304))));
  const perReport = MAX_MESSAGES / 16;
  const cases: readonly [string, Uint8Array, RegExp | null][] = [
    ["10,000 view members", at("chain.base", times(10_000, field(3))), /id is empty/],
    ["10,001 view members", at("chain.base", times(10_001, field(3))), /View.members/],
    ["512 roll calls", times(512, at("rollCalls", NOTHING)), null],
    ["513 roll calls", times(513, at("rollCalls", NOTHING)), /Frame.rollCalls/],
    ["257 ballots", times(257, at("ballots", NOTHING)), /Frame.ballots/],
    ["10,000 accusations", times(10_000, at("accusations", NOTHING)), null],
    ["10,001 accusations", times(10_001, at("accusations", NOTHING)), /Frame.accusations/],
    ["65 commits", times(65, at("commits", NOTHING)), /Frame.commits/],
    ["65 commits of a chain", at("chain", times(65, field(2))), /Chain.commits/],
    ["10,001 members added", at("ballots.change", times(10_001, field(3))), /Change.added/],
    ["10,001 members reweighed", at("ballots.change", times(10_001, field(4))), /Change.reweighed/],
    ["16,385 members removed", at("commits.change.removed", new Uint8Array(16_385)), /Change.removed/],
    ["16,385 gaps", at("rollCalls.presentGaps", new Uint8Array(16_385)), /presentGaps/],
    ["16,385 gaps in two parts", at("rollCalls", field(4, gaps), field(4), field(4, Uint8Array.of(0))), /presentGaps/],
    ["16,385 gaps one by one", at("rollCalls", times(16_385, Uint8Array.of(0x20, 0))), /presentGaps/],
    ["16,384 gaps that leap", at("rollCalls.presentGaps", new Uint8Array(16_384).fill(127)), /presentGaps/],
    ["a set of 16,392 positions", at("rollCalls.present", new Uint8Array(2049).fill(255)), /present/],
    ["seventeen addresses", at("members", times(17, field(6))), /Member.addresses/],
    ["16,385 gaps of those who are asked", at("gather.scope.askGaps", new Uint8Array(16_385)), /Scope.askGaps/],
    ["1,001 intervals of many agents", at("gathered.part", times(1001, field(15))), /Part.intervals/],
    ["2,305 buckets", at("reports.points.duration.gap", new Uint8Array(2305)), /Sketch.gap/],
    ["a sub-message twice", times(2, at("echo", NOTHING)), /Frame.echo/],
    ["a value twice", at("members", times(2, field(4))), /Member.name/],
    ["as many messages as there may be", times(15, at("reports", times(perReport, steps.subarray(2)))), /run is empty/],
    ["16 reports", times(16, at("reports", NOTHING)), /run is empty/],
    ["17 reports", times(17, at("reports", NOTHING)), /Frame.reports/],
    ["more messages than there may be", times(16, at("reports", times(perReport, steps.subarray(2)))), /messages/],
    ["more numbers than there may be", at("reports", times(Math.ceil(MAX_NUMBERS / 2304), point)), /numbers/],
  ];
  for (const [name, bytes, message] of cases) {
    it(name, () => {
      if (message === null) decodeFrame(bytes);
      else assert.throws(() => decodeFrame(bytes), { code: "WIRE_INVALID", message });
    });
  }
});

describe("a frame as large as can be costs little to refuse", () => {
  /** So many bytes of garbage a refusal may leave. What would be built of these frames takes hundreds of megabytes. */
  const MAX_GARBAGE_BYTES = 48e6;
  const fill = (part: Uint8Array, roomBytes = MAX_FRAME_BYTES - 64) => times(Math.floor(roomBytes / part.length), part);

  const bombs: readonly [string, () => Uint8Array][] = [
    ["a length far beyond the end", () => protobuf.Writer.create().uint32((2 << 3) | 2).uint32(0xffffffff).finish()],
    ["groups nested as deep as it is long", () => new Uint8Array(MAX_FRAME_BYTES).fill(0x63)],
    ["a number that does not end", () => new Uint8Array(MAX_FRAME_BYTES).fill(0x80)],
    ["empty members", () => fill(at("members", NOTHING))],
    ["empty members of a view", () => at("chain.base", fill(field(3)))],
    ["empty members added in the commits of a chain", () => at("chain", times(64, field(2, field(3, times(9999, field(3))))))],
    ["reports of empty steps", () => fill(at("reports", times(10_000, field(8))))],
    ["points of empty sketches", () => fill(at("reports", times(1000, field(12, field(6)))))],
    ["empty names", () => at("members", fill(field(4)))],
    ["empty addresses", () => at("members", fill(field(6)))],
    ["gaps", () => fill(at("rollCalls.presentGaps", new Uint8Array(16_384)))],
    ["numbers in one sketch", () => at("reports.points.duration.gap", new Uint8Array(MAX_FRAME_BYTES - 64).fill(1))],
    ["numbers in many sketches", () => fill(at("reports.points.duration.count", new Uint8Array(2304)))],
  ];
  for (const [name, make] of bombs) {
    it(name, () => {
      const bytes = make();
      assert.ok(bytes.length <= MAX_FRAME_BYTES);
      const before = allocatedBytes();
      assert.throws(() => decodeFrame(bytes), { code: "WIRE_INVALID" });
      assert.ok(allocatedBytes() - before < MAX_GARBAGE_BYTES, `${allocatedBytes() - before} bytes`);
    });
  }

  it("and nothing is kept of one that nobody understands", () => {
    const bytes = fill(field(99));
    const before = allocatedBytes();
    assert.deepEqual(decodeFrame(bytes), {});
    assert.ok(allocatedBytes() - before < MAX_GARBAGE_BYTES);
  });
});

/** By V8 since it began; @types/node does not know the figure yet. */
function allocatedBytes(): number {
  return (getHeapStatistics() as unknown as { total_allocated_bytes: number }).total_allocated_bytes;
}
