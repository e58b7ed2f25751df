// The wire's promise to the version before: fields are only ever added, and what is new is passed over.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import protobuf from "protobufjs";
import { encodeFrame } from "../../node/wire/codec.ts";
import { frameSchema } from "../../node/wire/schema.ts";
import { hasOlderCommit, OLDER_COMMIT, OLDER_PROTO } from "../support/older-version.ts";
import { FRAMES } from "./frames.ts";

const older = protobuf.parse(readFileSync(OLDER_PROTO, "utf8")).root.lookupType("loadswarm.v1.Frame");

/** Every field of every message that a frame may hold: `Message.field` to its number and kind. */
function fieldsOf(frame: protobuf.Type): Map<string, string> {
  const { root } = frame.resolveAll();
  const types = (root.lookup("loadswarm.v1") as protobuf.Namespace).nestedArray.filter((each) => each instanceof protobuf.Type);
  return new Map(types.flatMap(({ name, fieldsArray }) => fieldsArray.map((field) => [`${name}.${field.name}`, `${field.rule ?? ""} ${field.type} ${field.id}`])));
}

describe("the version before", () => {
  it("has no field that is gone, has another number or is of another kind today", () => {
    const [before, today] = [fieldsOf(older), fieldsOf(frameSchema().type)];
    assert.ok(before.size > 100);
    assert.deepEqual(new Map([...today].filter(([field]) => before.has(field))), before);
  });

  for (const [name, frame] of Object.entries(FRAMES)) {
    it(`reads a frame of today's that holds ${name}`, () => void older.decode(encodeFrame(frame)));
  }

  it("is the one that test/chaos/upgrade.test.ts runs", { skip: hasOlderCommit() ? false : "its commit is not in this clone" }, () => {
    const source = execFileSync("git", ["show", `${OLDER_COMMIT}:proto/swarm.proto`], { encoding: "utf8" });
    assert.equal(readFileSync(OLDER_PROTO, "utf8"), source);
  });
});
