// The log of an agent whose reader stands still for a while, as a full disk does.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs, { constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { createLog } from "../../node/agent/log.ts";
import { temporaryFolder } from "../support/cli.ts";

const STDERR = 2;
/** More than the pipe holds and the log keeps. */
const TOO_MANY_BYTES = 1024 * 1024;
const LINE_BYTES = 1000;
const TRY_AGAIN_MS = 5000;

/** A pipe that takes what is written to stderr as long as it has room, and then refuses it. */
function stderrPipe({ mock }: TestContext): { read(): string } {
  const file = join(temporaryFolder(), "pipe");
  execFileSync("mkfifo", [file]);
  const pipe = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  const write = fs.writeSync as (fd: number, data: string) => number;
  mock.method(fs, "writeSync", (fd: number, data: string) => write(fd === STDERR ? pipe : fd, data));
  const bytes = Buffer.alloc(TOO_MANY_BYTES);
  const read = (): string => {
    let length = 0;
    try {
      while (length < bytes.length) length += readSync(pipe, bytes, length, bytes.length - length, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
    return bytes.toString("utf8", 0, length);
  };
  return { read };
}

it("a log that could not be written is written again once there is room, and so is what comes then", (t) => {
  const pipe = stderrPipe(t);
  t.mock.timers.enable({ apis: ["setInterval"] });
  const log = createLog("info", "me");
  log.info("first");
  assert.match(pipe.read(), /"msg":"first"}\n$/);

  for (let i = 0; i < TOO_MANY_BYTES / LINE_BYTES; i++) log.info({ i }, "x".repeat(LINE_BYTES));
  let text = pipe.read();
  for (let more = text; more !== ""; text += more) {
    t.mock.timers.tick(TRY_AGAIN_MS);
    more = pipe.read();
  }
  const kept = text.split("\n").slice(0, -1).map((line) => (JSON.parse(line) as { i: number }).i);
  assert.deepEqual(kept, kept.map((_, i) => i), "whole lines, in order");
  assert.ok(kept.length * LINE_BYTES > 256 * 1024 && kept.length * LINE_BYTES < TOO_MANY_BYTES, `${kept.length} lines`);

  log.info("last");
  assert.match(pipe.read(), /"msg":"last"}\n$/);
});
