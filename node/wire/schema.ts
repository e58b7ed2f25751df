// The message types of proto/swarm.proto, compiled by protobufjs when first needed.

import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

let frameType: protobuf.Type | null = null;

/** The type of everything agents send each other. */
export function frame(): protobuf.Type {
  if (frameType === null) {
    const source = readFileSync(new URL("../../proto/swarm.proto", import.meta.url), "utf8");
    frameType = protobuf.parse(source).root.lookupType("loadswarm.v1.Frame");
  }
  return frameType;
}
