// Where the summary of a run goes: text for people, JSON and JUnit for files or stdout.

import { closeSync, openSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { Summary } from "../core/summary-type.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { fileReason } from "../plan/file-reason.ts";
import { type Io, wantsColour } from "./io.ts";
import { junit } from "./junit.ts";
import { summaryText } from "./summary-text.ts";

/** Files to write; `-` is stdout, null is none. */
export interface OutputOptions {
  readonly json: string | null;
  readonly junit: string | null;
}

/** Where text for people goes: not to stdout when that carries data. @throws LoadswarmError USAGE if two want stdout */
export function textStream(options: OutputOptions, io: Io): Io["stdout"] {
  const onStdout = [options.json, options.junit].filter((file) => file === "-").length;
  if (onStdout > 1) {
    throw new LoadswarmError("USAGE", "only one output can go to stdout", "Give the others a file name instead of -.");
  }
  return onStdout === 1 ? io.stderr : io.stdout;
}

/** Writes everything asked for. @throws LoadswarmError OUTPUT_FAILED after the text has been written */
export function writeOutputs(summary: Summary, options: OutputOptions, io: Io): void {
  const text = textStream(options, io);
  text.write(summaryText(summary, wantsColour(text, io.env)));
  if (options.json !== null) write("--json", options.json, `${JSON.stringify(summary, null, 2)}\n`, io);
  if (options.junit !== null) write("--junit", options.junit, junit(summary), io);
}

function write(flag: string, file: string, content: string, io: Io): void {
  if (file === "-") {
    io.stdout.write(content);
    return;
  }
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw failed(flag, file, error);
  }
}

/** Before a run that may take hours. @throws LoadswarmError OUTPUT_FAILED if a file asked for cannot be written now */
export function checkOutputs({ json, junit: report }: OutputOptions): void {
  for (const [flag, file] of [["--json", json], ["--junit", report]] as const) {
    if (file === null || file === "-") continue;
    try {
      const known = statSync(file, { throwIfNoEntry: false });
      // Whoever reads a pipe would take this for its end.
      if (known !== undefined && !known.isFile() && !known.isDirectory()) continue;
      closeSync(openSync(file, "a"));
      // Where it is a link to nothing, that made what it links to.
      if (known === undefined) rmSync(realpathSync(file));
    } catch (error) {
      throw failed(flag, file, error);
    }
  }
}

function failed(flag: string, file: string, cause: unknown): LoadswarmError {
  const hint = `Give another file; ${flag} - prints to stdout instead.`;
  return new LoadswarmError("OUTPUT_FAILED", `cannot write ${file}: ${fileReason(cause, "write")}`, hint, cause);
}
