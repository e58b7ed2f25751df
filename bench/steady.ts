// A constant rate for a while: is what the target counted what was scheduled and reported, and how evenly did it come?

import { cores, keepAway } from "./peers/pin.ts";
import { binned, pacingOf, variationOf } from "./peers/pacing.ts";
import { Target } from "./peers/target.ts";
import { runOurs, type SteadyFlags, steadyOf } from "./ours.ts";
import { stolenSeconds } from "./stolen.ts";

const SECONDS = 60;
/** What the pacing error may be at its 99th percentile, milliseconds. */
const LIMITS_MS: Readonly<Record<string, number>> = { normal: 1.5, high: 0.9 };

/** True if every count is the same, nothing was dropped, and the pacing error is within its limit. */
export async function runSteady(flags: SteadyFlags): Promise<boolean> {
  const steady = steadyOf(flags, SECONDS);
  const { rate, seconds, precision } = steady;
  const pins = cores();
  keepAway(pins);
  const target = await Target.start(pins.target);
  try {
    const load = { url: target.urls.logged, ...steady };
    const stolenBefore = stolenSeconds(pins.generator);
    const { summary, cost } = await runOurs(load, { target, pin: pins.generator });
    const stolen = share(stolenBefore, stolenSeconds(pins.generator), seconds);
    const times = target.takeLog();
    const { scheduled, started, dropped } = summary.iterations;
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    const pacing = summary.metrics["pacing_error"]!;
    const limitMs = LIMITS_MS[precision] ?? Number.POSITIVE_INFINITY;
    const bins = binned(times);
    const byLog = pacingOf(times, rate);
    console.log(`rate ${rate}/s for ${seconds} s, one worker, precision ${precision}
scheduled ${scheduled}, started ${started}, dropped ${lost}; requests reported ${summary.requests.total}, failed ${summary.requests.failed}; in the access log ${times.length}
pacing error      p(99) ${pacing["p(99)"].toFixed(3)} ms (limit ${limitMs}), median ${pacing.med.toFixed(3)}, most ${pacing.max.toFixed(3)}
10 ms of the log  ${bins.length} of them, ${(rate / 100).toFixed(0)} due in each, least ${Math.min(...bins)}, most ${Math.max(...bins)}, coefficient of variation ${variationOf(bins).toFixed(4)}
late by the log   p(50) ${byLog?.p50Ms.toFixed(2)} ms, p(99) ${byLog?.p99Ms.toFixed(2)} ms, most ${byLog?.maxMs.toFixed(2)} ms
cost              ${(times.length / (cost.userSeconds + cost.systemSeconds)).toFixed(0)} requests/CPU-s, ${cost.peakMB.toFixed(0)} MB at most; verdict ${summary.generator.verdict}
stolen            ${stolen} of the generator's core by the hypervisor: in that time nothing can be sent`);
    const isExact = scheduled === rate * seconds && [started, summary.requests.total, times.length].every((count) => count === scheduled);
    console.log(isExact ? "all counts are the same" : "THE COUNTS DIFFER");
    return isExact && pacing["p(99)"] <= limitMs;
  } finally {
    await target.stop();
  }
}

function share(before: number | null, after: number | null, seconds: number): string {
  return before === null || after === null ? "an unknown part" : `${(((after - before) / seconds) * 100).toFixed(1)} %`;
}
