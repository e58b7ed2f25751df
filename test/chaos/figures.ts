// What the target's log says of a run. Pure: hits in, figures out.
//
// Agents share the cores of one machine here, which no swarm's do; what that costs is not held against them. When the
// machine stands still for S ms, as a thread that only keeps time sees it, S ms' worth of requests may come a window
// later. And agents that wait for a core for W ms drop W ms' worth, as they must.

import type { Hit } from "./judge.ts";

export const WINDOW_MS = 1000;
/** A window is full with 99 % of what was due in it. */
const FULL = 0.99;
/** Later than this after it was due, a request is not what the plan asked for. */
const ON_TIME_MS = 1000;
/** Of a window: what the agents waited is mostly many short waits that cost nothing, and must not hide a crash. */
const MOST_EXCUSED_MS = 50;

/** What the machine took from everybody between two instants, milliseconds: its longest stall, or what all waited. */
export type TakenMs = (fromMs: number, toMs: number) => number;

export interface Schedule {
  /** Of arrival 0, milliseconds since the epoch. */
  readonly startMs: number;
  /** Arrivals a second, of the whole swarm. */
  readonly rate: number;
}

export interface Worst {
  /** Requests in the fullest window over those in the plan. */
  readonly ratio: number;
  /** The same, with what the machine's stalls pushed into each window counted as planned. */
  readonly excused: number;
}

/** The fullest second, wherever it begins, that ended between two instants. `hits` in the order of their times. */
export function worstSecond(hits: readonly Hit[], fromMs: number, toMs: number, rate: number, stall: TakenMs): Worst {
  let [ratio, excused] = [0, 0];
  let first = 0;
  for (const [last, { atMs }] of hits.entries()) {
    while (hits[first]!.atMs <= atMs - WINDOW_MS) first++;
    if (atMs < fromMs || atMs >= toMs) continue;
    const count = last - first + 1;
    const planned = (rate * WINDOW_MS) / 1000;
    ratio = Math.max(ratio, count / planned);
    excused = Math.max(excused, count / (planned * (1 + stall(atMs - 2 * WINDOW_MS, atMs) / WINDOW_MS)));
  }
  return { ratio, excused };
}

/** Requests between two instants that repeat an arrival. */
export function twice(hits: readonly Hit[], fromMs: number, toMs: number): number {
  const seen = new Set<number>();
  let repeated = 0;
  for (const { atMs, k } of hits) {
    if (seen.has(k) && atMs >= fromMs && atMs < toMs) repeated++;
    seen.add(k);
  }
  return repeated;
}

export interface Recovery {
  /** From `fromMs` until the first second after which all are full; null if the last is not. */
  readonly ms: number | null;
  /** Arrivals in the emptiest second over those in the plan. */
  readonly lowest: number;
}

/** How the schedule was kept by the arrivals due between two instants; each counts once, and only if on time. */
export function recovery(
  hits: readonly Hit[],
  fromMs: number,
  toMs: number,
  { startMs, rate }: Schedule,
  taken: TakenMs,
): Recovery {
  const dueMs = (k: number): number => startMs + (k * 1000) / rate;
  const from = Math.max(0, Math.ceil(((fromMs - startMs) * rate) / 1000));
  const to = Math.floor(((toMs - startMs) * rate) / 1000);
  const kept = new Uint8Array(Math.max(0, to - from));
  for (const { atMs, k } of hits) {
    if (k >= from && k < to && atMs - dueMs(k) < ON_TIME_MS) kept[k - from] = 1;
  }
  const window = Math.round((rate * WINDOW_MS) / 1000);
  let count = 0;
  let lowest = 1;
  let lastLow: number | null = null;
  for (let i = 0; i < kept.length; i++) {
    count += kept[i]! - (i >= window ? kept[i - window]! : 0);
    if (i < window - 1) continue;
    lowest = Math.min(lowest, count / window);
    const first = from + i - window + 1;
    const takenMs = Math.min(MOST_EXCUSED_MS, taken(dueMs(first), dueMs(first) + WINDOW_MS));
    if (count + (takenMs * rate) / 1000 < FULL * window) lastLow = first;
  }
  if (lastLow === null) return { ms: 0, lowest };
  const ms = dueMs(lastLow + 1) - fromMs;
  return { ms: lastLow + 1 + window > to ? null : ms, lowest };
}

/** Milliseconds from an instant until the last request; 0 if none came. `hits` in the order of their times. */
export function lastAfter(hits: readonly Hit[], instantMs: number): number {
  return Math.max(0, (hits.at(-1)?.atMs ?? 0) - instantMs);
}
