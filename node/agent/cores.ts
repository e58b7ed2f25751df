// How many cores this process may use: what the kernel grants, not what the machine has.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * CPU quota of a container in cores, from the content of cgroup v2 `cpu.max` ("200000 100000", "max 100000") or of
 * cgroup v1 quota and period; Infinity if there is none. (Node sees all host cores inside a CPU-limited container.)
 */
export function quotaCores(quota: string, period: string): number {
  const cores = Number(quota) / Number(period);
  return Number.isFinite(cores) && cores > 0 ? cores : Number.POSITIVE_INFINITY;
}

/** Whole cores this process may use, at least 1. */
export function usableCores(read: (path: string) => string = readText): number {
  const [quota = "", period = ""] = read("/sys/fs/cgroup/cpu.max").trim().split(/\s+/);
  const v2 = quotaCores(quota, period);
  const v1 = quotaCores(read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), read("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
  return Math.max(1, Math.floor(Math.min(availableParallelism(), v1, v2)));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
