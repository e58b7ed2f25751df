// The message types of proto/swarm.proto, compiled by protobufjs when first needed.

import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import { checkBounds, shapeOf } from "./bounds.ts";
import type { Loose } from "./check.ts";

// Numbers of 64 bits are read as numbers. Those beyond 2^53 are rounded, and refused by the bounds on what is read.
protobuf.util.Long = null!;
protobuf.configure();

interface Compiled {
  readonly type: protobuf.Type;
  readonly shape: ReturnType<typeof shapeOf>;
}

let compiled: Compiled | null = null;

/** Everything agents send each other is a Frame. */
export function frameSchema(): Compiled {
  if (compiled === null) {
    const source = readFileSync(new URL("../../proto/swarm.proto", import.meta.url), "utf8");
    const type = protobuf.parse(source).root.lookupType("loadswarm.v1.Frame");
    compiled = { type, shape: shapeOf(type) };
  }
  return compiled;
}

export function writeFrame(wire: Loose): Uint8Array {
  return frameSchema().type.encode(wire).finish();
}

/** Throws what protobufjs throws, and WIRE_INVALID for lists beyond their limits. */
export function readFrame(bytes: Uint8Array): Loose {
  const { type, shape } = frameSchema();
  checkBounds(bytes, shape);
  const reader = protobuf.Reader.create(bytes);
  // Else they are kept with the message that nobody asks.
  reader.discardUnknown = true;
  return type.decode(reader) as unknown as Loose;
}
