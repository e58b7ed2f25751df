// `npm run bench`: the figures that the README quotes, measured on this machine now.

import { measureFirstRequest, measureIdle } from "./agent.ts";
import { measureSplit } from "./split.ts";

const split = measureSplit();
console.log(`next own arrival            ${split.walkNs.toFixed(1)} ns (with its time on a ramp: ${split.scheduleNs.toFixed(1)} ns)`);
const first = await measureFirstRequest();
console.log(`run URL to first request    ${first.medianMs.toFixed(0)} ms median, ${first.bestMs.toFixed(0)} ms best`);
const idle = await measureIdle();
console.log(`idle agent                  ${idle.cpuPercent.toFixed(2)} % of a core, ${idle.rssMB.toFixed(0)} MB resident`);
