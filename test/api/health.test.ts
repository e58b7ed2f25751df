// What a scraper reads is what the agent says of itself at that moment.

import assert from "node:assert/strict";
import { it } from "node:test";
import fastify from "fastify";
import type { Agent } from "../../node/agent/agent.ts";
import { healthRoutes } from "../../node/api/health.ts";

it("metrics tell the rate that is not met, and no other one once it is", async () => {
  let unmet = 12.5;
  const counters = { framesDropped: 1, framesRefused: 0, membersRefused: 0, peersRefused: 0, links: 3 };
  const agent = { member: "a", members: () => [], networkCounters: () => counters, unmetPerSecond: () => unmet };
  const server = fastify();
  healthRoutes(server, () => agent as unknown as Agent);
  const scrape = async () => (await server.inject("/metrics")).body;
  assert.match(await scrape(), /^loadswarm_unmet_rate 12\.5$/m);
  unmet = 0;
  assert.match(await scrape(), /^loadswarm_unmet_rate 0$/m);
  await server.close();
});
