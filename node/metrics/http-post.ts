// Remote write over HTTP: headers, authorization, TLS, time limits. Nothing here knows what is in a body.

import { Pool } from "undici";
import type { Protocol, Reply } from "./receiver-answer.ts";
import type { ReceiverSettings } from "./receiver-settings.ts";
import type { Post } from "./remote-write-sender.ts";

/** From the request until the answer is complete. */
const TIMEOUT_MS = 10_000;
/** As much of an error as is logged; the rest is not read. */
const BODY_BYTES = 1024;

const CONTENT_TYPES: Readonly<Record<Protocol, string>> = {
  "1.0": "application/x-protobuf",
  "2.0": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
};
const VERSIONS: Readonly<Record<Protocol, string>> = { "1.0": "0.1.0", "2.0": "2.0.0" };

export interface HttpPost {
  readonly post: Post;
  close(): Promise<void>;
}

export function createHttpPost(settings: ReceiverSettings, timeoutMs = TIMEOUT_MS): HttpPost {
  const { origin, pathname, search } = new URL(settings.url);
  const { ca, cert, key, insecure } = settings;
  const pem = Object.fromEntries(Object.entries({ ca, cert, key }).filter(([, text]) => text !== null));
  const connect = { ...pem, rejectUnauthorized: !insecure, timeout: timeoutMs };
  const pool = new Pool(origin, { connections: 1, pipelining: 1, allowH2: false, connect });
  const post: Post = async (body, protocol, signal) => {
    const authorization = settings.authorization === null ? {} : { authorization: await settings.authorization() };
    const answer = await pool.request({
      path: pathname + search,
      method: "POST",
      headers: {
        ...settings.headers,
        ...authorization,
        "content-type": CONTENT_TYPES[protocol],
        "content-encoding": "snappy",
        "user-agent": settings.userAgent,
        "x-prometheus-remote-write-version": VERSIONS[protocol],
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return replyOf(answer.statusCode, answer.headers, await beginningOf(answer.body));
  };
  return { post, close: () => pool.destroy() };
}

function replyOf(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
): Reply {
  return {
    status,
    body,
    header(name) {
      const value = headers[name];
      return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
    },
  };
}

/** Leaving the loop closes what is left of the body, and its connection with it if that is much. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES).toString("utf8").trim();
}
