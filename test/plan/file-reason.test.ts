// Why files cannot be read or written, as a user is told.

import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileReason } from "../../node/plan/file-reason.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "loadswarm-test-"));
after(() => rmSync(FOLDER, { recursive: true }));
writeFileSync(join(FOLDER, "file"), "");

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

function onFullDisk(): void {
  const full = openSync("/dev/full", "w");
  try {
    writeFileSync(full, "x");
  } finally {
    closeSync(full);
  }
}

describe("why a file", () => {
  const rows: readonly [string, "read" | "write", () => unknown, string][] = [
    ["that is not there", "read", () => readFileSync(join(FOLDER, "none")), "there is no such file"],
    ["in no folder", "write", () => writeFileSync(join(FOLDER, "none/file"), ""), "there is no such folder"],
    ["that is a folder", "read", () => readFileSync(FOLDER), "it is a folder"],
    ["below a file", "write", () => writeFileSync(join(FOLDER, "file/file"), ""), "a part of its path is no folder"],
    ["on a full disk", "write", onFullDisk, "its disk is full"],
    ["of somebody else", "write", () => { throw Object.assign(new Error("no"), { code: "EACCES" }); }, "this user may not write it"],
    ["for a reason nobody thought of", "read", () => { throw new Error("larger than 1 MiB"); }, "larger than 1 MiB"],
  ];
  for (const [which, wish, act, reason] of rows) it(`${which} cannot be ${wish === "read" ? "read" : "written"}`, () => assert.equal(fileReason(thrown(act), wish), reason));
});
