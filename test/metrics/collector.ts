// An OpenTelemetry collector that remembers all it was sent and answers as it is told; reads it without the exporter's code.

import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import protobuf from "protobufjs";

protobuf.util.Long = null!;
protobuf.configure();

const REQUEST = protobuf.parse(readFileSync(new URL("otlp.proto", import.meta.url), "utf8")).root.lookupType("otlp.Request");

export interface OtlpPoint {
  readonly attributes: Readonly<Record<string, string>>;
  readonly startTimeUnixNano: number;
  readonly timeUnixNano: number;
  readonly asDouble: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: { readonly offset: number; readonly bucketCounts: readonly number[] };
}

export interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: "gauge" | "sum" | "exponentialHistogram";
  /** 2: cumulative. */
  readonly temporality: number | null;
  readonly isMonotonic: boolean;
  readonly points: readonly OtlpPoint[];
}

export interface Exported {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly resource: Readonly<Record<string, string>>;
  readonly metrics: readonly OtlpMetric[];
}

const named = (attributes: any[]): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));

function read(body: Buffer): Pick<Exported, "resource" | "metrics"> {
  const [{ resource, scopeMetrics }] = REQUEST.toObject(REQUEST.decode(body), { arrays: true, defaults: true, oneofs: true }).resourceMetrics;
  const metrics = scopeMetrics[0].metrics.map((metric: any) => {
    const kind = metric.data;
    const { dataPoints, aggregationTemporality = null, isMonotonic = false } = metric[kind];
    const points = dataPoints.map((point: any) => ({ ...point, attributes: named(point.attributes) }));
    return { ...metric, kind, temporality: aggregationTemporality, isMonotonic, points };
  });
  return { resource: named(resource.attributes), metrics };
}

export class Collector {
  readonly url: string;
  readonly exported: Exported[] = [];
  /** Answers to the next request. */
  answer: (response: ServerResponse) => void = (response) => response.writeHead(200).end();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`;
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.exported.push({ url: request.url!, headers: request.headers, ...read(Buffer.concat(chunks)) });
        this.answer(response);
      });
    });
  }

  static async start(): Promise<Collector> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Collector(server);
  }

  /** The latest value of a metric added up over its points. */
  total(name: string): number {
    const points = this.exported.at(-1)?.metrics.find((metric) => metric.name === name)?.points ?? [];
    return points.reduce((sum, point) => sum + (point.asDouble ?? point.count), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** By the definition in OpenTelemetry's data model, in the middle of a bucket by ratio. */
export function quantileOf({ scale, zeroCount, count, positive: { offset, bucketCounts } }: OtlpPoint, q: number): number {
  const base = 2 ** (2 ** -scale);
  let seen = zeroCount;
  if (q * count <= seen) return 0;
  for (const [i, n] of bucketCounts.entries()) {
    seen += n;
    if (seen >= q * count) return base ** (offset + i + 0.5);
  }
  return Number.NaN;
}
