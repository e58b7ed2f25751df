// Slow time: a second of the processes takes as many of the kernel's as was asked for, and all of them have the same clock.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { faketimeMissing, mustSlowDown, sameTime, slower } from "../support/dilation.ts";

const missing = faketimeMissing();
const skip = process.env["CI"] === undefined && missing !== null ? missing : false;
const FACTOR = 8;
const SLEEP_MS = 250;

/** Slows itself down; then sleeps, and asks a child with an environment of its own for the time. The kernel's is not slowed down. */
const PROGRAM = `
  const { again, mustSlowDown, sameTime, slower } = await import(${JSON.stringify(new URL("../support/dilation.ts", import.meta.url).href)});
  const { execFileSync } = await import("node:child_process");
  const { readFileSync } = await import("node:fs");
  if (mustSlowDown()) process.exit(await again());
  const kernelMs = () => 1000 * Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const [sinceMs, sinceKernelMs] = [performance.now(), kernelMs()];
  await new Promise((resolve) => setTimeout(resolve, ${SLEEP_MS}));
  const [sleptMs, sleptKernelMs] = [performance.now() - sinceMs, kernelMs() - sinceKernelMs];
  const before = Date.now();
  const child = Number(execFileSync(process.execPath, ["-p", "Date.now()"], { env: sameTime(), encoding: "utf8" }));
  console.log(JSON.stringify({ factor: slower(), sleptMs, sleptKernelMs, before, child, after: Date.now() }));
`;

describe("how much slower time is to pass", () => {
  const rows: readonly [string, NodeJS.ProcessEnv, boolean, number][] = [
    ["not at all, if nobody asks for it", {}, false, 1],
    ["8 times, not yet", { CHAOS_SLOWER: "8" }, true, 1],
    ["8 times, as it does", { CHAOS_SLOWER: "8", FAKETIME: "+0 x0.125" }, false, 8],
    ["once", { CHAOS_SLOWER: "1" }, false, 1],
  ];
  for (const [name, environment, must, factor] of rows) {
    it(name, () => assert.deepEqual([mustSlowDown(environment), slower(environment)], [must, factor]));
  }
  for (const text of ["0.5", "-3", "much", "1000", ""]) {
    it(`is refused: "${text}"`, () => assert.throws(() => mustSlowDown({ CHAOS_SLOWER: text }), /a number from 1 to 100/));
  }

  it("is passed on to children, and nothing else is", () => {
    assert.deepEqual(sameTime({ FAKETIME: "+0 x0.5", LD_PRELOAD: "lib", HOME: "/root" }), { LD_PRELOAD: "lib", FAKETIME: "+0 x0.5" });
  });
});

describe("a program in slow time", { skip }, () => {
  it("sleeps so many times longer, and has the same clock as its children", () => {
    assert.equal(missing, null, "CI must have faketime");
    const environment = { ...process.env, CHAOS_SLOWER: String(FACTOR) };
    const text = execFileSync(process.execPath, ["--input-type=module", "-e", PROGRAM], { env: environment, encoding: "utf8" });
    const { factor, sleptMs, sleptKernelMs, before, child, after } = JSON.parse(text);
    assert.equal(factor, FACTOR);
    // Timers may come a millisecond early; the kernel counts in hundredths of a second here.
    assert.ok(sleptMs >= SLEEP_MS - 1, `${sleptMs} ms`);
    assert.ok(sleptKernelMs >= FACTOR * (SLEEP_MS - 1) - 20, `${sleptKernelMs} ms of the kernel's`);
    assert.ok(before <= child && child <= after, `${before} <= ${child} <= ${after}`);
  });
});
