// Agents that ask for an operator's signature, beside one that does not: what nobody signed is run by none of the former,
// however it comes; what an operator signed runs everywhere, once.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { publishAtStart } from "../../node/agent/publish-at-start.ts";
import { type ServedAgent, startAgent } from "../../node/api/start.ts";
import { cli } from "../../node/cli/cli.ts";
import { SWARM_METERS } from "../../node/metrics/meters.ts";
import { parsePlan } from "../../node/plan/parse.ts";
import { configOf } from "../agent/support.ts";
import { FakeIo } from "../cli/fake-io.ts";

/** Waits for agents that never come: it loads nothing. */
function planOf(name: string, minAgents = 9): string {
  const hits = { executor: "constant-arrival-rate", rate: 1, duration: "10s", flow: [{ get: "/" }] };
  return JSON.stringify({ name, target: "http://127.0.0.1:9", start: { minAgents }, scenarios: { hits } });
}

function parsed(text: string) {
  const plan = parsePlan(text);
  assert.ok(plan.ok);
  return plan;
}

const folder = mkdtempSync(join(tmpdir(), "loadswarm-operators-"));
const keyFile = join(folder, "operator.key");
const atStart = parsed(planOf("at-start", 2));
let asking: ServedAgent;
let trusting: ServedAgent;

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = new FakeIo();
  const code = await cli(args, io);
  return { code, out: io.stdout.text.trim(), err: io.stderr.text };
}

async function publish(agent: ServedAgent, name: string, ...more: string[]) {
  const file = join(folder, "plan.json");
  writeFileSync(file, planOf(name));
  return run("publish", file, "--detach", "--to", agent.apiUrl!, ...more);
}

const runsOf = ({ agent }: ServedAgent): string[] => agent.runs().map((each) => each.run);

async function untilKnown(agent: ServedAgent, id: string): Promise<void> {
  for (let tries = 0; tries < 600 && !runsOf(agent).includes(id); tries++) await sleep(25);
  assert.ok(runsOf(agent).includes(id), `${id} never came`);
}

before(async () => {
  const made = await run("keygen", "--operator", "--out", keyFile);
  const [operator] = /ed25519:[\w-]{43}/.exec(made.out)!;
  assert.ok(readFileSync(keyFile, "utf8").includes(operator));
  asking = await startAgent(configOf({ name: "asking", listen: "127.0.0.1:0", operators: [operator], planAtStart: atStart.document }));
  const [, , host, , port] = asking.agent.addresses[0]!.split("/");
  trusting = await startAgent(configOf({ name: "trusting", listen: "127.0.0.1:0", join: [`${host}:${port}`] }));
  for (let tries = 0; tries < 600 && asking.agent.members().length < 2; tries++) await sleep(25);
});

after(async () => {
  await trusting.leave();
  await asking.leave();
  rmSync(folder, { recursive: true });
});

describe("an agent with operators", () => {
  it("refuses what nobody signed, and says what to do", async () => {
    const { code, err } = await publish(asking, "unsigned");
    assert.equal(code, 104);
    assert.match(err, /no operator has signed it/);
    assert.match(err, /--operator-key/);
    assert.equal((await fetch(`${asking.apiUrl}/api/v1/runs`, { method: "POST", body: planOf("unsigned") })).status, 403);
  });

  it("never hears of what another agent took unsigned, and hears of what comes after it", async () => {
    const unsigned = await publish(trusting, "rogue");
    assert.equal(unsigned.code, 0);
    const signed = await publish(trusting, "signed", "--operator-key", keyFile);
    assert.equal(signed.code, 0);
    await untilKnown(asking, signed.out);
    assert.ok(runsOf(trusting).includes(unsigned.out));
    assert.ok(!runsOf(asking).includes(unsigned.out));
    const counted = asking.agent.readings().find(({ meter }) => meter === SWARM_METERS.runsRefused);
    assert.ok(Number(counted!.value) > 0);
  });

  it("takes what an operator signed, and the same plan is the same run while it is on", async () => {
    const first = await publish(asking, "twice", "--operator-key", keyFile);
    const second = await publish(asking, "twice", "--operator-key", keyFile);
    assert.deepEqual([first.code, second.out], [0, first.out]);
    await untilKnown(trusting, first.out);
  });

  it("takes a key's run from an operator, and no other plan under that key", async () => {
    const first = await publish(asking, "keyed", "--operator-key", keyFile, "--key", "k");
    assert.equal(first.code, 0);
    const other = await publish(asking, "other", "--operator-key", keyFile, "--key", "k");
    assert.match(other.err, /key was used for another plan/);
  });

  it("refuses what a stranger signed, and a file that is no key", async () => {
    const stranger = join(folder, "stranger.key");
    await run("keygen", "--operator", "--out", stranger);
    assert.match((await publish(asking, "strange", "--operator-key", stranger)).err, /none of the operators/);
    assert.match((await publish(asking, "none", "--operator-key", join(folder, "plan.json"))).err, /no operator's key/);
    assert.match((await publish(asking, "none", "--operator-key", join(folder, "absent"))).err, /cannot be read/);
  });

  it("may be stopped by everybody: nobody looks for a key then", async () => {
    const { out } = await publish(asking, "to-stop", "--operator-key", keyFile);
    assert.equal((await run("stop", out, "--to", asking.apiUrl!)).code, 0);
  });

  it("publishes the plan that its own configuration names", async () => {
    const { signal } = new AbortController();
    const published = await publishAtStart({ ...view(asking), publish: asking.agent.publish.bind(asking.agent) }, atStart, signal);
    assert.ok(runsOf(asking).includes(published!));
  });
});

/** As the first of two, whichever it is. */
function view({ agent }: ServedAgent) {
  const { member, log } = agent;
  return { member, log, members: () => agent.members().sort((a, b) => Number(b.id === member) - Number(a.id === member)) };
}
