// What the hypervisor keeps from a core: no generator can be on time while it does not run.

import { readFileSync } from "node:fs";
import type { Pin } from "./peers/pin.ts";

/** Of a line of /proc/stat, after its name: user, nice, system, idle, iowait, irq, softirq, steal (proc(5)), in hundredths of a second. */
const STEAL = 7;
const TICKS_PER_SECOND = 100;

/** Seconds since the machine began; of all cores if there is no pin. Null where the kernel does not tell. */
export function stolenSeconds(pin: Pin): number | null {
  try {
    const name = pin === null ? "cpu" : `cpu${pin}`;
    const line = readFileSync("/proc/stat", "utf8").split("\n").find((each) => each.startsWith(`${name} `));
    const ticks = Number(line?.trim().split(/\s+/).slice(1)[STEAL]);
    return Number.isFinite(ticks) ? ticks / TICKS_PER_SECOND : null;
  } catch {
    return null;
  }
}
