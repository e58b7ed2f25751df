#!/usr/bin/env node
// The program: hands the command line to the CLI. Nothing heavy is imported before the command is known.

import { enableCompileCache } from "node:module";

/** Grace for what should have been closed by the end of a command; a forgotten handle must not hang a pipeline. */
const LINGER_MS = 2000;

/** EXIT.internal and EXIT.interrupted, which must not be imported before the compile cache is on. */
const INTERNAL = 1;
const INTERRUPTED = 130;

enableCompileCache();
// A reader that goes away (`loadswarm run … | head -1`) is no error: the command goes on and ends with its own code.
process.stderr.on("error", () => {});
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  process.stderr.write(`loadswarm: cannot write to stdout: ${error.message}\n`);
  process.exit(INTERNAL);
});
const [{ cli }, { processIo }] = await Promise.all([import("./cli/cli.ts"), import("./cli/io.ts")]);
const code = await cli(process.argv.slice(2), processIo());
process.exitCode = code;
// Who presses Ctrl-C twice does not want to wait for anything.
if (code === INTERRUPTED) process.exit();
setTimeout(() => process.exit(), LINGER_MS).unref();
