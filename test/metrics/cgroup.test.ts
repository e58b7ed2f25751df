// Quotas and throttling as kernels tell them: v2 and v1, nested, in containers with and without a namespace of their own.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cpuQuota, quotaCores, throttling } from "../../node/metrics/cgroup.ts";

type Files = Readonly<Record<string, string>>;
const reader = (files: Files) => (path: string) => files[path] ?? "";

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
    ["1e999", "100000", Infinity],
  ];
  for (const [quota, period, cores] of cases) {
    it(`${JSON.stringify(quota)} of ${JSON.stringify(period)} is ${cores}`, () => assert.equal(quotaCores(quota, period), cores));
  }
});

const SLICE = "/sys/fs/cgroup/kubepods.slice";
const POD = `${SLICE}/pod1.slice`;
const v1 = (root: string, folder: string, quota: string): Files => ({
  [`${root}${folder}/cpu.cfs_quota_us`]: `${quota}\n`,
  [`${root}${folder}/cpu.cfs_period_us`]: "100000\n",
});
const CPU = "/sys/fs/cgroup/cpu";

const QUOTAS: readonly (readonly [name: string, files: Files, cores: number, stat: string | null])[] = [
  ["no cgroup at all", {}, Infinity, null],
  ["v2, own namespace", { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "250000 100000\n" }, 2.5, "/sys/fs/cgroup/cpu.stat"],
  ["v2, no limit", { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n" }, Infinity, null],
  ["v2, only the quota", { "/sys/fs/cgroup/cpu.max": "100000\n" }, Infinity, null],
  ["v2, a period of its own", { "/sys/fs/cgroup/cpu.max": "30000 20000\n" }, 1.5, "/sys/fs/cgroup/cpu.stat"],
  [
    "v2, nested: the pod's limit, not the slice's",
    { "/proc/self/cgroup": "0::/kubepods.slice/pod1.slice\n", [`${SLICE}/cpu.max`]: "400000 100000", [`${POD}/cpu.max`]: "200000 100000" },
    2,
    `${POD}/cpu.stat`,
  ],
  [
    "v2, nested: the slice's limit is the smaller one",
    { "/proc/self/cgroup": "0::/kubepods.slice/pod1.slice\n", [`${SLICE}/cpu.max`]: "100000 100000", [`${POD}/cpu.max`]: "max 100000" },
    1,
    `${SLICE}/cpu.stat`,
  ],
  [
    "v2, a path outside of the namespace",
    { "/proc/self/cgroup": "0::/../../other\n", "/sys/fs/cgroup/cpu.max": "100000 100000", "/sys/fs/cgroup/../../other/cpu.max": "1 1000" },
    1,
    "/sys/fs/cgroup/cpu.stat",
  ],
  [
    "v2, a name with a colon",
    { "/proc/self/cgroup": "0::/a:b\n", "/sys/fs/cgroup/a:b/cpu.max": "100000 100000" },
    1,
    "/sys/fs/cgroup/a:b/cpu.stat",
  ],
  ["v1, no limit", v1(CPU, "", "-1"), Infinity, null],
  ["v1, own namespace", v1(CPU, "", "150000"), 1.5, `${CPU}/cpu.stat`],
  [
    "v1, nested, with cpuacct",
    { "/proc/self/cgroup": "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n", ...v1(`${CPU},cpuacct`, "/docker/x", "300000") },
    3,
    `${CPU},cpuacct/docker/x/cpu.stat`,
  ],
  [
    "v1, the host's path in a container that sees itself as the root",
    { "/proc/self/cgroup": "4:cpuacct,cpu:/docker/x\n", ...v1(CPU, "", "200000") },
    2,
    `${CPU}/cpu.stat`,
  ],
  [
    "v1, the path of another controller is not its own",
    { "/proc/self/cgroup": "3:cpuset:/small\n1:cpu:/\n", ...v1(CPU, "", "200000"), ...v1(CPU, "/small", "100000") },
    2,
    `${CPU}/cpu.stat`,
  ],
  ["v1 and v2 at once", { "/proc/self/cgroup": "1:cpu:/\n0::/\n", ...v1(CPU, "", "200000") }, 2, `${CPU}/cpu.stat`],
  ["garbage", { "/proc/self/cgroup": "\0\n::::\n", "/sys/fs/cgroup/cpu.max": "lots of it" }, Infinity, null],
];

describe("cpuQuota", () => {
  for (const [name, files, cores, stat] of QUOTAS) {
    it(name, () => assert.deepEqual(cpuQuota(reader(files)), { cores, stat }));
  }

  it("asks the kernel itself unless told otherwise", () => assert.ok(cpuQuota().cores > 0));
});

describe("throttling", () => {
  const quota = { cores: 1, stat: "/stat" };
  for (const [name, text, expected] of [
    ["v2", "usage_usec 5\nnr_periods 9\nnr_throttled 3\nthrottled_usec 1500000\n", { periods: 3, seconds: 1.5 }],
    ["v1", "nr_periods 9\nnr_throttled 4\nthrottled_time 2500000000\n", { periods: 4, seconds: 2.5 }],
    ["without the time", "nr_throttled 4\n", { periods: 4, seconds: 0 }],
    ["not told", "usage_usec 5\n", null],
    ["no file", "", null],
  ] as const) {
    it(name, () => assert.deepEqual(throttling(quota, reader({ "/stat": text })), expected));
  }

  it("nothing is throttled without a quota", () => {
    assert.equal(throttling({ cores: Infinity, stat: null }, reader({ "/stat": "nr_throttled 4\n" })), null);
  });
});
