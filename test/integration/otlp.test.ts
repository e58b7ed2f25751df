// The whole product into an OpenTelemetry collector: what it was sent in the end is what the summary says.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, it } from "node:test";
import type { Summary } from "../../node/core/summary-type.ts";
import { Collector, type OtlpPoint, quantileOf } from "../metrics/collector.ts";
import { loadswarm } from "../support/cli.ts";

let target: Server;
let url = "";

before(async () => {
  let k = 0;
  target = createServer((_, response) => void setTimeout(() => response.end("ok"), 4 + 40 * ((k++ * 0.6180339887498949) % 1)));
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
});

after(() => {
  target.closeAllConnections();
  return new Promise((resolve) => target.close(resolve));
});

/** An export every second. */
async function play(collector: Collector, seconds: number, ...more: string[]): Promise<Summary> {
  const otlp = ["--otlp-url", new URL(collector.url).origin, "--otlp-interval", "1s"];
  const { stdout, stderr, code } = await loadswarm("run", url, "--rate", "100", "--duration", `${seconds}s`, "--json", "-", ...otlp, ...more);
  // 111: the machine was so busy that arrivals were late. They are in no count then.
  assert.ok(code === 0 || code === 111, stderr);
  return JSON.parse(stdout);
}

const pointsOf = (collector: Collector, name: string): readonly OtlpPoint[] =>
  collector.exported.at(-1)!.metrics.find((metric) => metric.name === name)?.points ?? [];

it("a run with --otlp-url: totals are the summary's exactly, quantiles within 2 %", async () => {
  await using collector = await Collector.start();
  const { requests, iterations, metrics } = await play(collector, 3);
  assert.ok(requests.total > 150);
  assert.equal(collector.exported.at(-1)!.url, "/v1/metrics");
  assert.equal(collector.total("loadswarm_requests_total"), requests.total);
  assert.equal(collector.total("loadswarm_iterations_total"), iterations.started);
  assert.equal(collector.total("loadswarm_received_bytes_total"), requests.bytesReceived);
  const durations = pointsOf(collector, "loadswarm_request_duration_seconds");
  const trend = metrics["http_req_duration"]!;
  assert.deepEqual(durations.map(({ count }) => count), [trend.count]);
  for (const [q, ms] of [[0.5, trend.med], [0.95, trend["p(95)"]], [0.99, trend["p(99)"]]] as const) {
    const exported = 1000 * quantileOf(durations[0]!, q);
    assert.ok(Math.abs(exported / ms - 1) < 0.02, `q ${q}: ${exported} ms instead of ${ms} ms`);
  }
});

it("lean: no agent names requests, one tells them for all", async () => {
  await using collector = await Collector.start();
  // What is told by name is up to 4.5 s old, and older on a busy machine.
  const { requests, steps } = await play(collector, 12, "--metrics-detail", "lean");
  assert.equal(collector.total("loadswarm_requests_total"), requests.total);
  for (const { attributes } of pointsOf(collector, "loadswarm_requests_total")) assert.ok(!("request" in attributes));
  const named = pointsOf(collector, "loadswarm_swarm_requests_total");
  assert.deepEqual([...new Set(named.map(({ attributes }) => attributes["request"]))], Object.keys(steps));
  const known = collector.total("loadswarm_swarm_requests_total");
  assert.ok(known > 0 && known <= requests.total, `${known} of ${requests.total}`);
});
