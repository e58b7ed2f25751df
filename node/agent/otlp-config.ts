// Where an agent exports its metrics by OTLP, checked.

import { LoadswarmError } from "../plan/errors.ts";

/** As told; a URL that is null or empty = nowhere. */
export interface OtlpConfig {
  readonly url: string | null;
  readonly intervalMs: number;
}

export interface CheckedOtlp {
  readonly url: string;
  readonly intervalMs: number;
}

/** As often as metrics are pushed to Prometheus; counts are cumulative, so that less often costs resolution only. */
export const OTLP_DEFAULTS = { intervalMs: 5000 } as const;

const MIN_INTERVAL_MS = 1000;

/** null if nothing is to be exported. Throws CONFIG_INVALID. */
export function checkOtlp(config: OtlpConfig | null): CheckedOtlp | null {
  if (config === null || config.url === null || config.url === "") return null;
  const url = URL.parse(config.url);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalid(`--otlp-url ${JSON.stringify(config.url)} is no http URL`, "like http://collector:4318/v1/metrics");
  }
  if (url.username !== "" || url.password !== "") {
    const hint = "set OTEL_EXPORTER_OTLP_HEADERS in the environment: authorization=Basic%20…";
    throw invalid("--otlp-url holds a user or a password, which would stand in process lists and logs", hint);
  }
  // Collectors answer 404 to everything else, and the exporter takes the URL as it is.
  if (url.pathname === "/") url.pathname = "/v1/metrics";
  if (!(config.intervalMs >= MIN_INTERVAL_MS)) throw invalid("--otlp-interval is below a second", "choose 1s or more; 5s is usual");
  return { url: url.href, intervalMs: config.intervalMs };
}

function invalid(message: string, hint: string): LoadswarmError {
  return new LoadswarmError("CONFIG_INVALID", message, hint);
}
