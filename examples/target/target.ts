// The demo target's HTTP server: something to aim at that counts for itself what reached it.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HitCounter } from "./hits.ts";
import { answerMovies, type Answer } from "./movies.ts";
import { parseDelayMs, type TargetOptions } from "./options.ts";
import { predict } from "./predict.ts";
import { RedisCounter } from "./redis.ts";
import { Sinks } from "./sinks.ts";

const MAX_BODY_BYTES = 64 * 1024;
/** Longer than load generators keep a connection idle, so that it is never the target that closes a reused one. */
const KEEP_ALIVE_MS = 65_000;
/** These answer at once and without injected errors: they are how one looks at the target. */
const CONTROL = new Set(["/stats", "/reset", "/healthz"]);

export interface RunningTarget {
  /** `http://host:port` as bound. */
  readonly url: string;
  readonly sinkPort: number | null;
  close(): Promise<void>;
}

/** Starts the target; rejects with the socket's error when an address cannot be bound. */
export async function startTarget(options: TargetOptions): Promise<RunningTarget> {
  const target = new Target(options);
  const server = createServer((request, response) => void target.handle(request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(options.port, options.host);
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await target.close();
  };
  try {
    const sinkPort = options.sinkPort === null ? null : await target.sinks.listen(options.host, options.sinkPort);
    const { port } = server.address() as AddressInfo;
    return {
      url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
      sinkPort,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

class Target {
  readonly sinks = new Sinks();
  readonly #options: TargetOptions;
  readonly #hits = new HitCounter();
  readonly #redis: RedisCounter | null;

  constructor(options: TargetOptions) {
    this.#options = options;
    this.#redis = options.redis === null ? null : new RedisCounter(options.redis.host, options.redis.port);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(response, await this.#answer(request));
    } catch (error) {
      send(response, { status: 503, body: { error: error instanceof Error ? error.message : String(error) } });
    }
  }

  async close(): Promise<void> {
    this.#redis?.close();
    await this.sinks.close();
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const url = URL.parse(request.url ?? "/", "http://target");
    if (url === null) return { status: 400, body: { error: "malformed URL" } };
    const body = await readBody(request);
    if (body === null) return { status: 413, body: { error: `a body has at most ${MAX_BODY_BYTES} bytes` } };
    const delay = url.searchParams.get("delay");
    const delayMs = delay === null ? this.#delayMs() : parseDelayMs(delay);
    if (delayMs === null) return { status: 400, body: { error: "delay must be a duration up to 60s, like 20ms" } };
    // The answer is made first: what is counted is the arrival, not the departure.
    const answer = await this.#route(request.method ?? "GET", url, body);
    if (CONTROL.has(url.pathname)) return answer;
    if (delayMs > 0) await new Promise((resolve) => void setTimeout(resolve, delayMs).unref());
    const fails = Math.random() < this.#options.errorRate;
    return fails ? { status: 500, body: { error: "injected by --error-rate" } } : answer;
  }

  #delayMs(): number {
    const { latencyMs, jitterMs } = this.#options;
    return Math.max(0, latencyMs + (Math.random() * 2 - 1) * jitterMs);
  }

  async #route(method: string, url: URL, body: string): Promise<Answer> {
    switch (`${method} ${url.pathname}`) {
      case "GET /hit":
      case "POST /hit": {
        const local = this.#hits.hit(url.searchParams.get("k"));
        const total = this.#redis === null ? local : await this.#redis.increment();
        return { status: 200, body: { total_hits: total } };
      }
      case "GET /stats": {
        const stats = this.#hits.stats();
        if (this.#redis !== null) stats.total_hits = await this.#redis.total();
        return { status: 200, body: { ...stats, sinks: this.sinks.stats() } };
      }
      case "POST /reset":
        this.#hits.reset();
        this.sinks.reset();
        await this.#redis?.reset();
        return { status: 200, body: { total_hits: 0 } };
      case "POST /predict":
        return answerPredict(body);
      case "GET /healthz":
        return { status: 200, body: { status: "pass" } };
    }
    const movies = method === "GET" ? answerMovies(url.pathname, url.searchParams) : null;
    return movies ?? { status: 404, body: { error: `nothing at ${method} ${url.pathname}` } };
  }
}

function answerPredict(body: string): Answer {
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    return { status: 400, body: { error: "the body must be JSON" } };
  }
  const text = input !== null && typeof input === "object" && "text" in input ? input.text : undefined;
  if (typeof text !== "string") return { status: 400, body: { error: 'the body must be {"text": "…"}' } };
  return { status: 200, body: predict(text) };
}

/** The whole body as text; null if it is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const { headers } = request;
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) return "";
  if (Number(headers["content-length"]) > MAX_BODY_BYTES) return null;
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, answer: Answer): void {
  const body = JSON.stringify(answer.body);
  // An unread body cannot be skipped over: the connection ends with the refusal.
  if (answer.status === 413) response.shouldKeepAlive = false;
  response.writeHead(answer.status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}
