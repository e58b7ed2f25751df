// A CSV file (RFC 4180) as a data table: quotes, CRLF, a header line with the names of the columns.

import type { DataTable } from "../plan/types.ts";

export type CsvResult =
  | { readonly ok: true; readonly table: DataTable }
  | { readonly ok: false; readonly line: number; readonly message: string };

/** Blank lines are passed over. Every other line must have as many values as the header. */
export function parseCsv(text: string): CsvResult {
  const records: { line: number; values: string[] }[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const record = readRecord(text, at);
    if (typeof record === "string") return { ok: false, line, message: record };
    if (record.values.length > 1 || record.values[0] !== "") records.push({ line, values: record.values });
    at = record.end;
    line += record.lines;
  }
  const [header, ...rows] = records;
  if (header === undefined) return { ok: false, line: 1, message: "is empty; the first line names the columns" };
  if (rows.length === 0) return { ok: false, line: header.line, message: "has a header but no rows" };
  const fields = header.values.map((name) => name.trim());
  const uneven = rows.find((row) => row.values.length !== fields.length);
  if (uneven !== undefined) {
    const message = `has ${uneven.values.length} values where the header names ${fields.length} columns`;
    return { ok: false, line: uneven.line, message };
  }
  return { ok: true, table: { fields, rows: rows.map((row) => row.values) } };
}

/** One record from `start` on, and where the next begins; or what is wrong with it. */
function readRecord(text: string, start: number): { values: string[]; end: number; lines: number } | string {
  const values: string[] = [];
  let at = start;
  let lines = 0;
  for (;;) {
    if (text[at] === '"') {
      const quoted = readQuoted(text, at);
      if (quoted === null) return "has a quote that is never closed";
      values.push(quoted.value);
      lines += quoted.value.split("\n").length - 1;
      at = quoted.end;
      if (at < text.length && !/[,\r\n]/.test(text[at]!)) return "has text after a closing quote";
    } else {
      const from = at;
      while (at < text.length && text[at] !== "," && text[at] !== "\n" && text[at] !== "\r") at++;
      values.push(text.slice(from, at));
    }
    if (text[at] === ",") {
      at++;
      continue;
    }
    if (text[at] === "\r" && text[at + 1] === "\n") at++;
    return { values, end: at + 1, lines: lines + 1 };
  }
}

/** A quoted value, its doubled quotes made single; null if it does not end. */
function readQuoted(text: string, start: number): { value: string; end: number } | null {
  let value = "";
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return null;
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    at = quote + 2;
  }
}
