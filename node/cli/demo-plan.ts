// What the demo does and when.

import type { Span } from "./demo-chart.ts";

export const RATE_PER_SECOND = 300;
export const DURATION_S = 20;
export const AGENTS = 3;
/** Seconds after the first whole second of the run at which the agent that took the plan is killed. */
export const KILL_AT_S = 8;
/** And at which a new one is started. */
export const JOIN_AT_S = 12;
/** By then the others carry the share of the dead one: promised within 3 s of a crash. */
const TAKEN_OVER_AT_S = 12;
/** By then the new one carries load: promised within 5 s. */
const JOINED_AT_S = 17;
/** How far a span's mean rate may be off. The promise is 1 %; the rest is the target's clock on a busy machine. */
export const TOLERANCE = 0.03;

/** And how far below, where that many arrivals were dropped because the machine had no time for them, and counted as that. */
export const MOST_LATE = 0.1;

export function demoPlan(target: string): string {
  return JSON.stringify({
    name: "demo",
    target,
    scenarios: {
      hits: {
        executor: "constant-arrival-rate",
        rate: RATE_PER_SECOND,
        duration: `${DURATION_S}s`,
        gracefulStop: "3s",
        flow: [{ get: "/hit?k={{ iterationInTest }}", name: "hit", expect: { status: 200 } }],
      },
    },
    thresholds: { http_req_failed: ["rate<0.01"], http_req_duration: ["p(95)<500"] },
  });
}

/** Where the rate has to hold. `seconds` is the number of whole seconds within the run. */
export function demoSpans(seconds: number): Span[] {
  return [
    { name: "three agents", from: 0, to: KILL_AT_S },
    { name: "one killed, share taken over", from: TAKEN_OVER_AT_S, to: JOINED_AT_S },
    { name: "with the new one", from: JOINED_AT_S, to: seconds },
  ];
}
