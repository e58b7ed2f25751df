// Where an agent sends its metrics to, by whichever protocol, and how often: what is refused.

import { LoadswarmError } from "../plan/errors.ts";

/** Less is a mistyped unit rather than a wish: rates are made of several pushes. */
export const MIN_INTERVAL_MS = 1000;

/** What to write instead, in a message about a faulty URL. */
export interface UrlHints {
  readonly example: string;
  /** Instead of a user and a password in it. */
  readonly login: string;
}

/** Throws CONFIG_INVALID; `option` is what users call it. */
export function checkPushUrl(text: string, option: string, { example, login }: UrlHints): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalid(`${option} ${JSON.stringify(withoutLogin(text))} is no http URL`, `like ${example}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid(`${option} holds a user or a password, which would stand in process lists and logs`, login);
  }
  return url;
}

/** Throws CONFIG_INVALID. */
export function checkPushInterval(intervalMs: number, option: string): void {
  if (!(intervalMs >= MIN_INTERVAL_MS)) throw invalid(`${option} is below a second`, "choose 1s or more; 5s is usual");
}

export function invalid(message: string, hint: string): LoadswarmError {
  return new LoadswarmError("CONFIG_INVALID", message, hint);
}

/** A faulty URL as it may be shown, in which what stands before an @ may be a password. */
function withoutLogin(text: string): string {
  return text.replace(/^(\w+:)?(\/*)[^]*@/, "$1$2…@");
}
