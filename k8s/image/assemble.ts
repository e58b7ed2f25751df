// Puts into a folder what an agent needs to run, and nothing else: sources, packages, a list of them, compiled code.
// node k8s/image/assemble.ts FOLDER

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What the program reads of the repository. */
const PARTS = ["LICENSE", "package.json", "node", "proto", "sim", "examples/target"];
/** What people and editors read in packages, and Node does not: half of their size. */
const UNREAD = /\.(d\.[cm]?ts|map|md|markdown|tsbuildinfo)$|\/\.[^/]+$/;
/** Where the image expects compiled code (NODE_COMPILE_CACHE). */
const CACHE = ".cache";
/** Of the agent that is started so that what it loads is compiled. */
const READY_MS = 120_000;

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
}

/** Folders of the packages that the lock says are needed to run. */
function packages(): string[] {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as { packages: Record<string, Locked> };
  return Object.entries(lock.packages)
    .filter(([path, { dev, optional, devOptional, peer }]) => path !== "" && !dev && !optional && !devOptional && !peer)
    .map(([path]) => path);
}

/** Copies one package without those nested in it, which the lock names themselves. */
function copyPackage(path: string, to: string): void {
  const nested = join(ROOT, path, "node_modules");
  cpSync(join(ROOT, path), join(to, path), {
    recursive: true,
    filter: (source) => source !== nested && !UNREAD.test(source),
  });
}

/** CycloneDX, as npm makes it from the lock. */
function billOfMaterials(): string {
  const omit = ["dev", "optional", "peer"].flatMap((kind) => ["--omit", kind]);
  const args = ["sbom", "--package-lock-only", "--sbom-format", "cyclonedx", ...omit];
  return execFileSync("npm", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 64 << 20 });
}

/** Runs an agent in the folder until it is up, so that what it has loaded is compiled there. */
async function compile(to: string): Promise<void> {
  const places = ["listen", "api", "health"].flatMap((option) => [`--${option}`, "127.0.0.1:0"]);
  const child = spawn(process.execPath, ["node/main.ts", "agent", ...places, "--workers", "1", "--log-level", "error", "--json"], {
    cwd: to,
    // Portable: the cache names files relative to itself, so that it may be used where the image has it.
    env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: join(to, CACHE), NODE_COMPILE_CACHE_PORTABLE: "1" },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: READY_MS,
  });
  const gone = once(child, "exit");
  const ready = once(createInterface(child.stdout), "line") as Promise<[string]>;
  const [line] = await Promise.race([ready, gone.then(() => Promise.reject(new Error("the agent did not start")))]);
  // Publishing refuses this plan, after everything that publishing needs is loaded.
  await fetch(`${(JSON.parse(line) as { api: string }).api}/api/v1/runs`, { method: "POST", body: "{}" });
  child.kill("SIGTERM");
  await gone;
}

/** `to` need not be there. @throws when npm is missing, a package is not installed, or the agent does not start */
export async function assemble(to: string): Promise<void> {
  for (const part of PARTS) {
    mkdirSync(dirname(join(to, part)), { recursive: true });
    cpSync(join(ROOT, part), join(to, part), { recursive: true });
  }
  for (const path of packages()) copyPackage(path, to);
  writeFileSync(join(to, "sbom.cdx.json"), billOfMaterials());
  await compile(to);
}

if (import.meta.main) await assemble(process.argv[2]!);
