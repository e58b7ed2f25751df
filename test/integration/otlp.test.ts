// The whole product into an OpenTelemetry collector: what it was sent in the end is what the summary says.

import assert from "node:assert/strict";
import { it } from "node:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Collector, quantileOf } from "../metrics/collector.ts";
import { loadswarm } from "../support/cli.ts";

it("a run with --otlp-url: totals are the summary's exactly, quantiles within 2 %", async () => {
  await using collector = await Collector.start();
  let k = 0;
  const target = createServer((_, response) => void setTimeout(() => response.end("ok"), 4 + 40 * ((k++ * 0.6180339887498949) % 1)));
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
  const flags = ["--rate", "100", "--duration", "3s", "--json", "-", "--otlp-url", new URL(collector.url).origin, "--otlp-interval", "1s"];
  const { stdout, stderr, code } = await loadswarm("run", url, ...flags);
  target.closeAllConnections();
  await new Promise((resolve) => target.close(resolve));
  assert.equal(code, 0, stderr);
  const { requests, iterations, metrics } = JSON.parse(stdout);
  assert.ok(requests.total >= 290);
  assert.equal(collector.exported.at(-1)!.url, "/v1/metrics");
  assert.equal(collector.total("loadswarm_requests_total"), requests.total);
  assert.equal(collector.total("loadswarm_iterations_total"), iterations.started);
  assert.equal(collector.total("loadswarm_received_bytes_total"), requests.bytesReceived);
  const durations = collector.exported.at(-1)!.metrics.find(({ name }) => name === "loadswarm_request_duration_seconds")!;
  assert.equal(durations.points.length, 1);
  const trend = metrics["http_req_duration"];
  assert.equal(durations.points[0]!.count, trend.count);
  for (const [q, ms] of [[0.5, trend.med], [0.95, trend["p(95)"]], [0.99, trend["p(99)"]]] as const) {
    const exported = 1000 * quantileOf(durations.points[0]!, q);
    assert.ok(Math.abs(exported / ms - 1) < 0.02, `q ${q}: ${exported} ms instead of ${ms} ms`);
  }
});
