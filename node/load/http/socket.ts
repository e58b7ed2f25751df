// Opens sockets: plain or TLS, always through the guard, always reading into the memory that all of them share.

import { connect as connectPlain, isIP, type OnReadOpts, type Socket, type TcpNetConnectOpts } from "node:net";
import { type ConnectionOptions, connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import type { TargetGuard } from "../guard.ts";

const HTTP_1_1 = ["http/1.1"];

/** Where connections go, and what the last of them left for the next. */
export interface Endpoint {
  readonly isTls: boolean;
  /** An address, or a name that the guard looks up for each connection. */
  readonly host: string;
  readonly port: number;
  /** For the handshake to be short (RFC 8446, 2.2). */
  session: Buffer | null;
  /** What all of them trust. Made anew for each, as Node does by itself, it is 25 kB and a third of the handshake's CPU. */
  context: SecureContext | null;
}

export function endpointOf(url: URL): Endpoint {
  const isTls = url.protocol === "https:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { isTls, host, port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port), session: null, context: null };
}

/** `protocols` are those that TLS may negotiate, the one that is preferred first. */
export function openSocket(
  endpoint: Endpoint,
  guard: TargetGuard,
  onread: OnReadOpts,
  protocols: readonly string[] = HTTP_1_1,
): Socket {
  const { isTls, host, port, session } = endpoint;
  const options: TcpNetConnectOpts = { host, port, lookup: guard.lookup, noDelay: true, onread };
  if (!isTls) return connectPlain(options);
  const secure: ConnectionOptions & TcpNetConnectOpts = {
    ...options,
    secureContext: (endpoint.context ??= createSecureContext()),
    // Nothing else may be negotiated: it would not be what the plan says.
    ALPNProtocols: protocols as string[],
    servername: isIP(host) === 0 ? host.replace(/\.$/, "") : "",
    rejectUnauthorized: true,
    ...(session === null ? {} : { session }),
  };
  const socket = connectTls(secure);
  socket.on("session", (latest) => (endpoint.session = latest));
  return socket;
}
