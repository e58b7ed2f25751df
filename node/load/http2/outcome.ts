// What kind of error it is that a target ends a stream or a connection with (RFC 9113, 7).

import type { ErrorKind } from "../../metrics/results.ts";
import { classify } from "../outcome.ts";
import {
  COMPRESSION_ERROR,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  HTTP_1_1_REQUIRED,
  INADEQUATE_SECURITY,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  STREAM_CLOSED,
} from "./frames.ts";

const KINDS: ReadonlyMap<number, ErrorKind> = new Map([
  [PROTOCOL_ERROR, "protocol"],
  [FLOW_CONTROL_ERROR, "protocol"],
  [STREAM_CLOSED, "protocol"],
  [FRAME_SIZE_ERROR, "protocol"],
  [COMPRESSION_ERROR, "protocol"],
  [HTTP_1_1_REQUIRED, "protocol"],
  // The target has not looked at it, and will not.
  [REFUSED_STREAM, "refused"],
  [INADEQUATE_SECURITY, "tls"],
]);

export function kindOfCode(code: number): ErrorKind {
  return KINDS.get(code) ?? "reset";
}

/** Of an error of the socket. A target that refuses to negotiate HTTP/2 speaks another protocol, whichever way it says so. */
export function kindOfSocketError(error: Error): ErrorKind {
  const { code } = error as { code?: unknown };
  return code === "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL" ? "version" : classify(error);
}
