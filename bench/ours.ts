// `loadswarm run` as a process of its own against the bench's nginx: what it reports, and what it cost.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Summary } from "../node/core/summary-type.ts";
import { positive } from "./peers/command.ts";
import { type Cost, type Listener, measure } from "./peers/measure.ts";
import { type Pin, pinned } from "./peers/pin.ts";
import type { Target } from "./peers/target.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const GRACE_MS = 60_000;

export interface Steady {
  readonly url: string;
  readonly rate: number;
  readonly seconds: number;
  readonly precision: string;
}

export interface OursOptions extends Listener {
  readonly target: Target;
  readonly pin: Pin;
  /** For node itself. */
  readonly nodeFlags?: readonly string[];
}

/** As the command line gives them. */
export interface SteadyFlags {
  readonly rate: string;
  readonly seconds?: string;
  readonly precision: string;
}

export function steadyOf({ rate, seconds, precision }: SteadyFlags, usualSeconds: number): Omit<Steady, "url"> {
  return { rate: positive(rate, "--rate"), seconds: positive(seconds ?? String(usualSeconds), "--seconds"), precision };
}

/** One worker, a constant rate. */
export async function runOurs(load: Steady, options: OursOptions): Promise<{ readonly summary: Summary; readonly cost: Cost }> {
  const { folder } = options.target;
  const { url, rate, seconds, precision } = load;
  const scenario = { executor: "constant-arrival-rate", rate, duration: `${seconds}s`, gracefulStop: "5s", flow: [{ get: "/" }] };
  const plan = { name: "steady", target: url, precision, scenarios: { steady: scenario } };
  writeFileSync(join(folder, "plan.json"), JSON.stringify(plan));
  const json = join(folder, "summary.json");
  const node = [process.execPath, ...(options.nodeFlags ?? []), join(ROOT, "node/main.ts")];
  const argv = pinned(options.pin, [...node, "run", join(folder, "plan.json"), "--workers", "1", "--json", json]);
  const env = { NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/node") };
  const cost = await measure({ argv, env, cwd: folder }, seconds * 1000 + GRACE_MS, options);
  try {
    return { summary: JSON.parse(readFileSync(json, "utf8")) as Summary, cost };
  } catch (cause) {
    throw new Error(`loadswarm run gave no summary: ${cost.said}`, { cause });
  }
}
