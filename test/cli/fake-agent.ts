// A small agent on node:http: answers the HTTP contract from what a test puts into it.

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { Summary } from "../../node/core/summary-type.ts";
import { fullSummary } from "./summaries.ts";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

export class FakeAgent {
  readonly received: Received[] = [];
  /** What a run's summary is when asked for the n-th time, from 0. */
  summaryOf: (asked: number) => Summary = () => fullSummary();
  peers: FakeAgent[] = [this];
  /** Answers everything in the place of what would be. */
  answer: { status: number; body: unknown } | null = null;
  /** Not to answer at all, but to hold the connection. */
  silent = false;
  stopped = false;
  /** As bound; stays when the agent has died. */
  url = "";
  #asked = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const { method = "", url = "", headers } = request;
      this.received.push({ method, path: url, body, headers });
      if (this.silent) return;
      const { status, body: answer } = this.answer ?? this.#route(method, url);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  }

  async start(t: TestContext): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    t.after(() => this.die());
    return this;
  }

  die(): void {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #route(method: string, url: string): { status: number; body: unknown } {
    switch (`${method} ${url}`) {
      case "POST /api/v1/runs":
        return {
          status: 201,
          body: { run: "r1", plan: "p", startsAt: "2026-01-01T00:00:00Z", members: 2, acceptedBy: "a" },
        };
      case "GET /api/v1/runs":
        return { status: 200, body: { runs: [{ run: "r1", plan: "movies", state: "running", startsAt: null }] } };
      case "GET /api/v1/runs/r1":
        return { status: 200, body: this.summaryOf(this.#asked++) };
      case "POST /api/v1/runs/r1/stop":
        this.stopped = true;
        return { status: 200, body: { stopped: ["r1"] } };
      case "POST /api/v1/stop":
        return { status: 200, body: { stopped: ["r1", "r2"] } };
      case "GET /api/v1/members":
        return { status: 200, body: { self: "m0", view: {}, members: this.peers.map((peer, i) => memberOf(peer, i)) } };
    }
    return { status: 404, body: { error: `there is no run called "${url.split("/").pop()}"`, hint: "known runs: r1" } };
  }
}

function memberOf(peer: FakeAgent, i: number): object {
  return { id: `m${i}`, name: `agent-${i}`, zone: "", state: "alive", weight: 1, share: 0.5, api: peer.url };
}
