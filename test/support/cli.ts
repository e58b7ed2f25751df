// The command line as a user runs it: a process of its own, its output and its exit code.

import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "node/main.ts");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** As `npm run -s loadswarm -- ARGS` in the repository's root. */
export function loadswarm(...args: string[]): Promise<Finished> {
  return finished(spawn(process.execPath, [MAIN, ...args], { cwd: ROOT, env: environment(), stdio: ["ignore", "pipe", "pipe"] }));
}

/** A line of shell in the repository's root. */
export function shell(line: string): Promise<Finished> {
  return finished(spawn("bash", ["-c", line], { cwd: ROOT, env: environment(), stdio: ["ignore", "pipe", "pipe"] }));
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "loadswarm-test-"));
}

function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("LOADSWARM_"));
  return { ...Object.fromEntries(own), NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/node") };
}

function finished(child: ReturnType<typeof spawn>): Promise<Finished> {
  let stdout = "";
  let stderr = "";
  child.stdout!.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr!.on("data", (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}
