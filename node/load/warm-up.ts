// A worker's first requests, to itself: they load and compile what the first real ones would otherwise wait for.

import type { Driver } from "./driver.ts";
import { ownTarget } from "./own-target.ts";

/** Enough to compile the response parser and the request path; more costs start-up time and changes little. */
const REQUESTS = 32;
const TIMEOUT_MS = 200;

/**
 * Sends a few requests through the driver to a socket of this very thread. Measured: without it the first requests
 * of a run take 30 to 60 ms longer, and arrivals that fall due meanwhile are dropped as late. Never fails: a driver
 * that cannot be warmed up will say so when it matters.
 */
export async function warmUp(driver: Driver): Promise<void> {
  const target = await ownTarget();
  if (target === null) return;
  for (let i = 0; i < REQUESTS; i++) await once(driver, target.origin);
  target.close();
}

function once(driver: Driver, origin: string): Promise<void> {
  const request = { origin, path: "/", method: "GET", headers: [], body: null, timeoutMs: TIMEOUT_MS, keepBody: false };
  return new Promise((resolve) => driver.send(request, { onSettled: () => resolve(), mayBegin: () => true, onHeld: resolve }));
}
