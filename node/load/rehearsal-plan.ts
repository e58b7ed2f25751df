// Which runs are worth a rehearsal, and the plan of it: the same flows, slower, shorter, and sent to the thread itself.

import { RateCurve } from "../plan/curve.ts";
import type { ArrivalRateExecutor, HttpSettings, HttpStep, Plan, Scenario } from "../plan/types.ts";

/** It is played so often: in the first act V8 takes what belongs to one run for all there is, in the second it learns. */
export const ACTS = 2;
/** How long an act goes on. Shorter leaves code uncompiled; longer costs CPU time, and delays runs of a swarm of one. */
export const ACT_MS = 150;
/** Between its end and the start of the run: for what it leaves behind to be closed and compiled. */
export const REST_MS = 100;
/** From the start of a rehearsal to that of its run. */
export const REHEARSAL_LEAD_MS = ACTS * ACT_MS + REST_MS;

/** A worker that is to send fewer requests per second as a run begins needs none: slow code is fast enough. */
const SLOW_PER_SECOND = 2_000;
/**
 * Requests per second of a rehearsal at most, at its end; it begins with a fifth. A thread that answers itself cannot do
 * much more while its code is slow, and a compiler that gets no time makes it no faster.
 */
const MOST_PER_SECOND = 5_000;
const FIRST_PART = 0.2;
/** What is due in so long a time from its start is what a scenario begins with. */
const BEGINNING_MS = 1000;

/** Whether a worker rehearses a run of which it has this share, 0 to 1. Closed models drop nothing: they warm up as they go. */
export function isRehearsed(plan: Plan, share: number): boolean {
  return share * requestsAtFirst(plan) >= SLOW_PER_SECOND;
}

/** How long before its start so many workers that share a run evenly have to know of it. */
export function rehearsalLeadMs(plan: Plan, workers: number): number {
  return isRehearsed(plan, 1 / workers) ? REHEARSAL_LEAD_MS : 0;
}

/** The plan of one act, to be given the same share. */
export function rehearsalOf(plan: Plan, share: number, origin: string): Plan {
  const slower = Math.min(1, MOST_PER_SECOND / (share * requestsAtFirst(plan)));
  const scenarios = plan.scenarios.flatMap((scenario): Scenario[] => {
    const perSecond = slower * iterationsAtFirst(scenario);
    if (perSecond === 0) return [];
    const { name, flow, http } = scenario;
    const stages = [{ durationMs: ACT_MS, targetPerSecond: perSecond }];
    const curve = { startPerSecond: FIRST_PART * perSecond, stages };
    const executor: ArrivalRateExecutor = { kind: "ramping-arrival-rate", curve, maxVUs: null };
    // Without what makes it wait.
    const steps = flow.filter((step) => step.kind === "http").map((step) => ({ ...step, url: moved(step, plan.targets, origin) }));
    const rest = http === undefined ? {} : { http: spoken(http) };
    return [{ name, executor, startTimeMs: 0, gracefulStopMs: 0, flow: steps, ...rest }];
  });
  return { ...plan, targets: [origin], scenarios, thresholds: [] };
}

/** Per second, over all scenarios and the whole swarm. */
function requestsAtFirst({ scenarios }: Plan): number {
  const requests = (one: Scenario) => iterationsAtFirst(one) * one.flow.filter(({ kind }) => kind === "http").length;
  return scenarios.reduce((sum, one) => sum + requests(one), 0);
}

function iterationsAtFirst({ executor }: Scenario): number {
  if (executor.kind !== "constant-arrival-rate" && executor.kind !== "ramping-arrival-rate") return 0;
  return new RateCurve(executor.curve).firstAtOrAfter(BEGINNING_MS) / (BEGINNING_MS / 1000);
}

/** Where a request goes instead. One that names its target otherwise is "blocked", as all that lead away from a plan's. */
function moved({ url }: HttpStep, targets: readonly string[], origin: string): string {
  const target = targets.find((each) => url.startsWith(each) && /^(?:[/?#]|$)/.test(url.slice(each.length)));
  return target === undefined ? url : origin + url.slice(target.length);
}

/** Nobody there speaks HTTP/2, and undici would be one more client to load. */
function spoken({ version: _version, client: _client, ...http }: HttpSettings): HttpSettings {
  return http;
}
