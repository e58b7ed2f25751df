#!/usr/bin/env node
// The program: hands the command line to the CLI. Nothing heavy is imported before the command is known.

import { enableCompileCache } from "node:module";

/** Grace for what should have been closed by the end of a command; a forgotten handle must not hang a pipeline. */
const LINGER_MS = 2000;

/** EXIT.interrupted, which must not be imported before the compile cache is on. */
const INTERRUPTED = 130;

enableCompileCache();
// A reader that goes away (`loadswarm status | head -1`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});
const [{ cli }, { processIo }] = await Promise.all([import("./cli/cli.ts"), import("./cli/io.ts")]);
const code = await cli(process.argv.slice(2), processIo());
process.exitCode = code;
// Who presses Ctrl-C twice does not want to wait for anything.
if (code === INTERRUPTED) process.exit();
setTimeout(() => process.exit(), LINGER_MS).unref();
