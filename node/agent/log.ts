// The agent's log: JSON lines on stderr, fields rather than sentences.

import { type Logger, pino } from "pino";
import { LoadswarmError } from "../plan/errors.ts";

export type { Logger };

const LEVELS = ["trace", "debug", "info", "warn", "error", "silent"];

/** Throws CONFIG_INVALID for a level there is not. stdout stays free for data. */
export function createLog(level: string, agent: string, node = ""): Logger {
  if (!LEVELS.includes(level)) {
    throw new LoadswarmError("CONFIG_INVALID", `no log level is called "${level}"`, `choose one of ${LEVELS.join(", ")}`);
  }
  const base = node === "" ? { agent } : { agent, node };
  return pino({ level, base }, pino.destination({ dest: 2, sync: true }));
}
