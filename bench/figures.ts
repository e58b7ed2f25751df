// `npm run bench -- figures`: those of the README and of docs/metrics.md, and what they depend on, measured on this machine now.

import { measureFirstRequest, measureIdle } from "./agent.ts";
import { measureGather } from "./gather.ts";
import { measurePush, measureReading } from "./remote-write.ts";
import { measureRecording } from "./recording.ts";
import { measureSplit } from "./split.ts";

export async function printFigures(): Promise<void> {
  const split = measureSplit();
  console.log(`next own arrival            ${split.walkNs.toFixed(1)} ns (with its time on a ramp: ${split.scheduleNs.toFixed(1)} ns)`);
  const recording = measureRecording();
  console.log(`recording a duration        ${recording.sketchNs.toFixed(1)} ns; all that is counted of a request ${recording.requestNs.toFixed(0)} ns`);
  const first = await measureFirstRequest();
  console.log(`run URL to first request    ${first.medianMs.toFixed(0)} ms median, ${first.bestMs.toFixed(0)} ms best`);
  const idle = await measureIdle();
  console.log(`idle agent                  ${idle.cpuPercent.toFixed(2)} % of a core, ${idle.rssMB.toFixed(0)} MB resident`);
  for (const crashedEvery of [0, 100]) {
    const { simulatedMs, cpuMs, frames, reported } = measureGather(3000, crashedEvery);
    const name = crashedEvery === 0 ? "summary of 3,000 agents    " : "the same, 1 % just crashed ";
    console.log(`${name} ${simulatedMs} ms simulated, results of ${reported}, ${frames} frames, ${cpuMs.toFixed(0)} ms CPU of all`);
  }
  const reading = measureReading();
  console.log(`adding up 4 threads' counts  ${reading.cpuMs.toFixed(2)} ms CPU for ${reading.series} series of 20 requests`);
  for (const { protocol, cpuMs, bytes, corePercent } of measurePush()) {
    const size = `${(bytes / 1000).toFixed(1)} kB, ${corePercent.toFixed(2)} % of a core every 5 s`;
    console.log(`push of 250 series, RW ${protocol} ${cpuMs.toFixed(2)} ms CPU, ${size}`);
  }
}
