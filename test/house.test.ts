// The house rules that a linter does not know: floors, sizes of files, names that must not appear.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A folder imports only folders on lower floors (docs/architecture.md). */
const FLOORS: Readonly<Record<string, number>> = {
  "node/plan": 0,
  "node/metrics": 0,
  "node/core": 1,
  "node/load": 1,
  "node/wire": 2,
  "node/mesh": 3,
  "node/agent": 4,
  "node/api": 5,
  "node/ui": 5,
  "node/cli": 6,
};

/** Folders beside the floors, and what they may import. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  sim: ["sim", "node/core", "node/plan", "node/metrics"],
  bench: ["bench", "node/load", "node/metrics", "node/core", "node/plan"],
  "examples/target": ["examples/target"],
  dashboards: ["dashboards"],
};

/** Rooms that a command opens. */
const FRONT_DOORS: readonly string[] = ["examples/target", "sim"];

/** Runs simulations in parallel and keeps their results, and so needs threads and files; what it runs does not. */
const SOAK: readonly string[] = ["sim/soak.ts", "sim/kept.ts"];

const MAX_LINES = 350;

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter((file) => existsSync(join(ROOT, file)) && file !== "");
const sources = files.filter((file) => /\.m?[tj]s$/.test(file));

function roomOf(file: string): string {
  const rooms = [...Object.keys(FLOORS), ...Object.keys(ROOMS)].filter((room) => file.startsWith(`${room}/`));
  return rooms[0] ?? dirname(file);
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly specifier: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g), ...text.matchAll(/new URL\(\s*"(\.[^"]+\.m?[tj]s)"/g)];
  return found.map(([, specifier]) => {
    const relativePath = specifier!.startsWith(".");
    const to = relativePath ? relative(ROOT, join(ROOT, dirname(file), specifier!)) : specifier!;
    return { from: file, to, specifier: specifier! };
  });
}

function forbidden(one: Import): string | null {
  const from = roomOf(one.from);
  const to = roomOf(one.to);
  if (!one.specifier.startsWith(".")) return SOAK.includes(one.from) ? null : forbiddenPackage(from, one.specifier);
  // main.ts is started as a process of its own, never imported.
  if (from === to || from === "node" || from.startsWith("test") || one.to === "node/main.ts") return null;
  const allowed = ROOMS[from];
  if (allowed !== undefined) return allowed.includes(to) ? null : `${from} may import ${allowed.join(", ")}`;
  const [fromFloor, toFloor] = [FLOORS[from], FLOORS[to]];
  if (fromFloor === undefined || toFloor === undefined) return FRONT_DOORS.includes(to) && from === "node/cli" ? null : "no floor";
  return toFloor < fromFloor ? null : `floor ${fromFloor} may not import floor ${toFloor}`;
}

/** The core and the simulator are pure: nothing from outside the repository. */
function forbiddenPackage(from: string, specifier: string): string | null {
  return from === "node/core" || from === "sim" ? `${from} imports no package and no node: module, not ${specifier}` : null;
}

describe("the house", () => {
  it("folders import only downwards", () => {
    const broken = sources
      .flatMap(importsOf)
      .map((one) => ({ one, why: forbidden(one) }))
      .filter(({ why }) => why !== null)
      .map(({ one, why }) => `${one.from} -> ${one.to}: ${why}`);
    assert.deepEqual(broken, []);
  });

  it("every folder of node/ has a floor", () => {
    const folders = new Set(sources.filter((file) => /^node\/[^/]+\//.test(file)).map((file) => file.split("/").slice(0, 2).join("/")));
    assert.deepEqual([...folders].filter((folder) => FLOORS[folder] === undefined), []);
  });

  it(`no source file is longer than ${MAX_LINES} lines`, () => {
    const long = sources
      .map((file) => ({ file, lines: readFileSync(join(ROOT, file), "utf8").split("\n").length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES);
    assert.deepEqual(long, []);
  });

  it("every source file says at its top what it is", () => {
    const silent = sources.filter((file) => !file.startsWith("test/") && !/^(#!.*\n)?\/\//.test(readFileSync(join(ROOT, file), "utf8")));
    assert.deepEqual(silent, []);
  });

  it("every module of node/ is used by another, by main, or by a worker", () => {
    const used = new Set(sources.flatMap(importsOf).map((one) => one.to));
    const dead = sources.filter((file) => file.startsWith("node/") && !used.has(file) && file !== "node/main.ts");
    assert.deepEqual(dead, []);
  });

  it("the linter is content: no clock, chance or promise in core and sim, functions of 70 lines at most", () => {
    const oxlint = join(ROOT, "node_modules/oxlint/bin/oxlint");
    const result = spawnSync(process.execPath, [oxlint, "--quiet", "."], { cwd: ROOT, encoding: "utf8" });
    assert.equal(result.status, 0, result.stdout);
  });

  it("the types are right", () => {
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const result = spawnSync(process.execPath, [tsc, "-p", "tsconfig.json"], { cwd: ROOT, encoding: "utf8" });
    assert.equal(result.status, 0, result.stdout);
  });
});
