// `npm run bench -- peers`: options in, table and JSON out; and the documentation of a comparison.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chart } from "./chart.ts";
import { type Choice, compare } from "./compare.ts";
import { type Comparison, figuresOf } from "./results.ts";
import { documentOf, textTable } from "./table.ts";
import { COLUMNS, TOOLS } from "./tools.ts";

export interface PeersFlags {
  readonly only?: string;
  readonly tools?: string;
  readonly rounds: string;
  readonly seconds?: string;
  readonly json?: string;
}

const DOCUMENT = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const CHART = fileURLToPath(new URL("../../docs/benchmarks.svg", import.meta.url));
const SECONDS = 10;

export async function runPeers(flags: PeersFlags): Promise<void> {
  const note = (line: string) => console.error(line);
  const comparison = await compare(choiceOf(flags), note);
  for (const column of COLUMNS) {
    const figures = figuresOf(comparison, column);
    if (figures.length > 0) console.log(textTable(column, figures));
  }
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(comparison, null, 1)}\n`);
}

/** Of what `runPeers` wrote. */
export function writeDocs(file: string): void {
  const comparison = JSON.parse(readFileSync(file, "utf8")) as Comparison;
  writeFileSync(DOCUMENT, documentOf(comparison));
  writeFileSync(CHART, chart(comparison));
}

function choiceOf({ only, tools, rounds, seconds }: PeersFlags): Choice {
  const names = TOOLS.map(({ name }) => name);
  return {
    columns: only === undefined ? COLUMNS : among(only, COLUMNS, "--only"),
    tools: tools === undefined ? null : among(tools, names, "--tools"),
    rounds: positive(rounds, "--rounds"),
    seconds: positive(seconds ?? String(SECONDS), "--seconds"),
  };
}

function among<T extends string>(list: string, known: readonly T[], flag: string): T[] {
  return list.split(",").map((word) => {
    const found = known.find((each) => each === word);
    if (found === undefined) throw new Error(`${flag}: ${word} is none of ${known.join(", ")}`);
    return found;
  });
}

export function positive(text: string, flag: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} must be a whole number of at least 1, is ${text}`);
  return value;
}

