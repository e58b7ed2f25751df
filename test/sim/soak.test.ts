// `npm run sim:soak`: what is kept of runs that were played, and that it goes on where it was broken off.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { codeVersion, Keeper, lineOf, readKept } from "../../sim/kept.ts";
import type { Finding } from "../../sim/judge.ts";
import type { Result } from "../../sim/soak-table.ts";

const folder = mkdtempSync(join(tmpdir(), "loadswarm-soak-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
const fresh = (): string => join(folder, `${++files}.jsonl`);

function soak(...argv: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["sim/soak.ts", "--jobs", "1", ...argv], { encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

/** Of the scenario `publish-twice`: never more, no forks, one view, answers, one run, seamless. */
function result(seed: number, broken = false): Result {
  const finding = { bound: 0, detail: "", held: true } as const;
  const findings: Finding[] = [
    { ...finding, promise: "never more", unit: "x", worst: 1.0123456, held: !broken },
    { ...finding, promise: "no forks", unit: "", worst: 0 },
    { ...finding, promise: "one view", unit: "ms", worst: Number.POSITIVE_INFINITY },
    { ...finding, promise: "answers", unit: "ms", worst: 70 },
    { ...finding, promise: "one run", unit: "", worst: null },
    { ...finding, promise: "seamless", unit: "x", worst: 4.5e-7 },
  ];
  return { scenario: "publish-twice", agents: 3, seed, held: !broken, findings, error: null };
}

describe("a soak that keeps its results", () => {
  it("plays only what is not in the file, also after it was killed while it wrote a line", () => {
    const file = fresh();
    const wanted = ["--scenario", "calm", "--agents", "1,2", "--keep", file];
    assert.equal(soak(...wanted, "--seeds", "1").code, 0);
    const first = readFileSync(file, "utf8");
    assert.equal(first.split("\n").length, 3);
    truncateSync(file, first.length - 9);
    const { out, err } = soak(...wanted, "--seeds", "2");
    assert.match(err, /^1 results are in .* already; 3 of 4 runs are to be played\n/);
    assert.match(out, /^\| calm \| 1 \| 2 \| 0 \|/m);
    assert.match(out, /^\| calm \| 2 \| 2 \| 0 \|/m);
    assert.match(soak(...wanted, "--seeds", "2").err, /; 0 of 4 runs are to be played\n/);
  });

  it("prints the table of a file without playing anything, and exits with 1 if a promise was broken", () => {
    const file = fresh();
    writeFileSync(file, [result(1), result(2, true)].map((one) => `${lineOf("0123456789ab", one)}\n`).join(""));
    const { code, out, err } = soak("--table", file);
    assert.equal(code, 1);
    assert.match(err, /^code 0123456789ab: 2 results/);
    assert.match(out, /^\| publish-twice \| 3 \| 2 \| \*\*1\*\* \| \*\*1\.012\*\* \| never \|/m);
    assert.match(out, /--agents 3 --scenario publish-twice --seed 2`: never more 1\.012/);
  });

  it("says what to do when the file cannot be written", () => {
    const { code, err } = soak("--scenario", "calm", "--keep", join(folder, "nowhere", "x"));
    assert.equal(code, 104);
    assert.match(err, /--keep: .*ENOENT/);
  });
});

describe("kept results", () => {
  it("are read back as they were", () => {
    const file = fresh();
    const keeper = new Keeper(file, "a");
    const failed: Result = { ...result(3), held: false, findings: [], error: "time stands still" };
    for (const one of [result(1), result(2, true), failed]) keeper.add(one);
    const { results } = readKept([file], "a");
    assert.deepEqual(results.map(({ seed, held, error }) => [seed, held, error]), [
      [1, true, null],
      [2, false, null],
      [3, false, "time stands still"],
    ]);
    const values = results[0]!.findings.map(({ promise, worst, unit }) => [promise, worst, unit]);
    assert.deepEqual(values, [
      ["never more", 1.01235, "x"],
      ["no forks", 0, ""],
      ["one view", Number.POSITIVE_INFINITY, "ms"],
      ["answers", 70, "ms"],
      ["one run", null, ""],
      ["seamless", 4.5e-7, "x"],
    ]);
  });

  it("count only for the code that they come from; without one named, for that of the last line", () => {
    const file = fresh();
    new Keeper(file, "a").add(result(1));
    new Keeper(file, "b").add(result(2));
    const seeds = (version?: string) => readKept([file], version).results.map(({ seed }) => seed);
    assert.deepEqual([seeds("a"), seeds("b"), seeds("c"), seeds()], [[1], [2], [], [2]]);
  });

  const torn: readonly [string, string][] = [
    ["half a line", lineOf("a", result(1)).slice(0, 40)],
    ["a scenario that there is not", lineOf("a", { ...result(1), scenario: "calmer" })],
    ["fewer values than promises", lineOf("a", { ...result(1), findings: [] })],
    ["a value that is none", lineOf("a", result(1)).replace("1.01235x", "much")],
    ["something else", "null"],
  ];
  for (const [what, line] of torn) {
    it(`leave out ${what}, and count it`, () => {
      const file = fresh();
      appendFileSync(file, line);
      new Keeper(file, "a").add(result(7));
      const kept = readKept([file], "a");
      assert.deepEqual([kept.results.map(({ seed }) => seed), kept.torn], [[7], 1]);
    });
  }

  it("are told apart by all the code that decides them", () => {
    assert.match(codeVersion(), /^[0-9a-f]{12}$/);
    assert.equal(codeVersion(), codeVersion());
  });
});
