// What could be seen happening, as lines for the timeline: the rate falls and comes back, views are agreed again.

import type { Line } from "./attack.ts";
import { SAMPLE_MS } from "./meter.ts";
import type { Load } from "./judge.ts";
import type { ViewWatch } from "./view-watch.ts";

const ALMOST_ALL = 0.99;
const TOO_MUCH = 1.05;
/** Shorter than this is not worth a line. */
const WORTH_MS = 50;
/** Load begins and ends within some milliseconds. */
const EDGE_MS = 100;

type Level = "too little" | "right" | "too much";

export function observedRate({ series, fromMs, untilMs }: Load): Line[] {
  const lines: Line[] = [];
  const end = series.indexOf(untilMs - EDGE_MS);
  let level: Level = "right";
  let sinceMs = fromMs;
  for (let i = series.indexOf(fromMs + EDGE_MS); i < end; i++) {
    const now = levelOf(series.offered[i]!);
    if (now === level || !lasts(series.offered, i, now)) continue;
    const atMs = series.timeOf(i);
    const value = series.offered[i]!.toFixed(2);
    const after = `after ${((atMs - sinceMs) / 1000).toFixed(2)} s`;
    lines.push({ atMs, text: now === "right" ? `the rate is right again ${after}` : `${now} is offered: ${value} of the rate` });
    level = now;
    sinceMs = atMs;
  }
  return lines;
}

export function observedViews(views: ViewWatch, fromMs: number, untilMs: number): Line[] {
  return views.turns
    .filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)
    .map(({ atMs, agreed, text }) => ({ atMs, text: agreed ? `all have one view: ${text}` : "not all have one view" }));
}

function levelOf(offered: number): Level {
  return offered < ALMOST_ALL ? "too little" : offered > TOO_MUCH ? "too much" : "right";
}

function lasts(offered: readonly number[], from: number, level: Level): boolean {
  const until = Math.min(offered.length, from + WORTH_MS / SAMPLE_MS);
  for (let i = from; i < until; i++) if (levelOf(offered[i]!) !== level) return false;
  return true;
}
