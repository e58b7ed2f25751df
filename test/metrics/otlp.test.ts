// The export by OTLP against a collector that reads what it is sent by the published definition: the same counts and quantiles
// as everywhere else, and what becomes of it when the collector misbehaves.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, it } from "node:test";
import { exponentialHistogram, MAX_SPAN } from "../../node/metrics/exponential-histogram.ts";
import { OtlpExport, type OtlpNews } from "../../node/metrics/otlp.ts";
import type { Reading } from "../../node/metrics/reading.ts";
import type { SketchData } from "../../node/metrics/results.ts";
import { quantile, sketchCount } from "../../node/metrics/sketch.ts";
import { Collector, quantileOf, type OtlpPoint } from "./collector.ts";
import { durations, gauge, requests, share, sketchOf, START } from "./readings.ts";

const ANSWERS = sketchOf(Array.from({ length: 3000 }, (_, i) => 3 + 200 * ((i * 0.6180339887498949) % 1) ** 3));

let collector: Collector;
let news: OtlpNews[];
let faults: unknown[];

beforeEach(async () => {
  collector = await Collector.start();
  [news, faults] = [[], []];
});
afterEach(() => collector[Symbol.asyncDispose]());

/** One whose interval never comes in a test: what it sends is what it sends when it leaves. */
function start(readings: () => Reading[], url = collector.url): OtlpExport {
  return new OtlpExport({
    url,
    intervalMs: 3_600_000,
    resource: { "service.name": "loadswarm", "service.instance.id": "pod-1", "host.name": "" },
    collect: readings,
    now: () => START + 30_000,
    onNews: (one) => news.push(one),
    onFault: (error) => faults.push(error),
  });
}

const leave = (readings: Reading[]) => start(() => readings).leave();

describe("what a collector gets", () => {
  it("names, units, kinds and labels of the catalogue, by HTTP and protobuf", async () => {
    await leave([requests(7), requests(5, "other"), gauge(1234), share(0.25), durations(ANSWERS)]);
    const [{ url, headers, resource, metrics }] = collector.exported as [(typeof collector.exported)[0]];
    assert.deepEqual([url, headers["content-type"]], ["/v1/metrics", "application/x-protobuf"]);
    assert.deepEqual(resource, { "service.name": "loadswarm", "service.instance.id": "pod-1" });
    assert.deepEqual(
      metrics.map(({ name, unit, kind, temporality, isMonotonic }) => [name, unit, kind, temporality, isMonotonic]),
      [
        ["process_resident_memory_bytes", "By", "gauge", null, false],
        ["loadswarm_swarm_share_ratio", "1", "gauge", null, false],
        ["loadswarm_requests_total", "", "sum", 2, true],
        ["loadswarm_request_duration_seconds", "s", "exponentialHistogram", 2, false],
      ],
    );
    const [search, other] = metrics[2]!.points;
    const labels = { run_id: "r-1", scenario: "browse", status_class: "2xx", outcome: "ok" };
    assert.deepEqual(search!.attributes, { ...labels, request: "search" });
    assert.deepEqual([search!.asDouble, other!.asDouble, metrics[0]!.points[0]!.asDouble], [7, 5, 1234]);
    assert.ok(Math.abs(search!.startTimeUnixNano / 1e6 - START) < 1 && Math.abs(search!.timeUnixNano / 1e6 - START - 30_000) < 1);
    assert.deepEqual(faults, []);
  });

  it("histograms with exact counts, and quantiles within 2 % of the sketch's", async () => {
    await leave([durations(ANSWERS)]);
    const [point] = collector.exported[0]!.metrics[0]!.points as [OtlpPoint];
    assert.equal(point.count, 3000);
    assert.equal(point.positive.bucketCounts.reduce((sum, n) => sum + n, point.zeroCount), 3000);
    assert.ok(Math.abs(point.sum * 1000 - ANSWERS.sum) < 1e-6);
    assert.ok(Math.abs(point.min * 1000 - ANSWERS.min) < 1e-9 && Math.abs(point.max * 1000 - ANSWERS.max) < 1e-9);
    for (const q of [0.1, 0.5, 0.9, 0.95, 0.99, 0.999]) {
      const error = (1000 * quantileOf(point, q)) / quantile(ANSWERS, q) - 1;
      assert.ok(Math.abs(error) < 0.02, `q ${q}: ${100 * error} %`);
    }
  });
});

describe("a histogram", () => {
  for (const [what, values] of [
    ["of nothing", []],
    ["of one value", [12.3]],
    ["of what is below a microsecond", [0, 0.0001]],
    ["of microseconds to hours", Array.from({ length: 400 }, (_, i) => 0.002 * 1.06 ** i)],
    ["of zeros and hours", [0, 0, 7_200_000]],
  ] as const) {
    it(`${what} keeps every observation, in at most ${MAX_SPAN} buckets that hold it`, () => {
      const sketch: SketchData = sketchOf(values);
      const { scale, offset, counts, zeroCount, count } = exponentialHistogram(sketch);
      assert.ok(counts.length <= MAX_SPAN);
      assert.equal(count, sketchCount(sketch));
      assert.equal(counts.reduce((sum, n) => sum + n, zeroCount), values.length);
      // A value may lie a fifth of a finest bucket beyond its own: milliseconds are turned into seconds.
      const base = 2 ** (2 ** -scale);
      const positive = values.filter((value) => value > 0.001);
      if (positive.length === 0) return;
      const seconds = positive.map((value) => value / 1000);
      assert.ok(Math.min(...seconds) > base ** offset * 0.997 && Math.max(...seconds) <= base ** (offset + counts.length) * 1.003);
    });
  }
});

describe("a collector that misbehaves", () => {
  for (const [what, answer] of [
    ["refuses", (response: ServerResponse) => response.writeHead(400).end("no")],
    ["is not who one thinks", (response: ServerResponse) => response.writeHead(404).end("not found")],
    ["answers many megabytes", (response: ServerResponse) => response.writeHead(200).end(Buffer.alloc(20e6, "x"))],
    ["breaks the connection in its answer", (response: ServerResponse) => response.writeHead(400, { "content-length": "9" }).write("a", () => response.destroy())],
  ] as const) {
    it(`${what}: counted and said once; the load does not hear of it`, async () => {
      collector.answer = answer;
      const one = start(() => [requests(1), ...one.readings()]);
      await one.leave();
      await one.leave();
      assert.deepEqual(one.readings().map(({ labels, value }) => [...labels, value]), [["taken", 0], ["failed", 2]]);
      assert.deepEqual([news.map(({ kind }) => kind), faults], [["failing"], []]);
    });
  }

  it("and then does not: said, and nothing is missing, for counts are cumulative", async () => {
    let count = 0;
    const one = start(() => [requests(++count)]);
    collector.answer = (response) => response.writeHead(400).end();
    await one.leave();
    collector.answer = (response) => response.writeHead(200).end();
    await one.leave();
    assert.deepEqual(news.map(({ kind }) => kind), ["failing", "recovered"]);
    assert.equal(collector.total("loadswarm_requests_total"), 2);
  });

  it("is told of by the status of its answer", async () => {
    collector.answer = (response) => response.writeHead(401).end();
    await start(() => [requests(1)]).leave();
    assert.deepEqual(news, [{ kind: "failing", reason: "401 Unauthorized" }]);
  });

  it("does not answer: said so, not that the exporter has enough to do", async () => {
    const open: ServerResponse[] = [];
    collector.answer = (response) => open.push(response);
    const one = start(() => [requests(1)]);
    const ends = [one.leave(), one.leave()];
    while (open.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await one.leave();
    assert.deepEqual(news, [{ kind: "failing", reason: "the collector has not answered earlier exports yet" }]);
    for (const response of open) response.writeHead(200).end();
    await Promise.all(ends);
  });

  it("a fault of our own is told, and no export is counted", async () => {
    const fault = new Error("no");
    const one = start(() => {
      throw fault;
    });
    await one.leave();
    assert.deepEqual([faults, collector.exported.length], [[fault], 0]);
  });
});

it("an agent that exports nothing does not load what OpenTelemetry needs", () => {
  const folders = ["metrics", "agent", "api", "cli"];
  const importers = folders.flatMap((folder) =>
    readdirSync(new URL(`../../node/${folder}/`, import.meta.url), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .filter((file) => {
        const text = readFileSync(new URL(`../../node/${folder}/${file}`, import.meta.url), "utf8");
        return /^import (?!type)[^;]*("@opentelemetry|otlp(-data)?\.ts")/m.test(text);
      })
      .map((file) => `${folder}/${file}`),
  );
  assert.deepEqual(importers.sort(), ["metrics/otlp-data.ts", "metrics/otlp.ts"]);
});
