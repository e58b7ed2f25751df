// Judges a run by its promises: for each the worst value there was, and whether it is within the bound.

import type { Told } from "./asking.ts";
import { leastAverage, type Meter, SAMPLE_MS, type Series, worstAverage } from "./meter.ts";
import type { Mark, Promised, PromiseName } from "./scenario.ts";
import type { Target } from "./target.ts";
import type { ViewWatch } from "./view-watch.ts";
import type { World } from "./world.ts";

const ALMOST_ALL = 0.99;
/** A share is cut in 2^32 parts: sums of many are not quite 1. */
const ROUNDING = 1e-6;
const SECOND_MS = 1000;
const SECOND_SAMPLES = SECOND_MS / SAMPLE_MS;
/** P2. */
const MORE = 0.05;
/** Clocks differ by some milliseconds: not all agents begin and end at the same instant. */
const EDGE_MS = 100;
/** A share and the lease for it may end some milliseconds apart; "seamless" tells whether that costs anything. */
const LAPSE_SAMPLES = 50 / SAMPLE_MS;

export interface Finding {
  readonly promise: PromiseName;
  readonly held: boolean;
  /** null: there was nothing to measure. */
  readonly worst: number | null;
  readonly bound: number;
  readonly unit: "x" | "ms" | "";
  readonly detail: string;
}

/** A plan whose load is judged, and when it was planned to be on, in milliseconds since the simulation began. */
export interface Load {
  readonly series: Series;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Everything that was seen of a run. */
export interface Seen {
  readonly world: World;
  readonly meter: Meter;
  readonly loads: readonly Load[];
  /** Arrivals per second that a load of 1 means. */
  readonly rate: number;
  /** null where only shares were simulated. */
  readonly target: Target | null;
  /** Arrivals the plan has in all. */
  readonly planned: number;
  readonly views: ViewWatch;
  readonly marks: readonly Mark[];
  readonly stopAtMs: number | null;
  /** Which agents could hear of the stop. */
  readonly couldHear: (agent: number) => boolean;
  readonly falseLosses: number;
  /** What agents that run at the end say of the run. */
  readonly told: readonly Told[];
  /** Ids of the runs that publishing has made. */
  readonly runs: readonly string[];
}

type Judge<P extends PromiseName> = (promised: Extract<Promised, { readonly promise: P }>, seen: Seen) => Omit<Finding, "promise">;

const JUDGES: { readonly [P in PromiseName]: Judge<P> } = {
  "never more": neverMore,
  "once again": onceAgain,
  "takes over": takesOver,
  recovers,
  seamless,
  newcomers,
  stops,
  conserves,
  "same summary": sameSummary,
  answers,
  "one view": oneView,
  "no forks": (_, { views }) => none(views.forks.length, "forks", views.forks[0] && `view ${views.forks[0].number} twice`),
  "no false stops": falseStops,
  "no false losses": (_, { falseLosses }) => none(falseLosses, "agents that run were said to be lost"),
  "one run": (_, { runs }) => ({ ...none(new Set(runs).size, `runs: ${runs.join(" ")}`), held: new Set(runs).size === 1, bound: 1 }),
};

export function judge(promises: readonly Promised[], seen: Seen): Finding[] {
  return promises.map((promised) => {
    const judgeOne = JUDGES[promised.promise] as Judge<PromiseName>;
    return { promise: promised.promise, ...judgeOne(promised as never, seen) };
  });
}

function none(count: number, what: string, example = ""): Omit<Finding, "promise"> {
  return { held: count === 0, worst: count, bound: 0, unit: "", detail: count === 0 ? "" : `${what} ${example}`.trim() };
}

function neverMore({ atMost }: Extract<Promised, { promise: "never more" }>, seen: Seen): Omit<Finding, "promise"> {
  let worst = 0;
  let peak = 0;
  for (const { series } of seen.loads) {
    worst = Math.max(worst, worstAverage(series.offered, SECOND_MS).value);
    for (const offered of series.offered) peak = Math.max(peak, offered);
  }
  let detail = `peak ${peak.toFixed(3)}`;
  if (seen.target !== null && seen.loads.length === 1) {
    // A second can hold one arrival more than its rate, wherever it begins.
    const counted = Math.max(0, seen.target.worstSecond() - 1) / seen.rate;
    detail += `, counted by the target ${counted.toFixed(3)}`;
    worst = Math.max(worst, counted);
  }
  return { held: worst <= atMost + ROUNDING, worst, bound: atMost, unit: "x", detail };
}

function onceAgain({ after, withinMs }: Extract<Promised, { promise: "once again" }>, { loads, marks }: Seen): Omit<Finding, "promise"> {
  let worst: number | null = null;
  for (const { series, untilMs } of loads) {
    for (const { kind, atMs } of marks) {
      if (kind !== after) continue;
      const offered = series.offered.slice(series.indexOf(atMs), series.indexOf(untilMs));
      worst = Math.max(worst ?? 0, SAMPLE_MS * (offered.findLastIndex((part) => part > 1 + MORE) + 1));
    }
  }
  return { held: worst !== null && worst <= withinMs, worst, bound: withinMs, unit: "ms", detail: "" };
}

/** From `mark` until the last sample with too little before `untilMs`. */
function recoveryMs({ series, untilMs: toMs }: Load, markMs: number, untilMs: number): number {
  const { offered } = series;
  const end = series.indexOf(Math.min(untilMs, toMs - EDGE_MS));
  const begin = series.indexOf(markMs);
  let lastBad = -1;
  let missing = 0;
  for (let i = begin; i < end; i++) {
    missing += Math.max(0, 1 - offered[i]!);
    if (i - SECOND_SAMPLES >= begin) missing -= Math.max(0, 1 - offered[i - SECOND_SAMPLES]!);
    // Clocks differ: a dip of some milliseconds, as a share changes hands, costs a second less than what is asked of it.
    if (offered[i]! < ALMOST_ALL && missing > (1 - ALMOST_ALL) * SECOND_SAMPLES) lastBad = i;
  }
  if (lastBad < 0) return 0;
  return lastBad === end - 1 ? Number.POSITIVE_INFINITY : series.timeOf(lastBad + 1) - markMs;
}

function takesOver({ after, withinMs }: Extract<Promised, { promise: "takes over" }>, seen: Seen): Omit<Finding, "promise"> {
  let worst = -1;
  let at = 0;
  for (const load of seen.loads) {
    for (const mark of seen.marks) {
      if (!after.includes(mark.kind) || mark.atMs >= load.untilMs) continue;
      const nextMs = Math.min(load.untilMs, ...seen.marks.filter((one) => one.atMs > mark.atMs).map((one) => one.atMs));
      // What happened before the load shows when that begins.
      const tookMs = recoveryMs(load, Math.max(mark.atMs, load.fromMs), nextMs);
      // What comes next came too soon to tell.
      if (tookMs === Number.POSITIVE_INFINITY && nextMs - mark.atMs <= withinMs) continue;
      if (tookMs > worst) [worst, at] = [tookMs, mark.atMs - load.fromMs];
    }
  }
  const detail = worst > 0 ? `after ${(at / 1000).toFixed(1)} s` : "";
  return { held: worst <= withinMs, worst: worst < 0 ? null : worst, bound: withinMs, unit: "ms", detail };
}

function recovers({ withinMs }: Extract<Promised, { promise: "recovers" }>, { loads, marks }: Seen): Omit<Finding, "promise"> {
  const lastMs = Math.max(...marks.map(({ atMs }) => atMs));
  const worst = Math.max(...loads.map((load) => recoveryMs(load, Math.max(lastMs, load.fromMs), load.untilMs)));
  return { held: worst <= withinMs, worst, bound: withinMs, unit: "ms", detail: "" };
}

function seamless({ within }: Extract<Promised, { promise: "seamless" }>, { loads }: Seen): Omit<Finding, "promise"> {
  let worst = 0;
  let detail = "";
  for (const { series, fromMs, untilMs } of loads) {
    const samples = series.offered.slice(series.indexOf(fromMs + EDGE_MS), series.indexOf(untilMs - EDGE_MS));
    const [most, least] = [worstAverage(samples, SECOND_MS), leastAverage(samples, SECOND_MS)];
    for (const { value, index } of [most, least]) {
      if (Math.abs(value - 1) <= worst) continue;
      worst = Math.abs(value - 1);
      detail = `${value.toFixed(4)} at ${((index * SAMPLE_MS) / 1000).toFixed(1)} s`;
    }
  }
  return { held: worst <= within + ROUNDING, worst, bound: within, unit: "x", detail };
}

function newcomers({ withinMs }: Extract<Promised, { promise: "newcomers" }>, seen: Seen): Omit<Finding, "promise"> {
  let worst: number | null = null;
  let idle = 0;
  const { fromMs, untilMs } = seen.loads[0]!;
  for (const agent of seen.world.agents) {
    const isJudged = agent.startedAtMs >= fromMs && agent.startedAtMs + withinMs < untilMs && agent.isRunning;
    if (!isJudged) continue;
    const tookMs = seen.meter.carriedAtMs(agent.index) - agent.startedAtMs;
    if (tookMs === Number.POSITIVE_INFINITY) idle++;
    worst = Math.max(worst ?? 0, tookMs);
  }
  return { held: (worst ?? 0) <= withinMs, worst, bound: withinMs, unit: "ms", detail: idle === 0 ? "" : `${idle} never did` };
}

function stops(promised: Extract<Promised, { promise: "stops" }>, seen: Seen): Omit<Finding, "promise"> {
  const { withinMs, isolatedMs } = promised;
  const bound = withinMs;
  if (seen.stopAtMs === null) return { held: false, worst: null, bound, unit: "ms", detail: "nobody stopped it" };
  let connected = 0;
  let isolated = 0;
  for (const [agent, lastMs] of seen.meter.lastOfferedMs()) {
    const tookMs = lastMs - seen.stopAtMs;
    if (seen.couldHear(agent)) connected = Math.max(connected, tookMs);
    else isolated = Math.max(isolated, tookMs);
  }
  const held = connected <= withinMs && isolated <= isolatedMs;
  return { held, worst: connected, bound, unit: "ms", detail: `isolated ${Math.max(0, isolated)} ms, bound ${isolatedMs}` };
}

const NOT_ASKED = { held: true, worst: null, bound: 0, unit: "", detail: "not counted in a swarm of this size" } as const;

function conserves(_: unknown, { target, planned, told, runs }: Seen): Omit<Finding, "promise"> {
  if (target === null) return NOT_ASKED;
  const missing = planned - target.distinct(runs[0] ?? "");
  const reported = told[0]?.summary?.iterations.started ?? 0;
  const misreported = Math.abs(reported - target.timesMs.length);
  const wrong = target.duplicates + missing + misreported;
  return none(wrong, `${missing} never sent, ${target.duplicates} sent twice, ${misreported} misreported`);
}

function sameSummary(_: unknown, { told }: Seen): Omit<Finding, "promise"> {
  const texts = new Set(told.map(({ summary }) => JSON.stringify(summary)));
  const silent = told.filter(({ summary }) => summary === null).length;
  const differing = Math.max(0, texts.size - 1) + silent;
  return none(differing, `${texts.size} different summaries of ${told.length}, ${silent} without an answer`);
}

/** Of agents that crashed before anybody else held a report of theirs nobody can answer. */
function answers(promised: Extract<Promised, { promise: "answers" }>, { told, world }: Seen): Omit<Finding, "promise"> {
  const { withinMs, without = 0, withoutPart = 0 } = promised;
  const crashed = world.agents.filter(({ state }) => state === "crashed" || state === "unplugged").length;
  const worst = Math.max(0, ...told.map(({ tookMs }) => tookMs));
  const missing = Math.max(0, ...told.map(({ summary }) => (summary === null ? 0 : summary.agents.planned - summary.agents.reported)));
  const detail = missing > 0 ? `without the results of ${missing}, ${crashed} crashed` : `asked: ${told.length}`;
  const most = crashed + Math.max(without, withoutPart * world.agents.length);
  return { held: worst <= withinMs && missing <= most, worst, bound: withinMs, unit: "ms", detail };
}

function oneView({ withinMs }: Extract<Promised, { promise: "one view" }>, { views, marks }: Seen): Omit<Finding, "promise"> {
  const last = Math.max(0, ...marks.map((mark) => mark.atMs));
  const worst = views.settledAfterMs(last);
  const detail = worst === Number.POSITIVE_INFINITY ? "not yet at the end" : (views.turns.at(-1)?.text ?? "");
  return { held: worst <= withinMs, worst, bound: withinMs, unit: "ms", detail };
}

function falseStops(_: unknown, { loads }: Seen): Omit<Finding, "promise"> {
  let agents = 0;
  for (const { series, fromMs, untilMs } of loads) {
    const lapsed = series.lapsed.slice(series.indexOf(fromMs + SECOND_MS), series.indexOf(untilMs));
    for (let i = LAPSE_SAMPLES; i <= lapsed.length; i++) {
      agents = Math.max(agents, Math.min(...lapsed.slice(i - LAPSE_SAMPLES, i)));
    }
  }
  return none(agents, "agents at once without a lease");
}
