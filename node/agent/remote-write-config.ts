// Where and how an agent pushes its metrics, checked.

import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Protocol } from "../metrics/receiver-answer.ts";
import { OWN_HEADERS, type ReceiverSettings } from "../metrics/receiver-settings.ts";
import type { Detail } from "../metrics/run-readings.ts";
import { QUEUE } from "../metrics/send-queue.ts";
import type { HistogramMode } from "../metrics/series-table.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { fileReason } from "../plan/file-reason.ts";
import { checkPushInterval, checkPushUrl, invalid } from "./push-target.ts";

/** As told; `null` and empty = not given. */
export interface RemoteWriteConfig {
  readonly url: string | null;
  readonly intervalMs: number;
  readonly protocol: string;
  readonly histograms: string;
  /** How long what the receiver does not take is kept. */
  readonly maxAgeMs: number;
  readonly user: string | null;
  readonly passwordFile: string | null;
  readonly tokenFile: string | null;
  /** `NAME=VALUE` each. */
  readonly headers: readonly string[];
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly insecure: boolean;
}

export interface CheckedRemoteWrite {
  readonly receiver: Omit<ReceiverSettings, "userAgent">;
  readonly intervalMs: number;
  readonly protocol: Protocol | "auto";
  readonly histograms: HistogramMode;
  readonly maxAgeMs: number;
}

/** Twice the interval of everything that reads gauges as `last_over_time(x[15s])` must fit into 15 s. */
export const REMOTE_WRITE_DEFAULTS = {
  intervalMs: 5000,
  protocol: "auto",
  histograms: "native",
  maxAgeMs: QUEUE.maxAgeMs,
  detail: "auto",
} as const;

/** null if nothing is to be pushed. Throws CONFIG_INVALID. */
export function checkRemoteWrite(config: RemoteWriteConfig | null): CheckedRemoteWrite | null {
  if (config === null || config.url === null || config.url === "") return null;
  const url = checkPushUrl(config.url, "--remote-write-url", {
    example: "http://prometheus:9090/api/v1/write",
    login: "use --remote-write-user and --remote-write-password-file",
  });
  checkPushInterval(config.intervalMs, "--remote-write-interval");
  const pair = (config.certFile === null) === (config.keyFile === null);
  if (!pair) throw invalid("--remote-write-cert and --remote-write-key go together", "give both files, or neither");
  return {
    receiver: {
      url: url.href,
      headers: headersOf(config.headers),
      authorization: authorizationOf(config),
      ...certificatesOf(config),
      insecure: config.insecure,
    },
    intervalMs: config.intervalMs,
    protocol: oneOf(config.protocol, ["auto", "1.0", "2.0"], "--remote-write-protocol"),
    histograms: oneOf(config.histograms, ["native", "classic"], "--remote-write-histograms"),
    maxAgeMs: config.maxAgeMs,
  };
}

export function checkDetail(detail: string): Detail | "auto" {
  return oneOf(detail, ["auto", "full", "lean"], "--metrics-detail");
}

function headersOf(entries: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const entry of entries) {
    const [, name = "", value = ""] = /^([!#$%&'*+.^_`|~\w-]+)=(.*)$/.exec(entry) ?? [];
    if (name === "" || /[^\t\x20-\x7e]/.test(value)) {
      throw invalid(
        // Its value may be a secret, and this is read in logs.
        `--remote-write-header ${JSON.stringify(/^[^=:\s]*/.exec(entry)![0])} is no header`,
        "write NAME=VALUE, like X-Scope-OrgID=team-a",
      );
    }
    if (OWN_HEADERS.includes(name.toLowerCase())) {
      throw invalid(
        `the header ${name} belongs to the protocol`,
        "leave it out; --remote-write-token-file and -user authorize",
      );
    }
    headers[name] = value;
  }
  return headers;
}

/** Files are read before every push: tokens of service accounts change while a process runs. */
function authorizationOf({ user, passwordFile, tokenFile }: RemoteWriteConfig): ReceiverSettings["authorization"] {
  if (user !== null && tokenFile !== null)
    throw invalid("both --remote-write-user and --remote-write-token-file are given", "give one");
  if ((user === null) !== (passwordFile === null)) {
    throw invalid("--remote-write-user and --remote-write-password-file go together", "give both, or neither");
  }
  if (tokenFile !== null) {
    bearer(readSecret(tokenFile, "--remote-write-token-file"), tokenFile);
    return async () => bearer(await readFile(tokenFile, "utf8"), tokenFile);
  }
  if (user === null || passwordFile === null) return null;
  readSecret(passwordFile, "--remote-write-password-file");
  return async () => {
    const password = (await readFile(passwordFile, "utf8")).replace(/\r?\n$/, "");
    return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  };
}

/** Checked here: undici refuses such a header once, and from then on never settles what is asked of the same pool. */
function bearer(text: string, file: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw invalid(`--remote-write-token-file ${file} holds no token`, "write one token into it, on one line");
}

/** Tried at the start: with a file that is none, every push would fail, or trust nobody. */
function certificatesOf({ caFile, certFile, keyFile }: RemoteWriteConfig): Pick<ReceiverSettings, "ca" | "cert" | "key"> {
  const ca = caFile === null ? null : readSecret(caFile, "--remote-write-ca");
  const cert = certFile === null ? null : readSecret(certFile, "--remote-write-cert");
  const key = keyFile === null ? null : readSecret(keyFile, "--remote-write-key");
  try {
    if (ca !== null) new X509Certificate(ca);
  } catch (cause) {
    const hint = "give a file of PEM: -----BEGIN CERTIFICATE-----";
    throw new LoadswarmError("CONFIG_INVALID", `--remote-write-ca ${caFile} holds no certificate`, hint, cause);
  }
  try {
    // Loaded here: 10 ms that whoever has no certificate does not need.
    if (cert !== null && key !== null) process.getBuiltinModule("node:tls").createSecureContext({ cert, key });
  } catch (cause) {
    const what = `--remote-write-cert ${certFile} and --remote-write-key ${keyFile} are no certificate and its key`;
    throw new LoadswarmError("CONFIG_INVALID", what, "give both as PEM, the key without a passphrase", cause);
  }
  return { ca, cert, key };
}

function readSecret(file: string, flag: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new LoadswarmError(
      "CONFIG_INVALID",
      `${flag} ${file} cannot be read: ${fileReason(cause, "read")}`,
      "check the path and who may read it",
      cause,
    );
  }
}

function oneOf<T extends string>(text: string, choices: readonly T[], flag: string): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined)
    throw invalid(`${flag} ${JSON.stringify(text)} does not exist`, `choose one of ${choices.join(", ")}`);
  return found;
}
