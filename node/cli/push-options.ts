// Options of the push of metrics, for every command that runs agents.

import { OTLP_DEFAULTS, type OtlpConfig } from "../agent/otlp-config.ts";
import { MIN_INTERVAL_MS } from "../agent/push-target.ts";
import { REMOTE_WRITE_DEFAULTS as DEFAULTS, type RemoteWriteConfig } from "../agent/remote-write-config.ts";
import type { CommandTable, OptionSpec, Values } from "./options.ts";

const file = <N extends string>(name: N, help: string) =>
  ({ name: `remote-write-${name}`, type: "string", default: null, value: "FILE", help }) as const;

export const PUSH = [
  {
    name: "remote-write-url",
    type: "string",
    default: null,
    value: "URL",
    help: "push metrics to this Prometheus remote write receiver, like http://prometheus:9090/api/v1/write",
  },
  {
    name: "remote-write-interval",
    type: "duration",
    default: DEFAULTS.intervalMs,
    min: MIN_INTERVAL_MS,
    value: "TIME",
    help: "time between two pushes",
  },
  {
    name: "remote-write-protocol",
    type: "string",
    default: DEFAULTS.protocol,
    value: "VERSION",
    help: "1.0, 2.0, or auto: 2.0 if the receiver proves to speak it",
  },
  {
    name: "remote-write-histograms",
    type: "string",
    default: DEFAULTS.histograms,
    value: "KIND",
    help: "native, or classic for receivers without native histograms, which drop them in silence",
  },
  {
    name: "remote-write-max-age",
    type: "duration",
    default: DEFAULTS.maxAgeMs,
    min: 1000,
    value: "TIME",
    help: "how long samples are kept while the receiver is away",
  },
  { name: "remote-write-user", type: "string", default: null, value: "NAME", help: "user of basic authorization" },
  file("password-file", "its password"),
  file("token-file", "bearer token; read anew before every push"),
  {
    name: "remote-write-header",
    type: "list",
    default: [],
    value: "NAME=VALUE,…",
    help: "further headers, like X-Scope-OrgID=team-a",
  },
  file("ca", "certificates (PEM) that the receiver's must come from"),
  file("cert", "own certificate (PEM) to show the receiver"),
  file("key", "its private key (PEM)"),
  { name: "remote-write-insecure", type: "boolean", default: false, help: "do not check the receiver's certificate" },
  {
    name: "otlp-url",
    type: "string",
    default: null,
    value: "URL",
    help: "export metrics to this OpenTelemetry collector, like http://collector:4318; headers by OTEL_EXPORTER_OTLP_HEADERS",
  },
  {
    name: "otlp-interval",
    type: "duration",
    default: OTLP_DEFAULTS.intervalMs,
    min: MIN_INTERVAL_MS,
    value: "TIME",
    help: "time between two exports",
  },
  {
    name: "metrics-detail",
    type: "string",
    default: DEFAULTS.detail,
    value: "LEVEL",
    help: "full, lean (no names of requests and checks), or auto: lean above 500 agents",
  },
] as const satisfies readonly OptionSpec[];

type PushValues = Values<CommandTable & { readonly options: typeof PUSH }>;

/** What an agent is to be told. */
export function pushConfig(values: PushValues): {
  remoteWrite: RemoteWriteConfig;
  otlp: OtlpConfig;
  metricsDetail: string;
} {
  return {
    remoteWrite: {
      url: values["remote-write-url"],
      intervalMs: values["remote-write-interval"],
      protocol: values["remote-write-protocol"],
      histograms: values["remote-write-histograms"],
      maxAgeMs: values["remote-write-max-age"],
      user: values["remote-write-user"],
      passwordFile: values["remote-write-password-file"],
      tokenFile: values["remote-write-token-file"],
      headers: values["remote-write-header"],
      caFile: values["remote-write-ca"],
      certFile: values["remote-write-cert"],
      keyFile: values["remote-write-key"],
      insecure: values["remote-write-insecure"],
    },
    otlp: { url: values["otlp-url"], intervalMs: values["otlp-interval"] },
    metricsDetail: values["metrics-detail"],
  };
}

/** The same as flags, for agents in processes of their own. */
export function pushFlags(values: PushValues): string[] {
  return PUSH.flatMap(({ name, type }) => {
    const value = values[name];
    if (value === null || value === false || (Array.isArray(value) && value.length === 0)) return [];
    const text = type === "duration" ? `${String(value)}ms` : Array.isArray(value) ? value.join(",") : String(value);
    return type === "boolean" ? [`--${name}`] : [`--${name}`, text];
  });
}
