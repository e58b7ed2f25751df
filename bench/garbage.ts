// What part of its CPU time a run spends collecting garbage, as V8 itself tells.

import { cores, keepAway } from "./peers/pin.ts";
import { Target } from "./peers/target.ts";
import { runOurs, type SteadyFlags, steadyOf } from "./ours.ts";

const SECONDS = 10;
const MOST_PERCENT = 2;

export async function runGarbage(flags: SteadyFlags): Promise<boolean> {
  const pins = cores();
  keepAway(pins);
  const target = await Target.start(pins.target);
  let text = "";
  try {
    const load = { url: target.urls.plain, ...steadyOf(flags, SECONDS) };
    const onText = (more: string) => void (text += more);
    const { summary, cost } = await runOurs(load, { target, pin: pins.generator, nodeFlags: ["--trace-gc"], onText });
    const pausesMs = Array.from(text.matchAll(/ ms: (?:Scavenge|Mark-Compact|Minor).*?, ([\d.]+) \/ [\d.]+ ms/g), ([, ms]) => Number(ms));
    // None at all at such rates: V8 words it otherwise now.
    if (pausesMs.length === 0) throw new Error("nothing that --trace-gc prints could be read");
    const sumMs = pausesMs.reduce((sum, ms) => sum + ms, 0);
    const percent = sumMs / 10 / (cost.userSeconds + cost.systemSeconds);
    console.log(`${summary.requests.total} requests; garbage collected ${pausesMs.length} times in all threads, in ${sumMs.toFixed(0)} ms:
${percent.toFixed(2)} % of the CPU time (limit ${MOST_PERCENT}), ${((sumMs * 1e6) / summary.requests.total).toFixed(0)} ns a request, ${Math.max(...pausesMs).toFixed(1)} ms at most`);
    return percent < MOST_PERCENT;
  } finally {
    await target.stop();
  }
}
