// Results kept in a file, one JSON line each, so that a soak of days can be broken off at any moment and goes on later.

import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Finding } from "./judge.ts";
import { promisesOf } from "./run.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS, scenarioNamed } from "./scenarios/all.ts";
import { inOrder, keysOf, type Result, worseOf } from "./soak-table.ts";

/** From here on everything that decides how a run goes is imported, but for the scenario. */
const ROOT = join(import.meta.dirname, "run.ts");
const IMPORTED = /^(?:import|export) [^;]*?from "(\.[^"]+)";/gm;
const DIGITS = 6;

/** Names the code that results belong to: 12 hexadecimal digits over all sources that a run is made of, whatever the scenario. */
export function codeVersion(): string {
  const texts = new Map<string, string>();
  const read = (path: string): void => {
    if (texts.has(path)) return;
    const text = readFileSync(path, "utf8");
    texts.set(path, text);
    for (const [, imported] of text.matchAll(IMPORTED)) read(join(dirname(path), imported!));
  };
  read(ROOT);
  const hash = createHash("sha256");
  for (const path of [...texts.keys()].sort()) hash.update(relative(import.meta.dirname, path)).update("\0").update(texts.get(path)!);
  return hash.digest("hex").slice(0, 12);
}

/** Names what a scenario says and promises, in 8 hexadecimal digits: one that is changed is played again, the others need not be. */
function defined(scenario: Scenario): string {
  return createHash("sha256").update(JSON.stringify(scenario)).digest("hex").slice(0, 8);
}

/** Runs of the same scenario and size with seeds one after the other that kept all promises as one; by scenario, size and seed. */
export function summed(results: readonly Result[]): Result[] {
  const sums: Result[] = [];
  for (const result of [...results].sort(inOrder)) {
    const last = sums.at(-1);
    const follows = last?.scenario === result.scenario && last.agents === result.agents && (last.toSeed ?? last.seed) + 1 === result.seed;
    if (last === undefined || !follows || !last.held || !result.held) sums.push(result);
    else sums[sums.length - 1] = { ...last, toSeed: result.toSeed ?? result.seed, findings: worst(last.findings, result.findings) };
  }
  return sums;
}

function worst(some: readonly Finding[], others: readonly Finding[]): Finding[] {
  return some.map((finding, i) => worseOf(finding, others[i]!));
}

/**
 * One line without its end: `worst` has, for each promise of the scenario in order, the value with its unit, "-" if there
 * was nothing to measure, and "!" behind it if the promise was broken.
 */
export function lineOf(version: string, { scenario, agents, seed, toSeed, findings, error }: Result): string {
  const values = findings.map(({ worst: value, unit, held }) => {
    const text = value === null ? "-" : `${Number(value.toPrecision(DIGITS))}${unit}`;
    return held ? text : `${text}!`;
  });
  const as = defined(scenarioNamed(scenario));
  return JSON.stringify({ code: version, scenario, as, agents, seed, toSeed, worst: values, ...(error === null ? {} : { error }) });
}

export interface Kept {
  /** Of the version asked for: the newest of each run, and sums of runs that are not all in newer ones. */
  readonly results: readonly Result[];
  /** That version; of a file without one, "". */
  readonly version: string;
  /** Lines that were not understood: torn by an abrupt end, or of scenarios that say or promise something else now. */
  readonly torn: number;
  /** Lines of other versions. */
  readonly others: number;
}

/** Reads files back. `version`: the one wanted; without it that of the last line. A file that does not exist is empty. */
export function readKept(files: readonly string[], version?: string): Kept {
  const lines = files.filter((file) => existsSync(file)).flatMap((file) => readFileSync(file, "utf8").split("\n"));
  const read = lines.filter((line) => line !== "").map(resultOf);
  const wanted = version ?? read.findLast((one) => one !== null)?.code ?? "";
  const results = new Map<string, Result>();
  for (const one of read) if (one?.code === wanted) for (const key of keysOf(one.result)) results.set(key, one.result);
  return {
    results: [...new Set(results.values())],
    version: wanted,
    torn: read.filter((one) => one === null).length,
    others: read.filter((one) => one !== null && one.code !== wanted).length,
  };
}

/** Appends results to a file. Each is one write: an end at any moment costs the line being written. */
export class Keeper {
  readonly #file: string;
  readonly #version: string;

  constructor(file: string, version: string) {
    this.#file = file;
    this.#version = version;
    const isTorn = existsSync(file) && !/(^|\n)$/.test(readFileSync(file, "utf8").slice(-1));
    // What comes next must not become part of what was torn; and a folder that does not exist is told now.
    appendFileSync(file, isTorn ? "\n" : "");
  }

  add(result: Result): void {
    appendFileSync(this.#file, `${lineOf(this.#version, result)}\n`);
  }
}

function resultOf(line: string): { readonly code: string; readonly result: Result } | null {
  try {
    const { code, scenario: name, as, agents, seed, toSeed, worst: values, error = null } = JSON.parse(line);
    const scenario = SCENARIOS.find((one) => one.name === name);
    if (scenario === undefined || as !== defined(scenario)) return null;
    const promises = promisesOf(scenario);
    if (error === null && values.length !== promises.length) return null;
    const findings = (values as string[]).map((text, i) => findingOf(promises[i]!.promise, text));
    const held = error === null && findings.every((finding) => finding.held);
    const range = toSeed === undefined ? {} : { toSeed };
    return { code, result: { scenario: name, agents, seed, ...range, held, findings, error } };
  } catch {
    return null;
  }
}

function findingOf(promise: Finding["promise"], text: string): Finding {
  const [, value, unit, broken] = /^(-|[\d.e+-]+|Infinity)(x|ms|)(!?)$/.exec(text)!;
  const worst = value === "-" ? null : Number(value);
  return { promise, held: broken === "", worst, bound: 0, unit: unit as Finding["unit"], detail: "" };
}
