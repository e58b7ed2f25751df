// What the kernel grants a container of CPU time, and how often it has held it back: cgroup v2 and v1.

import { readFileSync } from "node:fs";

/** Text of a file; "" if it cannot be read. */
export type ReadText = (path: string) => string;

export interface CpuQuota {
  /** Cores, perhaps a part of one; Infinity without a quota. */
  readonly cores: number;
  /** File that tells how often this quota was used up; null without one. */
  readonly stat: string | null;
}

export interface Throttling {
  /** Periods (100 ms as a rule) in which the quota was used up. */
  readonly periods: number;
  readonly seconds: number;
}

const NO_QUOTA: CpuQuota = { cores: Number.POSITIVE_INFINITY, stat: null };

const V2_ROOT = "/sys/fs/cgroup";
/** Where the cpu controller of v1 is mounted, by the conventions of the distributions. */
const V1_ROOTS = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"];

/** Quota and period in cores; Infinity if they are no quota ("max", -1, nothing at all). */
export function quotaCores(quota: string, period: string): number {
  const cores = Number(quota) / Number(period);
  return Number.isFinite(cores) && cores > 0 ? cores : Number.POSITIVE_INFINITY;
}

/**
 * The smallest quota of this process' cgroup and all those around it. Where a container sees its own cgroup as the root,
 * whatever /proc says, the root is what counts.
 */
export function cpuQuota(read: ReadText = readText): CpuQuota {
  const lines = read("/proc/self/cgroup").split("\n").map((line) => line.split(":"));
  const v2 = lines.find(([, controllers]) => controllers === "")?.slice(2).join(":") ?? "/";
  const v1 = lines.find(([, controllers = ""]) => controllers.split(",").includes("cpu"))?.slice(2).join(":") ?? "/";
  const quotas = [
    ...foldersOf(V2_ROOT, v2).map((folder) => quotaOfV2(folder, read)),
    ...V1_ROOTS.flatMap((root) => foldersOf(root, v1)).map((folder) => quotaOfV1(folder, read)),
  ];
  return quotas.reduce((least, one) => (one.cores < least.cores ? one : least), NO_QUOTA);
}

/** How often a quota was used up; null if that is not told. */
export function throttling({ stat }: CpuQuota, read: ReadText = readText): Throttling | null {
  if (stat === null) return null;
  const text = read(stat);
  const periods = /^nr_throttled (\d+)$/m.exec(text);
  if (periods === null) return null;
  const micros = /^throttled_usec (\d+)$/m.exec(text);
  const nanos = /^throttled_time (\d+)$/m.exec(text);
  const seconds = micros !== null ? Number(micros[1]) / 1e6 : Number(nanos?.[1] ?? 0) / 1e9;
  return { periods: Number(periods[1]), seconds };
}

/** The cgroup's folder and those of all around it. A path that leads outside of what is mounted here is not followed. */
function foldersOf(root: string, path: string): string[] {
  const names = path.trim().split("/").filter((name) => name !== "");
  if (names.includes("..")) return [root];
  return Array.from({ length: names.length + 1 }, (_, i) => [root, ...names.slice(0, names.length - i)].join("/"));
}

function quotaOfV2(folder: string, read: ReadText): CpuQuota {
  const [quota = "", period = ""] = read(`${folder}/cpu.max`).trim().split(/\s+/);
  return { cores: quotaCores(quota, period), stat: `${folder}/cpu.stat` };
}

function quotaOfV1(folder: string, read: ReadText): CpuQuota {
  const cores = quotaCores(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`));
  return { cores, stat: `${folder}/cpu.stat` };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
