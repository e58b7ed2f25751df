// A fixed number of iterations over a swarm of real processes: exact, and never more when one of them is killed.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type AgentProcess, AgentProcesses, untilMembers } from "../../node/cli/spawn-agents.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { loadswarm, temporaryFolder } from "../support/cli.ts";

const folder = temporaryFolder();
const USERS = 9;

/** Numbers of the iterations that came, by path; `onHit` hears of each. */
const seen = new Map<string, number[]>();
let onHit: (path: string, count: number) => void = () => {};
const server = createServer((request, response) => {
  const [, path = "", k = ""] = request.url!.split("/");
  const numbers = seen.get(path) ?? [];
  seen.set(path, numbers);
  numbers.push(Number(k));
  setTimeout(() => response.end("ok"), 20);
  onHit(path, numbers.length);
});

async function publish(path: string, iterations: number, to: string): Promise<{ code: number | null; summary: Summary }> {
  const { port } = server.address() as AddressInfo;
  const file = join(folder, `${path}.yaml`);
  writeFileSync(
    file,
    `name: ${path}
target: http://127.0.0.1:${port}
scenarios:
  one: { executor: shared-iterations, vus: ${USERS}, iterations: ${iterations}, flow: [{ get: "/${path}/{{ iterationInTest }}" }] }
`,
  );
  const { code, stdout, stderr } = await loadswarm("publish", file, "--to", to, "--json", "-");
  assert.match(stdout, /^\{/, stderr);
  return { code, summary: JSON.parse(stdout) as Summary };
}

describe("iterations dealt over three agents", () => {
  const processes = new AgentProcesses();
  const agents: AgentProcess[] = [];

  before(async () => {
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    for (const name of ["one", "two", "three"]) {
      const flags = ["--workers", "1", "--log-level", "error"];
      agents.push(await processes.start({ env: process.env, name, join: agents.map(({ listen }) => listen), flags }));
    }
    for (const { apiUrl } of agents) await untilMembers(apiUrl, 3, 30_000);
  });

  after(async () => {
    await processes.end();
    server.closeAllConnections();
    server.close();
  });

  it("each comes once, and the run is over for all long before its planned end", async () => {
    const { code, summary } = await publish("whole", 400, agents[1]!.apiUrl);
    const numbers = seen.get("whole")!.toSorted((a, b) => a - b);
    assert.deepEqual(numbers, Array.from({ length: 400 }, (_, k) => k));
    const { scheduled, started, completed, lost } = summary.iterations;
    assert.deepEqual([scheduled, started, completed, lost], [400, 400, 400, 0]);
    assert.deepEqual([code, summary.state, summary.agents.reported], [0, "finished", 3]);
    assert.ok(summary.durationSeconds < 120, `${summary.durationSeconds} s`);
  });

  it("one is killed in the middle: none comes twice, the others do theirs, and what went with it is lost", async () => {
    onHit = (path, count) => {
      if (path === "killed" && count === 400) agents[2]!.kill();
    };
    const { code, summary } = await publish("killed", 3_000, agents[0]!.apiUrl);
    const numbers = seen.get("killed")!;
    assert.equal(new Set(numbers).size, numbers.length);
    const { scheduled, started, dropped, lost } = summary.iterations;
    assert.equal(scheduled, 3_000);
    assert.equal(started + lost + Object.values(dropped).reduce((sum, count) => sum + count, 0), 3_000);
    assert.ok(lost > 0 && numbers.length < 3_000, `${lost} lost, ${numbers.length} came`);
    assert.ok(numbers.length >= started - USERS, "what was on its way when it was killed may not have come");
    assert.deepEqual([summary.state, summary.agents.lost], ["finished", 1]);
    assert.equal(code, 111, "a part of the plan was not done");
  });
});
