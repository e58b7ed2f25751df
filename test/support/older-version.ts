// The program as it was before what agents say to each other changed last, to be started beside today's.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/**
 * The version before, and its proto/swarm.proto, which is of this very commit: agents of it run beside today's in
 * test/chaos/upgrade.test.ts. Until there is a release it is a commit before today's additions to the wire; then the last release.
 */
export const OLDER_COMMIT = "926b39c380bb4166b22e49fe8a5bea6fc7311999";
export const OLDER_PROTO = join(ROOT, "test/wire/older.proto");
const PARTS = ["node", "proto", "sim", "examples/target", "package.json"];

/** Takes out of every frame, coming and going, what the older version had no field for. */
const FORGETTING = `
  import { readFileSync } from "node:fs";
  import protobuf from "protobufjs";
  import * as today from "./schema-today.ts";
  const source = readFileSync(new URL("../../proto/older.proto", import.meta.url), "utf8");
  const older = protobuf.parse(source).root.lookupType("loadswarm.v1.Frame");
  function forgotten(bytes: Uint8Array): Uint8Array {
    const reader = protobuf.Reader.create(bytes);
    reader.discardUnknown = true;
    return older.encode(older.decode(reader)).finish();
  }
  export const frameSchema = today.frameSchema;
  export const writeFrame = (wire: Parameters<typeof today.writeFrame>[0]): Uint8Array => forgotten(today.writeFrame(wire));
  export const readFrame = (bytes: Uint8Array): ReturnType<typeof today.readFrame> => today.readFrame(forgotten(bytes));
`;

/** Where the repository's history ends, as it may in a clone for a test, the commit is not there. */
export function hasOlderCommit(): boolean {
  try {
    execFileSync("git", ["cat-file", "-e", OLDER_COMMIT], { cwd: ROOT, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Puts it into `folder`, which must not be there. Without the commit: today's program that says and hears
 * no more than the older proto/swarm.proto has words for. @returns its node/main.ts
 */
export function checkOutOlder(folder: string, fromCommit = hasOlderCommit()): string {
  mkdirSync(folder);
  if (fromCommit) {
    const tar = execFileSync("git", ["archive", OLDER_COMMIT, ...PARTS], { cwd: ROOT, maxBuffer: 1 << 28 });
    execFileSync("tar", ["-C", folder, "-xf", "-"], { input: tar });
  } else {
    for (const part of PARTS) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    cpSync(OLDER_PROTO, join(folder, "proto/older.proto"));
    renameSync(join(folder, "node/wire/schema.ts"), join(folder, "node/wire/schema-today.ts"));
    writeFileSync(join(folder, "node/wire/schema.ts"), FORGETTING);
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return join(folder, "node/main.ts");
}
