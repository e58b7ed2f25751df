// What request a redirect makes of the one it answers (RFC 9110, 15.4, with what browsers made of it: WHATWG Fetch, 4.4).

import type { Exchange, PreparedRequest } from "../driver.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Fields that go with a body. */
const OF_BODY: ReadonlySet<string> = new Set(["content-type", "content-length", "content-encoding", "content-language"]);
/** Fields that are meant for one origin only. */
const OF_ORIGIN: ReadonlySet<string> = new Set(["authorization", "cookie", "host", "proxy-authorization"]);

/** Null if the answer is no redirect; "blocked" if it leads to an origin that is not among these. */
export function redirected(
  request: PreparedRequest,
  answer: Exchange,
  origins: ReadonlySet<string>,
): PreparedRequest | "blocked" | null {
  const location = REDIRECTS.has(answer.status) ? answer.header("location") : null;
  if (location === null) return null;
  const url = URL.parse(location, request.origin + request.path);
  if (url === null || !origins.has(url.origin)) return "blocked";
  const { method, headers, body } = request;
  const becomesGet = answer.status === 303 ? method !== "GET" && method !== "HEAD" : answer.status < 303 && method === "POST";
  const dropped = (name: string): boolean =>
    (becomesGet && OF_BODY.has(name)) || (url.origin !== request.origin && OF_ORIGIN.has(name));
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (!dropped(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  }
  return {
    ...request,
    origin: url.origin,
    path: url.pathname + url.search,
    method: becomesGet ? "GET" : method,
    headers: kept,
    body: becomesGet ? null : body,
  };
}
