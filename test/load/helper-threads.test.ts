// V8's helper threads, as the kernel sees them.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { it } from "node:test";
import { lowerHelperThreads, NICER_BY } from "../../node/load/helper-threads.ts";
import { startEngine } from "./support.ts";

/** Nice values of the threads of this process; a thread that is gone meanwhile has none. */
function niceOf(isHelper: boolean): number[] {
  return readdirSync("/proc/self/task").flatMap((task) => {
    try {
      const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/self/task/${task}/stat`, "latin1"))!;
      // Field 19 of proc(5), counted from 1; the rest begins with field 3.
      return name!.includes("V8Worker") === isHelper ? [Number(rest!.split(" ")[16])] : [];
    } catch {
      return [];
    }
  });
}

const skip = process.platform === "linux" ? false : "nice values of threads are Linux's";

it("an engine that starts its threads lowers the helpers of V8, and nobody else", { skip }, async () => {
  const own = getPriority();
  const helpers = niceOf(true);
  assert.ok(helpers.length > 0, "V8 calls its helpers otherwise now");
  await using harness = startEngine();
  await harness.engine.prepare();
  const lowered = Math.min(19, own + NICER_BY);
  assert.deepEqual(new Set(niceOf(true)), new Set([lowered]));
  assert.deepEqual(new Set(niceOf(false)), new Set([own]));
  // However often.
  lowerHelperThreads();
  assert.deepEqual(new Set(niceOf(true)), new Set([lowered]));
});
