// How many load threads there are by default: one for each whole core that the kernel grants, and never none.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { usableCores } from "../../node/agent/cores.ts";

const cases: readonly (readonly [name: string, machine: number, cpuMax: string, cores: number])[] = [
  ["no cgroup at all", 8, "", 8],
  ["no limit", 8, "max 100000\n", 8],
  ["a core", 8, "100000 100000\n", 1],
  ["half a core", 8, "50000 100000\n", 1],
  ["a core and a half", 8, "150000 100000\n", 1],
  ["three cores and nine tenths", 8, "390000 100000\n", 3],
  ["more than the machine has", 8, "900000 100000\n", 8],
  ["more than this process may run on", 2, "400000 100000\n", 2],
];

describe("usableCores", () => {
  for (const [name, machine, cpuMax, cores] of cases) {
    it(`${name}: ${cores}`, () => {
      assert.equal(usableCores((path) => (path === "/sys/fs/cgroup/cpu.max" ? cpuMax : ""), machine), cores);
    });
  }

  it("asks the machine itself unless told otherwise", () => assert.ok(usableCores() >= 1));
});
