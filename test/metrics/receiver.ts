// A remote write receiver that remembers all it was sent, and answers as it is told; and a reader of what was sent that
// shares no code with the sender.

import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import protobuf from "protobufjs";
import snappy from "snappyjs";

protobuf.util.Long = null!;
protobuf.configure();

/** Of a sender to a receiver that asks for nothing special, but for its name and the address. */
export const PLAIN_SETTINGS = { headers: {}, authorization: null, ca: null, cert: null, key: null, insecure: false };

export interface Histogram {
  readonly countInt: number;
  readonly sum: number;
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCountInt: number;
  readonly positiveSpans: readonly { readonly offset: number; readonly length: number }[];
  readonly positiveDeltas: readonly number[];
  readonly timestamp: number;
  readonly startTimestamp: number;
}

export interface Sample {
  readonly value: number;
  readonly timestamp: number;
  /** 2.0 only. */
  readonly startTimestamp: number;
}

export interface TimeSeries {
  /** In the order in which they were sent. */
  readonly labels: readonly (readonly [string, string])[];
  readonly samples: readonly Sample[];
  readonly histograms: readonly Histogram[];
  /** 2.0 only. */
  readonly metadata: { readonly type: number; readonly help: string; readonly unit: string } | null;
}

export interface Written {
  readonly version: "1.0" | "2.0";
  /** 2.0 only. */
  readonly symbols: readonly string[];
  /** 2.0 only: of every series. */
  readonly refs: readonly (readonly number[])[];
  readonly series: readonly TimeSeries[];
}

const load = (file: string, name: string) =>
  protobuf.parse(readFileSync(new URL(file, import.meta.url), "utf8")).root.lookupType(name);
const V1 = load("remote-write-1.proto", "prometheus.WriteRequest");
const V2 = load("remote-write-2.proto", "io.prometheus.write.v2.Request");

const object = (type: protobuf.Type, bytes: Uint8Array) =>
  type.toObject(type.decode(bytes), { arrays: true, defaults: true });

/** Reads an uncompressed message. */
export function readV1(bytes: Uint8Array): Written {
  const { timeseries } = object(V1, bytes);
  const series = timeseries.map(({ labels, samples, histograms }: any) => ({
    labels: labels.map(({ name, value }: any) => [name, value]),
    samples,
    histograms,
    metadata: null,
  }));
  return { version: "1.0", symbols: [], refs: [], series };
}

/** Reads an uncompressed message. */
export function readV2(bytes: Uint8Array): Written {
  const { symbols, timeseries } = object(V2, bytes);
  const series = timeseries.map(({ labelsRefs, samples, histograms, metadata }: any) => ({
    labels: Array.from({ length: labelsRefs.length / 2 }, (_, i) => [
      symbols[labelsRefs[2 * i]],
      symbols[labelsRefs[2 * i + 1]],
    ]),
    samples,
    histograms,
    metadata: metadata && { type: metadata.type, help: symbols[metadata.helpRef], unit: symbols[metadata.unitRef] },
  }));
  return { version: "2.0", symbols, refs: timeseries.map(({ labelsRefs }: any) => labelsRefs), series };
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came, compressed. */
  readonly body: Buffer;
  readonly written: Written;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Instead of an answer: the connection breaks, or nothing comes. */
export type Misbehaviour = "break" | "silence";

export class Receiver {
  readonly url: string;
  readonly received: Received[] = [];
  readonly #server: Server;
  /** What it answers to the next request; 204 with what a receiver of that version says. */
  answer: (request: Received, index: number) => Answer | Misbehaviour = ok;
  #waiting: { readonly count: number; resolve(): void }[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`;
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () =>
        this.#take(request.method!, request.url!, request.headers, Buffer.concat(chunks), response),
      );
    });
  }

  static async start(port = 0): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return new Receiver(server);
  }

  /** Resolves when so many requests have come. */
  async until(count: number): Promise<readonly Received[]> {
    if (this.received.length < count) await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    return this.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(method: string, url: string, headers: IncomingHttpHeaders, body: Buffer, response: ServerResponse): void {
    const read = String(headers["content-type"]).includes("proto=io.prometheus.write.v2.Request") ? readV2 : readV1;
    const request = {
      method,
      url,
      headers,
      body,
      written: read(snappy.uncompress(new Uint8Array(body)))
    };
    this.received.push(request);
    const answer = this.answer(request, this.received.length - 1);
    if (answer === "break") response.destroy();
    else if (answer !== "silence") response.writeHead(answer.status, answer.headers).end(answer.body);
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.received.length >= count) resolve();
      return this.received.length < count;
    });
  }
}

/** As a receiver that speaks both versions. */
export function ok({ written }: Received): Answer {
  return { status: 204, headers: written.version === "1.0" ? {} : writtenHeaders(written) };
}

export function writtenHeaders({ series }: Written): Record<string, string> {
  const sum = (points: "samples" | "histograms") =>
    String(series.reduce((count, one) => count + one[points].length, 0));
  return {
    "x-prometheus-remote-write-samples-written": sum("samples"),
    "x-prometheus-remote-write-histograms-written": sum("histograms"),
    "x-prometheus-remote-write-exemplars-written": "0",
  };
}
