// Who runs on which core: the target on the first, whoever makes the load on the second.

import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** A core by number; null where there is only one, or no taskset. */
export type Pin = number | null;

export interface Cores {
  readonly target: Pin;
  readonly generator: Pin;
}

export function cores(): Cores {
  if (availableParallelism() < 2) return { target: null, generator: null };
  try {
    const allowed = /: ([\d,-]+)/.exec(String(execFileSync("taskset", ["-cp", String(process.pid)])))![1]!;
    const [target, generator] = allowed.split(",").flatMap((part) => {
      const [from, to = from] = part.split("-").map(Number);
      return Array.from({ length: to! - from! + 1 }, (_, i) => from! + i);
    });
    return { target: target!, generator: generator! };
  } catch {
    return { target: null, generator: null };
  }
}

/** Whoever measures shares the target's core from now on, so that the generator has its own to itself. */
export function keepAway({ target }: Cores): void {
  if (target !== null) execFileSync("taskset", ["-acp", String(target), String(process.pid)], { stdio: "ignore" });
}

export function pinned(pin: Pin, command: readonly string[]): readonly string[] {
  return pin === null ? command : ["taskset", "-c", String(pin), ...command];
}
