// Time that passes more slowly, for this process and all that it starts: what two cores do in ten of our seconds then is
// what twenty cores do in one of theirs. Gupta et al., "To Infinity and Beyond: Time-Warped Network Emulation", NSDI 2006.
//
// Clocks and timers of processes go slower; the kernel's do not. The one that matters, the least time after which TCP sends
// again, can be told (Netns); a SYN is still sent again after one real second, which looks shorter.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";

/** What the preloaded library reads; a child started with an environment of its own needs them too. */
const ENVIRONMENT = ["LD_PRELOAD", "FAKETIME", "FAKETIME_SHARED"];
const MOST = 100;

/** Seconds of real time for each of ours. */
export function slower(environment: NodeJS.ProcessEnv = process.env): number {
  return environment["FAKETIME"] === undefined ? 1 : wanted(environment);
}

/** True if time is to pass more slowly, and does not yet. @throws if `CHAOS_SLOWER` is not how much */
export function mustSlowDown(environment: NodeJS.ProcessEnv = process.env): boolean {
  return wanted(environment) > slower(environment);
}

function wanted(environment: NodeJS.ProcessEnv): number {
  const factor = Number(environment["CHAOS_SLOWER"] ?? 1);
  if (factor >= 1 && factor <= MOST) return factor;
  throw new Error(`CHAOS_SLOWER must be a number from 1 to ${MOST}`);
}

/** Why time cannot be slowed down here; null if it can. */
export function faketimeMissing(): string | null {
  try {
    execFileSync("faketime", ["--version"], { stdio: "ignore" });
    return null;
  } catch {
    return "faketime is not installed (apt-get install faketime)";
  }
}

/** Runs this program again, in slow time, to its end; resolves to its exit code. */
export async function again(): Promise<number> {
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn("faketime", ["-f", `+0 x${1 / wanted(process.env)}`, ...program], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

/** Variables with which a child's time passes as ours does. */
export function sameTime(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(ENVIRONMENT.filter((name) => name in environment).map((name) => [name, environment[name]]));
}
