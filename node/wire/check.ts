// Reading untrusted decoded messages: every field is checked against a bound before the core sees it.
// (How many entries lists have was checked before: bounds.ts.)

import { LoadswarmError } from "../plan/errors.ts";

/** Longest identifier, name, address or URL accepted. */
const TEXT_LENGTH = 512;

/** Beyond any swarm time: year 2200. */
export const MAX_TIME_MS = 7.3e12;

/** A decoded message: nothing about its values is certain yet. Fields that were not sent have proto3's defaults. */
export type Loose = Readonly<Record<string, unknown>>;

export function invalid(what: string, cause?: unknown): LoadswarmError {
  const hint = "the frame was refused; check that all agents run the same or neighbouring versions";
  return new LoadswarmError("WIRE_INVALID", what, hint, cause);
}

export function text(from: Loose, field: string, maxLength = TEXT_LENGTH): string {
  return textOf(from[field], field, maxLength);
}

/** Like `text`, but must not be empty. */
export function identifier(from: Loose, field: string): string {
  const value = text(from, field);
  if (value.length === 0) throw invalid(`${field} is empty`);
  return value;
}

/** A finite number within bounds. */
export function number(from: Loose, field: string, min: number, max: number): number {
  return numberOf(from[field], field, min, max);
}

/** A whole number from 0 to 2^53 - 1, or to `max`. */
export function count(from: Loose, field: string, max = Number.MAX_SAFE_INTEGER): number {
  return countOf(from[field], field, max);
}

export function counts(from: Loose, field: string): number[] {
  return list(from, field).map((value) => countOf(value, field, Number.MAX_SAFE_INTEGER));
}

/** An instant that is not known is 0 on the wire, Infinity inside. */
export function instant(from: Loose, field: string): number {
  const ms = number(from, field, 0, MAX_TIME_MS);
  return ms === 0 ? Number.POSITIVE_INFINITY : ms;
}

export function texts(from: Loose, field: string): string[] {
  return list(from, field).map((value) => textOf(value, field, TEXT_LENGTH));
}

const NO_BYTES = new Uint8Array();

export function bytes(from: Loose, field: string): Uint8Array {
  const value = from[field];
  // What protobufjs has for absent bytes is a list.
  return value instanceof Uint8Array ? value : NO_BYTES;
}

export function list(from: Loose, field: string): readonly unknown[] {
  return from[field] as readonly unknown[];
}

export function messages(from: Loose, field: string): readonly Loose[] {
  return from[field] as readonly Loose[];
}

/** A sub-message, or null where it is absent. */
export function message(from: Loose, field: string): Loose | null {
  return from[field] as Loose | null;
}

/** Like `message`, but must be there. */
export function required(from: Loose, field: string): Loose {
  const value = message(from, field);
  if (value === null) throw invalid(`${field} is missing`);
  return value;
}

/** What the wire tells by its index in a list. */
export function choice<T>(from: Loose, field: string, choices: readonly T[]): T {
  const index = count(from, field);
  if (index >= choices.length) throw invalid(`${field} ${index} is none that we know`);
  return choices[index]!;
}

function textOf(value: unknown, field: string, maxLength: number): string {
  if (typeof value === "string" && value.length <= maxLength) return value;
  throw invalid(`${field} is not a text of at most ${maxLength}`);
}

function numberOf(raw: unknown, field: string, min: number, max: number): number {
  const value = raw as number;
  if (!(value >= min && value <= max)) throw invalid(`${field} is not within ${min}..${max}`);
  return value;
}

function countOf(raw: unknown, field: string, max: number): number {
  const value = numberOf(raw, field, 0, max);
  if (!Number.isInteger(value)) throw invalid(`${field} is not a whole number`);
  return value;
}
