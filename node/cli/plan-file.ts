// Reads a plan from a file, with the CSV files it refers to, so that nothing but the text has to travel.

import { closeSync, openSync, readSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { csvReferences, withTables } from "../plan/data.ts";
import { LIMITS } from "../plan/defaults.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { fileReason } from "../plan/file-reason.ts";
import { parsePlan } from "../plan/parse.ts";
import type { DataTable, Plan } from "../plan/types.ts";
import { parseCsv } from "./csv.ts";
import { FaultsError } from "./faults-error.ts";

/** A CSV file larger than this cannot fit into a plan anyway. */
const MAX_CSV_BYTES = 4 * LIMITS.textBytes;

export interface LoadedPlan {
  readonly plan: Plan;
  /** Canonical JSON with all tables in it: what is published. */
  readonly document: string;
}

/**
 * Reads and validates. `defaultTarget` serves a plan that names no target.
 * @throws FaultsError with every fault; LoadswarmError PLAN_UNREADABLE, PLAN_TOO_LARGE
 */
export function loadPlan(file: string, defaultTarget: string | null): LoadedPlan {
  const text = readBounded(file, LIMITS.textBytes, "plan");
  const loaded = parseOrThrow(text, file, defaultTarget);
  const references = csvReferences(loaded.document);
  if (references.length === 0) return loaded;
  const tables: Record<string, DataTable> = {};
  for (const { table, csv } of references)
    tables[table] = readCsv(resolve(dirname(file), csv), `${file}: data.${table}`);
  const document = withTables(loaded.document, tables);
  const sizeBytes = Buffer.byteLength(document);
  if (sizeBytes > LIMITS.textBytes) {
    throw tooLarge(`${file} with its CSV files has ${sizeBytes} bytes, more than ${LIMITS.textBytes}`);
  }
  return parseOrThrow(document, `${file} (with its CSV files)`, defaultTarget);
}

/** @throws FaultsError */
export function parseOrThrow(text: string, file: string, defaultTarget: string | null): LoadedPlan {
  // LOADSWARM_TARGET_URL may have a path, for POST /tests; a plan's target has none.
  const origin = defaultTarget === null ? null : (URL.parse(defaultTarget)?.origin ?? defaultTarget);
  const parsed = parsePlan(text, origin === null ? {} : { defaultTarget: origin });
  if (!parsed.ok) throw new FaultsError(file, parsed.faults);
  return parsed;
}

function readCsv(file: string, from: string): DataTable {
  const parsed = parseCsv(readBounded(file, MAX_CSV_BYTES, "CSV file", from));
  if (parsed.ok) return parsed.table;
  throw new LoadswarmError("PLAN_INVALID", `${file}:${parsed.line} ${parsed.message}`, `It is read for ${from}.`);
}

/** The text of a file that may be anything, a pipe included: no more than the limit is ever read. */
function readBounded(file: string, maxBytes: number, what: string, from?: string): string {
  const buffer = Buffer.allocUnsafe(maxBytes + 1);
  let sizeBytes = 0;
  try {
    const descriptor = openSync(file, "r");
    try {
      for (;;) {
        const read = readSync(descriptor, buffer, sizeBytes, buffer.length - sizeBytes, null);
        sizeBytes += read;
        if (read === 0 || sizeBytes === buffer.length) break;
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const hint =
      from === undefined
        ? "Give the path of a plan file in YAML or JSON."
        : `${from} refers to it; paths are relative to the plan.`;
    throw new LoadswarmError("PLAN_UNREADABLE", `cannot read ${what} ${file}: ${fileReason(error, "read")}`, hint, error);
  }
  if (sizeBytes > maxBytes) throw tooLarge(`${what} ${file} is larger than ${maxBytes} bytes`);
  return buffer.toString("utf8", 0, sizeBytes);
}

function tooLarge(message: string): LoadswarmError {
  return new LoadswarmError(
    "PLAN_TOO_LARGE",
    message,
    "A plan travels to every agent in one message: 1 MiB is the most.",
  );
}
