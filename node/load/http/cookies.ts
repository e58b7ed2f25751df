// Cookies of one virtual user (RFC 6265): kept from answers, sent where they belong, few and short enough to be no burden.

import { isIP } from "node:net";
import type { Cookies } from "../driver.ts";
import { trimmed } from "./grammar.ts";
import { COOKIE_BYTES, COOKIES } from "./limits.ts";

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  /** Only for the host that set it, not for those below it. */
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isSecure: boolean;
  /** Wall clock, as targets mean it. */
  readonly expiresAtMs: number;
}

export class CookieJar implements Cookies {
  /** By what makes two cookies the same; in the order in which they were first set. */
  readonly #cookies = new Map<string, Cookie>();

  headerFor(url: URL): string | null {
    const nowMs = Date.now();
    const sent = [...this.#cookies.values()].filter((cookie) => cookie.expiresAtMs > nowMs && belongs(cookie, url));
    if (sent.length === 0) return null;
    // The sort is stable: of equally long paths the older cookie comes first.
    sent.sort((a, b) => b.path.length - a.path.length);
    return sent.map(({ name, value }) => (name === "" ? value : `${name}=${value}`)).join("; ");
  }

  store(url: URL, values: readonly string[]): void {
    for (const value of values) {
      const cookie = value.length > COOKIE_BYTES ? null : parse(value, url);
      if (cookie !== null) this.#keep(cookie);
    }
  }

  #keep(cookie: Cookie): void {
    const key = `${cookie.domain};${cookie.path};${cookie.name}`;
    // A target takes a cookie back by setting it anew, expired.
    if (cookie.expiresAtMs <= Date.now()) {
      this.#cookies.delete(key);
      return;
    }
    this.#cookies.set(key, cookie);
    const [oldest] = this.#cookies.keys();
    if (this.#cookies.size > COOKIES && oldest !== undefined) this.#cookies.delete(oldest);
  }
}

function belongs(cookie: Cookie, url: URL): boolean {
  if (cookie.isSecure && url.protocol !== "https:") return false;
  const isOfHost = cookie.isHostOnly ? url.hostname === cookie.domain : isWithin(url.hostname, cookie.domain);
  return isOfHost && isBelow(url.pathname, cookie.path);
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && isIP(host) === 0);
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || (path.startsWith(prefix) && (prefix.endsWith("/") || path[prefix.length] === "/"));
}

/** Null if it is not for this URL to set. */
function parse(text: string, url: URL): Cookie | null {
  const [pair = "", ...attributes] = text.split(";");
  const equals = pair.indexOf("=");
  const name = trimmed(equals < 0 ? "" : pair.slice(0, equals));
  const value = trimmed(pair.slice(equals + 1));
  if (name === "" && value === "") return null;
  const found = attributesOf(attributes);
  const domain = found.get("domain")?.replace(/^\./, "").toLowerCase() ?? "";
  const isSecure = found.has("secure");
  if (isSecure && url.protocol !== "https:") return null;
  // A domain without a dot is a whole country's, or no domain at all.
  if (domain !== "" && domain !== url.hostname && (!isWithin(url.hostname, domain) || !domain.includes("."))) return null;
  const path = found.get("path") ?? "";
  return {
    name,
    value,
    domain: domain === "" ? url.hostname : domain,
    isHostOnly: domain === "",
    path: path.startsWith("/") ? path : defaultPath(url.pathname),
    isSecure,
    expiresAtMs: expiryOf(found),
  };
}

/** Lower-case names -> values; of several the last counts. */
function attributesOf(attributes: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const attribute of attributes) {
    const equals = attribute.indexOf("=");
    const name = trimmed(equals < 0 ? attribute : attribute.slice(0, equals)).toLowerCase();
    found.set(name, equals < 0 ? "" : trimmed(attribute.slice(equals + 1)));
  }
  return found;
}

function expiryOf(attributes: ReadonlyMap<string, string>): number {
  const maxAge = attributes.get("max-age");
  if (maxAge !== undefined && /^-?\d{1,15}$/.test(maxAge)) return Date.now() + Number(maxAge) * 1000;
  const expires = Date.parse(attributes.get("expires") ?? "");
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
}

function defaultPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}
