// What a failed request failed of, in the closed list of ERROR_KINDS.

import { ERROR_KINDS, type ErrorKind } from "../metrics/results.ts";

/** A failure whose kind is known where it is thrown. */
export class RequestError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "RequestError";
    this.kind = kind;
  }
}

const KIND_OF_CODE: ReadonlyMap<string, ErrorKind> = new Map(Object.entries<ErrorKind>({
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  ECONNREFUSED: "refused",
  // No route to the target is as final as a refusal, and as little the generator's fault.
  EHOSTUNREACH: "refused",
  ENETUNREACH: "refused",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  UND_ERR_SOCKET: "reset",
  ENOTFOUND: "dns",
  ENODATA: "dns",
  ESERVFAIL: "dns",
  EPROTO: "tls",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls",
  SELF_SIGNED_CERT_IN_CHAIN: "tls",
  HOSTNAME_MISMATCH: "tls",
  INVALID_CA: "tls",
  UND_ERR_HEADERS_OVERFLOW: "protocol",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "protocol",
  UND_ERR_RES_EXCEEDED_MAX_SIZE: "too_large",
  // Out of ports, descriptors or memory: the generator's own limits, never the target's fault.
  EADDRNOTAVAIL: "generator",
  EADDRINUSE: "generator",
  EMFILE: "generator",
  ENFILE: "generator",
  ENOBUFS: "generator",
  ENOMEM: "generator",
}));

/** Families of codes, for those with many members. */
const KIND_OF_PREFIX: readonly (readonly [string, ErrorKind])[] = [
  ["EAI_", "dns"],
  ["HPE_", "protocol"],
  ["ERR_TLS_", "tls"],
  ["ERR_SSL_", "tls"],
  ["ERR_OSSL_", "tls"],
  ["CERT_", "tls"],
  ["CRL_", "tls"],
  ["UNABLE_TO_", "tls"],
];

/** Kind of an error that Node or undici raised. Wrapped errors and those of several addresses are looked into. */
export function classify(error: unknown, depth = 0): ErrorKind {
  if (error instanceof RequestError) return error.kind;
  if (!(error instanceof Error) || depth > 4) return "other";
  const { code } = error as { code?: unknown };
  if (typeof code === "string") {
    const kind = KIND_OF_CODE.get(code) ?? KIND_OF_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1];
    if (kind !== undefined) return kind;
  }
  if (error.name === "HTTPParserError") return "protocol";
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner === undefined ? "other" : classify(inner, depth + 1);
}

const INDEX = new Map(ERROR_KINDS.map((kind, index) => [kind, index]));

export function errorIndex(kind: ErrorKind): number {
  return INDEX.get(kind)!;
}
