// What a scraper reads is what the agent says of itself at that moment.

import assert from "node:assert/strict";
import { it } from "node:test";
import fastify from "fastify";
import type { Agent } from "../../node/agent/agent.ts";
import { healthRoutes } from "../../node/api/health.ts";
import { type Meter, RUN_METERS, SWARM_METERS } from "../../node/metrics/meters.ts";
import type { Reading } from "../../node/metrics/reading.ts";

it("metrics are OpenMetrics, of the values of that moment, under the catalogue's names", async () => {
  let unmet = 12.5;
  const sketch = { index: [639], count: [3], sum: 3, min: 1, max: 1 };
  const reading = (meter: Meter, value: Reading["value"], ...labels: string[]) => ({ meter, value, labels, startMs: 0 });
  const readings = () => [
    reading(SWARM_METERS.unmetRate, unmet),
    reading(SWARM_METERS.membersRefused, 7),
    reading(RUN_METERS.requests, 3, "r-1", "browse", 'say "hi"', "2xx", "ok"),
    reading(RUN_METERS.requestDuration, sketch, "r-1", "browse", "one", "ok"),
    reading(RUN_METERS.requestDuration, sketch, "r-1", "browse", "two", "ok"),
  ];
  const server = fastify();
  healthRoutes(server, () => ({ readings }) as unknown as Agent, () => 0);
  const scrape = async () => (await server.inject("/metrics")).body;
  const text = await scrape();
  assert.match(text, /^loadswarm_unmet_rate 12\.5$/m);
  assert.match(text, /^# TYPE loadswarm_members_refused counter\nloadswarm_members_refused_total 7$/m);
  assert.match(text, /^loadswarm_requests_total\{run_id="r-1",scenario="browse",request="say \\"hi\\"",status_class="2xx",outcome="ok"\} 3$/m);
  assert.match(text, /^loadswarm_request_duration_seconds_bucket\{run_id="r-1",scenario="browse",outcome="ok",le="0.001"\} 6$/m);
  assert.match(text, /^loadswarm_request_duration_seconds_sum\{run_id="r-1",scenario="browse",outcome="ok"\} 0.006$/m);
  assert.match(text, /\n# EOF\n$/);
  assert.match((await server.inject("/metrics")).headers["content-type"] as string, /^application\/openmetrics-text/);
  unmet = 0;
  assert.match(await scrape(), /^loadswarm_unmet_rate 0$/m);
  await server.close();
});
