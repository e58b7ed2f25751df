// How many cores there are to use: the container's quota, whole, and never none.

import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { describe, it } from "node:test";
import { quotaCores, usableCores } from "../../node/agent/cores.ts";

const V2 = "/sys/fs/cgroup/cpu.max";
const V1_QUOTA = "/sys/fs/cgroup/cpu/cpu.cfs_quota_us";
const V1_PERIOD = "/sys/fs/cgroup/cpu/cpu.cfs_period_us";

describe("quotaCores", () => {
  const cases: readonly [string, string, number][] = [
    ["200000", "100000", 2],
    ["50000", "100000", 0.5],
    ["max", "100000", Infinity],
    ["-1", "100000", Infinity],
    ["0", "100000", Infinity],
    ["", "", Infinity],
    ["100000", "0", Infinity],
    ["100000\n", "100000\n", 1],
    ["garbage", "100000", Infinity],
  ];
  for (const [quota, period, cores] of cases) {
    it(`${JSON.stringify(quota)} of ${JSON.stringify(period)} is ${cores}`, () => assert.equal(quotaCores(quota, period), cores));
  }
});

describe("usableCores", () => {
  const all = availableParallelism();
  const cases: readonly [string, Readonly<Record<string, string>>, number][] = [
    ["no cgroup at all", {}, all],
    ["v2 without a limit", { [V2]: "max 100000\n" }, all],
    ["v2, one core", { [V2]: "100000 100000\n" }, 1],
    ["v2, half a core", { [V2]: "50000 100000\n" }, 1],
    ["v2, one core and a half", { [V2]: "150000 100000\n" }, 1],
    ["v2, more than the machine has", { [V2]: `${(all + 5) * 100_000} 100000\n` }, all],
    ["v2, only the quota", { [V2]: "100000\n" }, all],
    ["v1 without a limit", { [V1_QUOTA]: "-1\n", [V1_PERIOD]: "100000\n" }, all],
    ["v1, one core", { [V1_QUOTA]: "100000\n", [V1_PERIOD]: "100000\n" }, 1],
  ];
  for (const [name, files, cores] of cases) {
    it(`${name}: ${cores}`, () => assert.equal(usableCores((path) => files[path] ?? ""), cores));
  }
});
