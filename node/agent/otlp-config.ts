// Where an agent exports its metrics by OTLP, checked.

import { checkPushInterval, checkPushUrl } from "./push-target.ts";

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

/** null if nothing is to be exported. Throws CONFIG_INVALID. */
export function checkOtlp(config: OtlpConfig | null): CheckedOtlp | null {
  if (config === null || config.url === null || config.url === "") return null;
  const url = checkPushUrl(config.url, "--otlp-url", {
    example: "http://collector:4318/v1/metrics",
    login: "set OTEL_EXPORTER_OTLP_HEADERS in the environment: authorization=Basic%20…",
  });
  // Collectors answer 404 to everything else, and the exporter takes the URL as it is.
  if (url.pathname === "/") url.pathname = "/v1/metrics";
  checkPushInterval(config.intervalMs, "--otlp-interval");
  return { url: url.href, intervalMs: config.intervalMs };
}
