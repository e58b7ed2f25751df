// Where metrics are pushed to, and as whom.

/** Checked before (agent/remote-write-config.ts). */
export interface ReceiverSettings {
  readonly url: string;
  readonly userAgent: string;
  /** Names and values; none of those that the protocol sets. */
  readonly headers: Readonly<Record<string, string>>;
  /** The Authorization header, asked for before every push because tokens change; null = none. */
  readonly authorization: (() => Promise<string>) | null;
  /** PEM; null = as Node trusts. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** Whoever answers is believed. */
  readonly insecure: boolean;
}

/** Names no custom header may have. */
export const OWN_HEADERS: readonly string[] = [
  "authorization",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "host",
  "transfer-encoding",
  "user-agent",
  "x-prometheus-remote-write-version",
];
