// How many cores this process may use: what the kernel grants, not what the machine has.

import { availableParallelism } from "node:os";
import { cpuQuota, type ReadText } from "../metrics/cgroup.ts";

/**
 * Whole cores this process may use, at least 1. `machine`: those it may run on. A part of a core is not rounded up:
 * threads beyond the quota would use it up early in each period, and all of them would stand still for the rest.
 */
export function usableCores(read?: ReadText, machine = availableParallelism()): number {
  return Math.max(1, Math.floor(Math.min(machine, cpuQuota(read).cores)));
}
