// The simulator catches a core that is broken on purpose, each way within a few seeds.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SEEDS = 100;

interface Mutation {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** A second place that has to change, in the same file. */
  readonly also?: readonly [string, string];
  readonly scenario: string;
  /** 20 if it does not matter. */
  readonly agents?: number;
  readonly breaks: RegExp;
}

const MUTATIONS: readonly Mutation[] = [
  {
    name: "no lease",
    file: "lease.ts",
    from: "return Math.min(this.untilMs(window), nowMs",
    to: "return Math.min(nowMs",
    also: ["Math.max(this.#endMs(SHORT_LEASE_WINDOWS), uneasyFromMs)", "Number.POSITIVE_INFINITY"],
    scenario: "reject",
    breaks: /never more/,
  },
  {
    name: "one accuser is enough",
    file: "tally.ts",
    from: "return sayers >= Math.max(least, half);",
    to: "return sayers >= Math.min(1, half);",
    // And the same said sooner.
    also: ["(isAbsent ? 1 : Math.min(2, positions.length));\n}", "1;\n}"],
    scenario: "loss-20",
    breaks: /no false losses/,
  },
  {
    name: "accusations are never withdrawn",
    file: "own-word.ts",
    from: "this.#accused.delete(target) ?",
    to: "false ?",
    scenario: "loss-20",
    agents: 3,
    breaks: /no false losses/,
  },
  {
    name: "a lease lasts one window longer than the others think",
    file: "lease.ts",
    from: "return startOf(this.#majorityWindow + windows + 1);",
    to: "return startOf(this.#majorityWindow + windows + 2);",
    also: ["window <= this.#majorityWindow + windows)", "window <= this.#majorityWindow + windows + 1)"],
    scenario: "reject",
    breaks: /never more/,
  },
  {
    name: "growth waits for nobody's promise",
    file: "growth.ts",
    from: "|| this.#acks.of(id) >= view.number) continue;",
    to: "|| true) continue;",
    scenario: "reject",
    breaks: /never more/,
  },
  {
    name: "a view takes effect before the one that it follows",
    file: "view.ts",
    from: "Math.max(change.fromWindow, this.fromWindow)",
    to: "change.fromWindow",
    scenario: "reject-in-joins",
    agents: 2,
    breaks: /never more/,
  },
  {
    name: "closed links are no trouble",
    file: "lease.ts",
    from: "return window < this.#troubleUntilWindow;",
    to: "return false;",
    // Nor is silence, which comes with them.
    also: ["Math.max(this.#endMs(SHORT_LEASE_WINDOWS), uneasyFromMs)", "Number.POSITIVE_INFINITY"],
    scenario: "reject",
    breaks: /never more/,
  },
];

describe("a core that is broken on purpose is caught", () => {
  const folder = mkdtempSync(join(tmpdir(), "loadswarm-mutant-"));
  for (const part of ["node", "sim", "package.json"]) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  after(() => rmSync(folder, { recursive: true }));

  for (const { name, file, from, to, also = ["", ""], scenario, agents = 20, breaks } of MUTATIONS) {
    it(`${name}: by ${scenario}`, () => {
      const path = join(folder, "node/core/agreement", file);
      const sound = readFileSync(path, "utf8");
      for (const each of [from, also[0]]) assert.ok(sound.includes(each), `${file} has no "${each}"`);
      writeFileSync(path, sound.replace(from, to).replace(also[0], also[1]));
      const mutant = join(ROOT, "test/sim/mutant.ts");
      const args = [mutant, folder, scenario, String(agents), String(SEEDS)];
      const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 120_000 });
      writeFileSync(path, sound);
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, breaks);
    });
  }
});
