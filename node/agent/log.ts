// The agent's log: JSON lines on stderr, fields rather than sentences.

import { createRequire } from "node:module";
import type { DestinationStream, LogFn } from "pino";
import type { Logger } from "../mesh/logger.ts";
import { LoadswarmError } from "../plan/errors.ts";

export type { Logger };

const LEVELS = ["trace", "debug", "info", "warn", "error", "silent"];

/** Kept of a log that cannot be written now: its disk is full, or whoever reads it stands still. More is dropped. */
const MAX_KEPT_BYTES = 256 * 1024;
/** How often what is kept is tried again: where nothing new comes, or no more is kept. */
const TRY_AGAIN_MS = 5000;

/**
 * Throws CONFIG_INVALID for a level there is not. stdout stays free for data. The load must neither stop nor wait for
 * its log: a reader that is gone or stands still, or a full disk, costs lines and nothing else.
 */
export function createLog(level: string, agent: string, node = ""): Logger {
  if (!LEVELS.includes(level)) {
    const hint = `choose one of ${LEVELS.join(", ")}`;
    throw new LoadswarmError("CONFIG_INVALID", `no log level is called "${level}"`, hint);
  }
  const base = node === "" ? { agent } : { agent, node };
  let written: Logger | null = null;
  // Loaded with the first line: 25 ms that a run without a warning does not need.
  const open = (): Logger => {
    const { pino } = createRequire(import.meta.url)("pino") as typeof import("pino");
    return (written = pino({ level, base }, destination(pino)));
  };
  const at = (name: keyof Logger): LogFn => {
    if (LEVELS.indexOf(name) < LEVELS.indexOf(level)) return () => {};
    return (...line: Parameters<LogFn>) => (written ?? open())[name](...line);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function destination(pino: typeof import("pino").pino): DestinationStream {
  const stderr = pino.destination({
    dest: 2,
    sync: true,
    // With 0 the library's periodic flush does nothing. A line is longer, and still written at once.
    minLength: 1,
    maxLength: MAX_KEPT_BYTES,
    periodicFlush: TRY_AGAIN_MS,
    // The main thread would sleep until there is room.
    retryEAGAIN: () => false,
  });
  // There is nowhere to tell it.
  stderr.on("error", () => {});
  return stderr;
}
