// Files for results are tried before a run, and left as they were.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkOutputs } from "../../node/cli/outputs.ts";
import { temporaryFolder } from "../support/cli.ts";

const FOLDER = temporaryFolder();

describe("before a run", () => {
  it("files that can be written are left as they were", () => {
    const [old, fresh] = [join(FOLDER, "old.json"), join(FOLDER, "fresh.xml")];
    writeFileSync(old, "before");
    checkOutputs({ json: old, junit: fresh });
    assert.deepEqual([readFileSync(old, "utf8"), existsSync(fresh)], ["before", false]);
  });

  it("stdout, nothing, and pipes are not tried: a reader would take that for the end", () => {
    const pipe = join(FOLDER, "pipe");
    execFileSync("mkfifo", [pipe]);
    checkOutputs({ json: "-", junit: null });
    checkOutputs({ json: pipe, junit: null });
  });

  const rows: readonly [string, string, RegExp][] = [
    ["a folder", FOLDER, /: it is a folder$/],
    ["a file in no folder", join(FOLDER, "none/x.json"), /: there is no such folder$/],
  ];
  for (const [what, file, message] of rows) {
    it(`${what} is refused`, () => {
      for (const [options, hint] of [[{ json: file, junit: null }, /--json -/], [{ json: null, junit: file }, /--junit -/]] as const) {
        assert.throws(() => checkOutputs(options), (error: Error & { code?: string; hint?: string }) => {
          assert.match(error.message, message);
          assert.match(error.hint!, hint);
          return error.code === "OUTPUT_FAILED";
        });
      }
    });
  }
});
