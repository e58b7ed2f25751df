// Reading untrusted decoded messages: every field is checked against a bound before the core sees it.

import { LoadswarmError } from "../plan/errors.ts";

/** Longest identifier, name, address or URL accepted. */
const TEXT_LENGTH = 512;

/** A decoded message: nothing about its values is certain yet. */
export type Loose = Readonly<Record<string, unknown>>;

export function invalid(what: string, cause?: unknown): LoadswarmError {
  const hint = "the frame was refused; check that all agents run the same or neighbouring versions";
  return new LoadswarmError("WIRE_INVALID", what, hint, cause);
}

export function text(from: Loose, field: string, maxLength = TEXT_LENGTH): string {
  const value = from[field];
  if (typeof value !== "string" || value.length > maxLength) throw invalid(`${field} is not a text of at most ${maxLength}`);
  return value;
}

/** Like `text`, but must not be empty. */
export function identifier(from: Loose, field: string): string {
  const value = text(from, field);
  if (value.length === 0) throw invalid(`${field} is empty`);
  return value;
}

/** A finite number within bounds. */
export function number(from: Loose, field: string, min: number, max: number): number {
  const value = Number(from[field]);
  if (!Number.isFinite(value) || value < min || value > max) throw invalid(`${field} is not within ${min}..${max}`);
  return value;
}

/** A whole number from 0 to 2^53 - 1. */
export function count(from: Loose, field: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = number(from, field, 0, max);
  if (!Number.isInteger(value)) throw invalid(`${field} is not a whole number`);
  return value;
}

export function counts(from: Loose, field: string, maxLength: number): number[] {
  return list(from, field, maxLength).map((_, index, values) => count(values as unknown as Loose, String(index)));
}

export function texts(from: Loose, field: string, maxLength: number): string[] {
  return list(from, field, maxLength).map((_, index, values) => text(values as unknown as Loose, String(index)));
}

export function list(from: Loose, field: string, maxLength: number): readonly unknown[] {
  const value = from[field];
  if (!Array.isArray(value)) return [];
  if (value.length > maxLength) throw invalid(`${field} has more than ${maxLength} entries`);
  return value;
}

export function messages(from: Loose, field: string, maxLength: number): readonly Loose[] {
  return list(from, field, maxLength) as readonly Loose[];
}

/** A sub-message, or null where it is absent. */
export function message(from: Loose, field: string): Loose | null {
  const value = from[field];
  return typeof value === "object" && value !== null ? (value as Loose) : null;
}
