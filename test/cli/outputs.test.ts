// Files for results are tried before a run, and left as they were.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkOutputs } from "../../node/cli/outputs.ts";
import { temporaryFolder } from "../support/cli.ts";

const FOLDER = temporaryFolder();
const LOOP = join(FOLDER, "loop");
symlinkSync(LOOP, LOOP);

describe("before a run", () => {
  it("files that can be written are left as they were", () => {
    const [old, fresh] = [join(FOLDER, "old.json"), join(FOLDER, "fresh.xml")];
    writeFileSync(old, "before");
    checkOutputs({ json: old, junit: fresh });
    assert.deepEqual([readFileSync(old, "utf8"), existsSync(fresh)], ["before", false]);
  });

  it("a link to a file that is not there yet stays, and the file is still not there", () => {
    const [link, file] = [join(FOLDER, "link.json"), join(FOLDER, "linked.json")];
    symlinkSync(file, link);
    checkOutputs({ json: link, junit: null });
    assert.deepEqual([readlinkSync(link), existsSync(file)], [file, false]);
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
    ["a link to itself", LOOP, /: ELOOP: /],
    ["a name that is too long", join(FOLDER, "x".repeat(300)), /: ENAMETOOLONG: /],
  ];
  for (const [what, file, message] of rows) {
    it(`${what} is refused`, () => {
      const flags = [[{ json: file, junit: null }, /--json -/], [{ json: null, junit: file }, /--junit -/]] as const;
      for (const [options, hint] of flags) {
        assert.throws(() => checkOutputs(options), (error: Error & { code?: string; hint?: string }) => {
          assert.match(error.message, message);
          assert.match(error.hint!, hint);
          return error.code === "OUTPUT_FAILED";
        });
      }
    });
  }
});
