// A target with a life of its own, so that the pictures of the dashboards show something: answers that are cached or not, a
// search that a release can make slower, and a time in which it is ill.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Of a hundred answers so many come from the cache. */
const CACHED_PERCENT = 70;
const CACHED_MS = 6;
const COMPUTED_MS = 45;
/** Of a hundred answers of an ill target so many are errors, a third of them none at all; the others take so many times as long. */
const ILL_PERCENT = 6;
const ILL_FACTOR = 3;

export class LivelyTarget {
  readonly #server: Server;
  /** As after a release that went wrong. */
  searchFactor = 1;
  isIll = false;
  #answers = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      request.resume();
      const k = this.#answers++;
      const isSearch = request.url!.startsWith("/search");
      const meanMs = spread(k, 0.6180339887498949) * 100 < CACHED_PERCENT && !isSearch ? CACHED_MS : COMPUTED_MS;
      const factor = (this.isIll ? ILL_FACTOR : 1) * (isSearch ? this.searchFactor : 1);
      const failed = this.isIll && spread(k, 0.7548776662466927) * 100 < ILL_PERCENT;
      const waitMs = meanMs * factor * Math.exp(1.2 * (spread(k, 0.5698402909980532) - 0.5) + (k % 97 === 0 ? 1.2 : 0));
      setTimeout(() => {
        if (failed && k % 3 === 0) return response.destroy();
        response.writeHead(failed ? 503 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify({ answer: k, items: "x".repeat(200 + (k % 7) * 300) }));
      }, waitMs);
    });
  }

  static async start(): Promise<LivelyTarget> {
    const target = new LivelyTarget();
    await new Promise<void>((resolve) => target.#server.listen(0, "127.0.0.1", resolve));
    return target;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Evenly in [0, 1), different for each irrational step: a run looks the same every time. */
function spread(k: number, step: number): number {
  return (k * step) % 1;
}
