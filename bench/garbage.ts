// What part of its CPU time the load thread spends collecting garbage, by V8's own profile.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cores } from "./peers/pin.ts";
import { Target } from "./peers/target.ts";
import { runOurs } from "./ours.ts";

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string } }[];
  readonly samples: readonly number[];
}

const SECONDS = 10;

export async function runGarbage(flags: { readonly rate: string; readonly seconds?: string; readonly precision: string }): Promise<void> {
  const pins = cores();
  const target = await Target.start(pins.target);
  const folder = mkdtempSync(join(tmpdir(), "loadswarm-profile-"));
  try {
    const load = { url: target.urls.plain, rate: Number(flags.rate), seconds: Number(flags.seconds ?? SECONDS), precision: flags.precision };
    await runOurs(load, { target, pin: pins.generator, nodeFlags: ["--cpu-prof", `--cpu-prof-dir=${folder}`] });
    const profiles = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Profile);
    const worker = profiles.find(({ nodes }) => nodes.some(({ callFrame }) => callFrame.url.endsWith("node/load/worker.ts")));
    if (worker === undefined) throw new Error("no profile of a load thread was written");
    console.log(`garbage collection: ${(shareOfGarbage(worker) * 100).toFixed(2)} % of the load thread's busy time (limit 2)`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await target.stop();
  }
}

function shareOfGarbage({ nodes, samples }: Profile): number {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  let busy = 0;
  let garbage = 0;
  for (const id of samples) {
    const name = names.get(id);
    if (name !== "(idle)") busy++;
    if (name === "(garbage collector)") garbage++;
  }
  return garbage / busy;
}
