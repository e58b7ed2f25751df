// Data tables: rows written in the plan, and references to CSV files that are read where the plan is published.

import { LIMITS } from "./defaults.ts";
import type { Path, Problem } from "./faults.ts";
import { isMap, readScalar } from "./schema-kit.ts";
import { BUILTINS } from "./template.ts";
import type { DataTable } from "./types.ts";

/** What a plan says under `data` for one table. */
export type TableDocument =
  { readonly csv: string } | { readonly fields: readonly string[]; readonly rows: readonly unknown[] };

/** A table whose rows are in a file: `table` is its name in the plan, `csv` the path as written. */
export interface CsvReference {
  readonly table: string;
  readonly csv: string;
}

/** A table that is still to be read has no fields and no rows. */
export const UNREAD: DataTable = { fields: [], rows: [] };

/** Reads one table; rows that do not fit its fields are problems. */
export function readTable(table: TableDocument, path: Path, problems: Problem[]): DataTable {
  if ("csv" in table) return UNREAD;
  if (table.rows.length === 0) problems.push({ path: [...path, "rows"], message: "must have at least one row" });
  const rows: string[][] = [];
  for (const [i, row] of table.rows.entries()) {
    const message = rowFault(row, table.fields.length);
    if (message === null) rows.push((row as unknown[]).map(String));
    else problems.push({ path: [...path, "rows", i], message });
  }
  return { fields: table.fields, rows };
}

function rowFault(row: unknown, fields: number): string | null {
  if (!Array.isArray(row)) return "must be a list of values, one for each field";
  if (row.length !== fields) return `must have ${fields} values, one for each field, has ${row.length}`;
  for (const value of row) {
    const read = readScalar(value);
    if (!read.ok) return `has a value that ${read.message}`;
  }
  return null;
}

/** What is wrong with all tables together: too many rows, or a column whose name is taken. */
export function checkTables(tables: Readonly<Record<string, DataTable>>, problems: Problem[]): void {
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows.length, 0);
  if (rows > LIMITS.rows)
    problems.push({ path: ["data"], message: `must have at most ${LIMITS.rows} rows in all, has ${rows}` });
  const owner = new Map<string, string>();
  for (const [name, table] of Object.entries(tables)) {
    for (const [i, field] of table.fields.entries()) {
      const other = owner.get(field);
      owner.set(field, other ?? name);
      const path = ["data", name, "fields", i];
      if (Object.hasOwn(BUILTINS, field))
        problems.push({ path, message: "is the name of a built-in variable; choose another" });
      if (other !== undefined)
        problems.push({ path, message: `is a field of ${other} already; templates could not tell them apart` });
    }
  }
}

/** The CSV files that a canonical document of `parsePlan` refers to. */
export function csvReferences(document: string): CsvReference[] {
  return Object.entries(tablesOf(JSON.parse(document))).flatMap(([table, content]) =>
    isMap(content) && typeof content["csv"] === "string" ? [{ table, csv: content["csv"] }] : [],
  );
}

/** The document with these tables in the place of the references of the same names. To be parsed again. */
export function withTables(document: string, tables: Readonly<Record<string, DataTable>>): string {
  const plan = JSON.parse(document) as Record<string, unknown>;
  return JSON.stringify({ ...plan, data: { ...tablesOf(plan), ...tables } });
}

function tablesOf(plan: unknown): Record<string, unknown> {
  const data = isMap(plan) ? plan["data"] : undefined;
  return isMap(data) ? data : {};
}
