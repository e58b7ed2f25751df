// `npm run sim:soak`: what is kept of runs that were played, and that it goes on where it was broken off.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { codeVersion, Keeper, lineOf, readKept, summed } from "../../sim/kept.ts";
import type { Finding } from "../../sim/judge.ts";
import { promisesOf } from "../../sim/run.ts";
import { SCENARIOS } from "../../sim/scenarios/all.ts";
import { COLUMNS, keysOf, type Result, worseOf } from "../../sim/soak-table.ts";

const folder = mkdtempSync(join(tmpdir(), "loadswarm-soak-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
const fresh = (): string => join(folder, `${++files}.jsonl`);

function soak(...argv: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["sim/soak.ts", "--jobs", "1", ...argv], { encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

const lines = (file: string) => readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));

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

  it("prints a table of the worst with any number of agents, too", () => {
    const file = fresh();
    const others = [4, 20].map((agents) => ({ ...result(1), agents }));
    writeFileSync(file, [result(1), result(2), ...others].map((one) => `${lineOf("a", one)}\n`).join(""));
    const { code, out } = soak("--worst", file);
    assert.equal(code, 0);
    assert.match(out, /^\| scenario \| agents \| runs \|/);
    assert.match(out, /^\| publish-twice \| 3, 4, 20 \| 4 \| 0 \| 1\.012 \|/m);
  });

  it("prints what is in files in few lines, of which the table is the same and with which it goes on as well", () => {
    const [file, sum] = [fresh(), fresh()];
    const wanted = ["--scenario", "calm,crash-one", "--agents", "3"];
    const { out } = soak(...wanted, "--keep", file, "--seeds", "2");
    soak(...wanted, "--keep", file, "--from", "4", "--seeds", "1");
    writeFileSync(sum, soak("--sum", file).out);
    assert.deepEqual(lines(sum).map((line) => [line.seed, line.toSeed]), [[1, 2], [4, undefined], [1, 2], [4, undefined]]);
    assert.equal(soak("--table", sum).out, soak("--table", file).out);
    const again = soak(...wanted, "--keep", sum, "--seeds", "4");
    assert.match(again.err, /^6 results are in .* already; 2 of 8 runs are to be played\n/);
    assert.match(again.out, /^\| calm \| 3 \| 4 \| 0 \|/m);
    assert.match(out, /^\| calm \| 3 \| 2 \| 0 \|/m);
    writeFileSync(sum, soak("--sum", sum).out);
    assert.deepEqual(lines(sum).map((line) => [line.seed, line.toSeed]), [[1, 4], [1, 4]]);
  });

  it("counts a run once that is in several files, summed or not", () => {
    const [file, sum] = [fresh(), fresh()];
    const some = [1, 2, 3].map((seed) => result(seed));
    writeFileSync(file, some.map((one) => `${lineOf("a", one)}\n`).join(""));
    writeFileSync(sum, `${summed([...some, result(4)]).map((one) => lineOf("a", one)).join("\n")}\n`);
    for (const files of [[file, sum], [sum, file]]) {
      const { out, err } = soak(...files.flatMap((one) => ["--table", one]));
      assert.match(err, /^code a: 4 results/);
      assert.match(out, /^\| publish-twice \| 3 \| 4 \| 0 \|/m);
    }
  });

  const useless: readonly [string, string[], RegExp][] = [
    ["files without results", ["--sum", join(folder, "none")], /there are no results in .*none\n {2}Name files/],
    ["two things at once", ["--sum", "a", "--table", "b"], /--table and --sum do not go together/],
  ];
  for (const [what, argv, expected] of useless) {
    it(`refuses ${what}`, () => {
      const { code, out, err } = soak(...argv);
      assert.deepEqual([code, out], [104, ""]);
      assert.match(err, expected);
    });
  }

  it("says what to do when the file cannot be written", () => {
    const { code, err } = soak("--scenario", "calm", "--keep", join(folder, "nowhere", "x"));
    assert.equal(code, 104);
    assert.match(err, /--keep: .*ENOENT/);
  });
});

it("the table has a column for each promise there is", () => {
  const promised = new Set(SCENARIOS.flatMap((scenario) => promisesOf(scenario).map(({ promise }) => promise)));
  assert.deepEqual([...promised].sort(), [...COLUMNS].sort());
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

  it("are summed by their worst values; those that broke a promise stand alone", () => {
    const better = result(2);
    const findings = better.findings.map((finding) => {
      return finding.promise === "answers" ? { ...finding, worst: 80 } : finding.promise === "one run" ? { ...finding, worst: 2 } : finding;
    });
    const sums = summed([result(5), result(3, true), { ...better, findings }, result(1), { ...result(6), agents: 4 }, { ...result(7), agents: 4, scenario: "stop" }]);
    assert.deepEqual(sums.map(({ agents, seed, toSeed, held }) => [agents, seed, toSeed, held]), [
      [3, 1, 2, true],
      [3, 3, undefined, false],
      [3, 5, undefined, true],
      [4, 6, undefined, true],
      [4, 7, undefined, true],
    ]);
    assert.deepEqual(sums[0]!.findings.map(({ worst }) => worst), [1.0123456, 0, Number.POSITIVE_INFINITY, 80, 2, 4.5e-7]);
    assert.deepEqual(keysOf(sums[0]!), ["publish-twice/3/1", "publish-twice/3/2"]);
  });

  it("broken is worse than any value that is not, and any value than none", () => {
    const one = { promise: "answers", unit: "ms", bound: 0, detail: "" } as const;
    const rising = [{ ...one, held: true, worst: null }, { ...one, held: true, worst: 9 }, { ...one, held: false, worst: 3 }];
    rising.forEach((a, i) => rising.forEach((b, j) => assert.equal(worseOf(a, b), rising[Math.max(i, j)])));
  });

  const torn: readonly [string, string][] = [
    ["half a line", lineOf("a", result(1)).slice(0, 40)],
    ["a scenario that there is not", lineOf("a", result(1)).replace("publish-twice", "publish-thrice")],
    ["a scenario that is another now", lineOf("a", result(1)).replace(/"as":"./, '"as":"x')],
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
