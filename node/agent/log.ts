// The agent's log: JSON lines on stderr, fields rather than sentences.

import { createRequire } from "node:module";
import type { LogFn } from "pino";
import type { Logger } from "../mesh/logger.ts";
import { LoadswarmError } from "../plan/errors.ts";

export type { Logger };

const LEVELS = ["trace", "debug", "info", "warn", "error", "silent"];

/** Throws CONFIG_INVALID for a level there is not. stdout stays free for data. */
export function createLog(level: string, agent: string, node = ""): Logger {
  if (!LEVELS.includes(level)) {
    throw new LoadswarmError("CONFIG_INVALID", `no log level is called "${level}"`, `choose one of ${LEVELS.join(", ")}`);
  }
  const base = node === "" ? { agent } : { agent, node };
  let written: Logger | null = null;
  // Loaded with the first line: 25 ms that a run without a warning does not need.
  const open = (): Logger => {
    const { pino } = createRequire(import.meta.url)("pino") as typeof import("pino");
    return (written = pino({ level, base }, pino.destination({ dest: 2, sync: true })));
  };
  const at = (name: keyof Logger): LogFn => {
    if (LEVELS.indexOf(name) < LEVELS.indexOf(level)) return () => {};
    return (...line: Parameters<LogFn>) => (written ?? open())[name](...line);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
