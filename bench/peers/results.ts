// What a comparison found, as it is written to JSON, and the figures that follow from it.

import type { Pacing } from "./pacing.ts";
import type { Column } from "./tools.ts";

export interface Sample {
  readonly round: number;
  readonly column: Column;
  readonly tool: string;
  /** As the target counted them. */
  readonly requests: number;
  readonly wallSeconds: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly peakMB: number;
  readonly exitCode: number | null;
  /** Of the column `open`, for those that keep to a rate. */
  readonly pacing: Pacing | null;
}

export interface Comparison {
  readonly schema: "loadswarm.bench/1";
  readonly startedAt: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly kernel: string;
    readonly node: string;
    readonly nginx: string;
    /** Target and generator each have a core to themselves. */
    readonly pinned: boolean;
    /** Load average of the minute before. */
    readonly loadBefore: number;
  };
  readonly settings: { readonly rounds: number; readonly seconds: number; readonly connections: number };
  readonly tools: readonly { readonly name: string; readonly version: string; readonly rate: number | null; readonly without: string }[];
  readonly missing: readonly string[];
  readonly samples: readonly Sample[];
}

export interface Figure {
  readonly tool: string;
  /** Medians over the rounds. */
  readonly perCpuSecond: number;
  /** Ours by theirs, each from the same round: median, least and most; null for ours, or where we have no sample. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number } | null;
  readonly userMicros: number;
  readonly systemMicros: number;
  readonly perSecond: number;
  readonly peakMB: number;
  readonly pacing: Pacing | null;
  readonly rounds: number;
}

export const OURS = "loadswarm";

export function perCpuSecond({ requests, userSeconds, systemSeconds }: Sample): number {
  return requests / (userSeconds + systemSeconds);
}

/** Of one column; ours first, then the others by what they cost. */
export function figuresOf({ samples, settings }: Comparison, column: Column): Figure[] {
  const own = new Map(
    samples.filter((one) => one.column === column && one.tool === OURS).map((one) => [one.round, perCpuSecond(one)]),
  );
  const tools = new Set(samples.filter((one) => one.column === column).map((one) => one.tool));
  const figures = [...tools].map((tool) => {
    const all = samples.filter((one) => one.column === column && one.tool === tool);
    const ratios = all.flatMap((one) => (own.has(one.round) ? [own.get(one.round)! / perCpuSecond(one)] : []));
    const of = (value: (one: Sample) => number) => median(all.map(value));
    const paced = all.flatMap((one) => (one.pacing === null ? [] : [one.pacing]));
    const ratio = { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
    return {
      tool,
      perCpuSecond: of(perCpuSecond),
      ratio: tool === OURS || ratios.length === 0 ? null : ratio,
      userMicros: of((one) => (one.userSeconds * 1e6) / one.requests),
      systemMicros: of((one) => (one.systemSeconds * 1e6) / one.requests),
      perSecond: of((one) => one.requests / settings.seconds),
      peakMB: of((one) => one.peakMB),
      pacing: paced.length === 0 ? null : medianPacing(paced),
      rounds: all.length,
    };
  });
  return figures.sort((a, b) => Number(b.tool === OURS) - Number(a.tool === OURS) || b.perCpuSecond - a.perCpuSecond);
}

function medianPacing(all: readonly Pacing[]): Pacing {
  const of = (value: (one: Pacing) => number) => median(all.map(value));
  return {
    p50Ms: of((one) => one.p50Ms),
    p99Ms: of((one) => one.p99Ms),
    maxMs: of((one) => one.maxMs),
    variation: of((one) => one.variation),
  };
}

/** NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
