// A plan that every agent was given at its start: who publishes it, when, and that no agent takes itself for the swarm.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Agent } from "../../node/agent/agent.ts";
import { createLog } from "../../node/agent/log.ts";
import { checkPlanAtStart, type PlanAtStart, publishAtStart } from "../../node/agent/publish-at-start.ts";
import { parsePlan } from "../../node/plan/parse.ts";

function planOf(minAgents: number): PlanAtStart {
  const hits = { executor: "constant-arrival-rate", rate: 1, duration: "1s", flow: [{ get: "/" }] };
  const text = JSON.stringify({ name: "p", target: "http://127.0.0.1:9", start: { minAgents }, scenarios: { hits } });
  const parsed = parsePlan(text);
  assert.ok(parsed.ok);
  return parsed;
}

/** An agent that sees one after the other of `views`, the last one for ever. */
function agentThatSees(views: readonly (readonly string[])[], refused = false) {
  const left = [...views];
  const published: (string | null)[] = [];
  const agent = {
    member: "me",
    log: createLog("silent", "me"),
    members: () => (left.length > 1 ? left.shift()! : left[0]!).map((id) => ({ id })),
    publish: async (_document: string, key: string | null) => {
      published.push(key);
      return refused ? { ok: false, faults: [] } : { ok: true, run: { spec: { id: "p-1" } }, created: true };
    },
  };
  return { agent: agent as unknown as Agent, published };
}

describe("a plan that is to be published at the start", () => {
  it("is refused if one agent is enough for it: each would run it alone", () => {
    assert.throws(() => checkPlanAtStart(planOf(1)), { code: "CONFIG_INVALID", hint: /start: \{ minAgents: N \}/ });
    checkPlanAtStart(planOf(2));
  });

  it("is published by the first member once there are enough", async () => {
    const { agent, published } = agentThatSees([["me"], ["me", "you"]]);
    assert.equal(await publishAtStart(agent, planOf(2), new AbortController().signal), "p-1");
    assert.equal(published.length, 1);
  });

  it("has the same key from every agent, and another key than another plan", async () => {
    const keys: (string | null)[] = [];
    for (const plan of [planOf(2), planOf(2), planOf(3)]) {
      const { agent, published } = agentThatSees([["me", "you", "she"]]);
      await publishAtStart(agent, plan, new AbortController().signal);
      keys.push(...published);
    }
    assert.equal(keys[0], keys[1]);
    assert.notEqual(keys[0], keys[2]);
    assert.notEqual(keys[0], null);
  });

  it("waits while too few are there or another one is first, until the agent leaves", async () => {
    for (const view of [["me"], ["her", "me"]]) {
      const { agent, published } = agentThatSees([view]);
      const leaving = new AbortController();
      const waiting = publishAtStart(agent, planOf(2), leaving.signal);
      leaving.abort();
      await assert.rejects(waiting, { name: "AbortError" });
      assert.deepEqual(published, []);
    }
  });

  it("is the next one's to publish when the first has gone", async () => {
    const { agent, published } = agentThatSees([["her", "me", "you"], ["me", "you"]]);
    await publishAtStart(agent, planOf(2), new AbortController().signal);
    assert.equal(published.length, 1);
  });

  it("does not end the agent when the swarm refuses it", async () => {
    const { agent } = agentThatSees([["me", "you"]], true);
    assert.equal(await publishAtStart(agent, planOf(2), new AbortController().signal), null);
  });
});
