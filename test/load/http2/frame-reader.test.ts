// Frames are found wherever the bytes are cut.

import assert from "node:assert/strict";
import { it } from "node:test";
import { FrameReader, type FrameSink } from "../../../node/load/http2/frame-reader.ts";
import { Random } from "../../support/random.ts";
import { DATA, frame, HEADERS, PING, SETTINGS } from "./servers.ts";

/** What is told, with the pieces of a frame's data put together. */
class Notes implements FrameSink {
  readonly told: string[] = [];
  #body = "";

  onFrame(type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number): boolean {
    this.told.push(`${type} ${flags} ${stream} ${bytes.toString("latin1", from, to)}`);
    return true;
  }

  onDataFrame(stream: number, flags: number, length: number): boolean {
    this.told.push(`data ${stream} ${flags} ${length}`);
    this.#body = "";
    return true;
  }

  onData(bytes: Buffer, from: number, to: number): boolean {
    this.#body += bytes.toString("latin1", from, to);
    return true;
  }

  onDataEnd(): boolean {
    this.told.push(this.#body);
    return true;
  }

  onFault(code: number): false {
    this.told.push(`fault ${code}`);
    return false;
  }
}

const PADDED = 8;
const FRAMES = Buffer.concat([
  frame(SETTINGS, 0, 0),
  frame(HEADERS, 4, 1, "block"),
  frame(DATA, 0, 1, "body"),
  frame(DATA, PADDED, 1, "\x03bodyxxx"),
  frame(DATA, PADDED, 1, "\x00"),
  frame(DATA, PADDED, 1, "\x03xxx"),
  frame(DATA, 1, 1),
  frame(PING, 0, 0, "12345678"),
  frame(HEADERS, 0, 0x8000_0001, "x".repeat(16_384)),
]);
const TOLD = [
  "4 0 0 ",
  "1 4 1 block",
  "data 1 0 4",
  "body",
  "data 1 8 8",
  "body",
  "data 1 8 1",
  "",
  "data 1 8 4",
  "",
  "data 1 1 0",
  "",
  "6 0 0 12345678",
  `1 0 1 ${"x".repeat(16_384)}`,
];

function read(bytes: Buffer, cuts: readonly number[]): string[] {
  const notes = new Notes();
  const reader = new FrameReader(notes);
  // In memory that is used again for each read, as the connection's is.
  const memory = Buffer.alloc(bytes.length);
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    bytes.copy(memory, 0, from, to);
    reader.read(memory, 0, to - from);
    from = to;
  }
  return notes.told;
}

it("all at once, octet by octet, and cut anywhere in two", () => {
  assert.deepEqual(read(FRAMES, []), TOLD);
  assert.deepEqual(read(FRAMES, Array.from({ length: FRAMES.length - 1 }, (_, i) => i + 1)), TOLD);
  for (let at = 1; at < 200; at++) assert.deepEqual(read(FRAMES, [at]), TOLD, `cut at ${at}`);
});

it("cut at random", () => {
  const random = new Random(7541);
  for (let round = 0; round < 500; round++) {
    const cuts = Array.from({ length: 20 }, () => random.integer(1, FRAMES.length - 1)).sort((a, b) => a - b);
    assert.deepEqual(read(FRAMES, cuts), TOLD, cuts.join());
  }
});

const SAD: readonly (readonly [string, Buffer, string])[] = [
  ["a frame longer than we take", frame(HEADERS, 0, 1, "x".repeat(16_385)), "fault 6"],
  ["padding longer than the frame", frame(DATA, PADDED, 1, "\x04xxx"), "fault 1"],
  ["no length of padding where there must be one", frame(DATA, PADDED, 1), "fault 6"],
];

for (const [what, bytes, fault] of SAD) {
  it(`${what} is refused, and nothing after it is read`, () => {
    assert.deepEqual(read(Buffer.concat([bytes, FRAMES]), []).at(-1), fault);
  });
}
