// What the demo target can be told, and the defaults.

import { parseArgs } from "node:util";

export interface TargetOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Every answer but those of /stats, /reset and /healthz waits this long, plus or minus a uniform jitter. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Share of answers, 0 to 1, that are a 500. Those requests are counted as hits all the same: they did arrive. */
  readonly errorRate: number;
  /** TCP and UDP sink on this port; 0 = any free port, null = no sink. */
  readonly sinkPort: number | null;
  /** Where hits are counted for several targets together; null = in memory. */
  readonly redis: { readonly host: string; readonly port: number } | null;
}

export const DEFAULT_OPTIONS: TargetOptions = {
  host: "127.0.0.1",
  port: 8080,
  latencyMs: 0,
  jitterMs: 0,
  errorRate: 0,
  sinkPort: null,
  redis: null,
};

/** No answer is held back longer than this, whatever is asked for. */
export const MAX_DELAY_MS = 60_000;

/** `20ms`, `1.5s`, or plain milliseconds; null if it is none of these or above MAX_DELAY_MS. */
export function parseDelayMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(text);
  if (match === null) return null;
  const delayMs = Number(match[1]) * (match[2] === "s" ? 1000 : 1);
  return delayMs <= MAX_DELAY_MS ? delayMs : null;
}

/** `host:port` or `[v6]:port`; null if it is not. */
export function parseAddress(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return null;
  return { host: match[1] ?? match[2]!, port };
}

/** The Redis server that REDIS_HOST (and REDIS_PORT, 6379 unless given) names; null without REDIS_HOST. */
export function redisFromEnv(env: Readonly<Record<string, string | undefined>>): TargetOptions["redis"] {
  return env["REDIS_HOST"] ? { host: env["REDIS_HOST"], port: Number(env["REDIS_PORT"] ?? 6379) } : null;
}

/** Options from a command line; throws an Error that says which value is wrong. */
export function parseOptions(argv: string[], env: Readonly<Record<string, string | undefined>>): TargetOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: argv,
    options: { listen: text, latency: text, jitter: text, "error-rate": text, "sink-port": text },
  });
  const address = parseAddress(values.listen ?? `${DEFAULT_OPTIONS.host}:${DEFAULT_OPTIONS.port}`);
  if (address === null) throw new Error(`--listen ${values.listen}: expected HOST:PORT`);
  const delay = (name: "latency" | "jitter"): number => {
    const delayMs = parseDelayMs(values[name] ?? "0");
    if (delayMs === null) throw new Error(`--${name} ${values[name]}: expected a duration up to 60s, like 20ms`);
    return delayMs;
  };
  const errorRate = Number(values["error-rate"] ?? 0);
  if (!(errorRate >= 0 && errorRate <= 1)) throw new Error("--error-rate: expected a number from 0 to 1");
  const sinkPort = values["sink-port"] === undefined ? null : Number(values["sink-port"]);
  if (sinkPort !== null && !(Number.isInteger(sinkPort) && sinkPort >= 0 && sinkPort <= 65_535)) {
    throw new Error("--sink-port: expected a port number");
  }
  return {
    ...address,
    latencyMs: delay("latency"),
    jitterMs: delay("jitter"),
    errorRate,
    sinkPort,
    redis: redisFromEnv(env),
  };
}
