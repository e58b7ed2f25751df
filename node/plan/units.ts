// Durations and rates as people write them, read into milliseconds and events per second, and written back.

import { LIMITS } from "./defaults.ts";
import { type Read, bad, good, shown } from "./read.ts";

const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(?:\d{1,15}(?:\.\d{1,9})?(?:ms|s|m|h|d))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;
const RATE = /^(\d{1,15}(?:\.\d{1,9})?)(k|M)?(?:\/(s|m|h))?$/;
const LONGEST_TEXT = 64;

export const DURATION_PATTERN = DURATION.source;
export const RATE_PATTERN = RATE.source;

/**
 * A duration in milliseconds, from text in k6's (Go's) notation, `1m30s`, or a number of milliseconds.
 * Refuses what is negative, not finite, or above `maxMs`.
 */
export function readDuration(input: unknown, maxMs: number = LIMITS.durationMs): Read<number> {
  const ms = durationMsOf(input);
  if (ms === null) return bad(`must be a duration such as 30s, 1m30s or 500ms, is ${shown(input)}`);
  if (ms > maxMs) return bad(`must be at most ${formatDuration(maxMs)}, is ${shown(input)}`);
  return good(ms);
}

/** As `readDuration`, and not zero. */
export function readPositiveDuration(input: unknown, maxMs: number = LIMITS.durationMs): Read<number> {
  const read = readDuration(input, maxMs);
  return read.ok && read.value === 0 ? bad(`must be longer than 0, is ${shown(input)}`) : read;
}

function durationMsOf(input: unknown): number | null {
  if (typeof input === "number") return input >= 0 && Number.isFinite(input) ? wholeMicroseconds(input) : null;
  if (typeof input !== "string" || input.length > LONGEST_TEXT || !DURATION.test(input)) return null;
  let ms = 0;
  for (const [, amount, unit] of input.matchAll(DURATION_PART)) ms += Number(amount) * MS[unit as keyof typeof MS];
  return wholeMicroseconds(ms);
}

/** 1.1s is 1100 ms, not 1100.0000000000002. */
function wholeMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** An amount and, where the text names one, the time it is per. */
export interface Rate {
  readonly amount: number;
  /** null: the plan's `timeUnit` decides. */
  readonly perMs: number | null;
}

/** A rate: a number, or text such as `600/s`, `5k/s`, `300/m`. Refuses what is negative, not finite or absurd. */
export function readRate(input: unknown): Read<Rate> {
  const rate = rateOf(input);
  if (rate === null) return bad(`must be a rate such as 600, 600/s, 5k/s or 300/m, is ${shown(input)}`);
  return rate.perMs === null ? good(rate) : boundedRate(rate, rate.perMs, input);
}

function rateOf(input: unknown): Rate | null {
  if (typeof input === "number") return input >= 0 && Number.isFinite(input) ? { amount: input, perMs: null } : null;
  const match = typeof input === "string" && input.length <= LONGEST_TEXT ? RATE.exec(input) : null;
  if (match === null) return null;
  const factor = match[2] === "k" ? 1_000 : match[2] === "M" ? 1_000_000 : 1;
  const perMs = match[3] === undefined ? null : MS[match[3] as "s" | "m" | "h"];
  return { amount: Number(match[1]) * factor, perMs };
}

function boundedRate(rate: Rate, perMs: number, input: unknown): Read<Rate> {
  if ((rate.amount * 1000) / perMs <= LIMITS.ratePerSecond) return good(rate);
  return bad(`must be at most ${LIMITS.ratePerSecond.toLocaleString("en")}/s, is ${shown(input)}`);
}

/** Events per second of a rate whose bare numbers are per `timeUnitMs`. */
export function readPerSecond(input: unknown, timeUnitMs: number): Read<number> {
  const read = readRate(input);
  if (!read.ok) return read;
  const perMs = read.value.perMs ?? timeUnitMs;
  const bounded = boundedRate(read.value, perMs, input);
  return bounded.ok ? good((read.value.amount * 1000) / perMs) : bounded;
}

/** The shortest text that `readDuration` reads as the same number of milliseconds: `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return ms === 0 ? "0s" : `${ms}ms`;
  let rest = wholeMicroseconds(ms);
  let text = "";
  for (const unit of ["d", "h", "m"] as const) {
    const amount = Math.floor(rest / MS[unit]);
    rest -= amount * MS[unit];
    if (amount > 0) text += `${amount}${unit}`;
  }
  const seconds = wholeMicroseconds(rest) / 1000;
  return seconds > 0 ? `${text}${Number(seconds.toFixed(6))}s` : text;
}
