// The six executors, each run by the command line against a server that counts what it gets.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Summary } from "../../node/core/summary-type.ts";
import { loadswarm, temporaryFolder } from "../support/cli.ts";

const folder = temporaryFolder();
const ANSWERS_AFTER_MS = 20;

/** Requests by path, and the most of each path that were open at the same time. */
const seen = new Map<string, { count: number; open: number; most: number }>();
const server = createServer((request, response) => {
  const path = request.url!.split("/")[1]!;
  const entry = seen.get(path) ?? { count: 0, open: 0, most: 0 };
  seen.set(path, entry);
  entry.count++;
  entry.most = Math.max(entry.most, ++entry.open);
  const answer = setTimeout(() => response.end("ok"), path === "hanging" ? 60_000 : ANSWERS_AFTER_MS);
  response.once("close", () => {
    entry.open--;
    clearTimeout(answer);
  });
});

interface Outcome {
  readonly code: number | null;
  readonly summary: Summary;
  readonly hits: number;
  readonly most: number;
}

async function runScenario(path: string, options: string): Promise<Outcome> {
  const { port } = server.address() as AddressInfo;
  const file = join(folder, `${path}.yaml`);
  writeFileSync(
    file,
    `name: ${path}
target: http://127.0.0.1:${port}
scenarios:
  one: { ${options}, flow: [{ get: "/${path}/{{ iterationInTest }}" }] }
`,
  );
  const { code, stdout, stderr } = await loadswarm("run", file, "--json", "-", "--workers", "2");
  assert.match(stdout, /^\{/, stderr);
  const { count = 0, most = 0 } = seen.get(path) ?? {};
  return { code, summary: JSON.parse(stdout) as Summary, hits: count, most };
}

/** What the target counted is what is reported, and the ledger adds up. */
function assertHonest({ summary, hits }: Outcome): void {
  const { scheduled, started, dropped, lost } = summary.iterations;
  const droppedTotal = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  assert.equal(summary.state, "finished");
  assert.equal(scheduled, started + droppedTotal + lost);
  assert.deepEqual([started, summary.requests.total], [hits, hits]);
}

describe("executors", { concurrency: 2 }, () => {
  before(() => new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening)));
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("constant-arrival-rate starts rate times duration", async () => {
    const outcome = await runScenario("constant-rate", "executor: constant-arrival-rate, rate: 100, duration: 2s");
    assertHonest(outcome);
    assert.equal(outcome.summary.iterations.scheduled, 200);
  });

  it("ramping-arrival-rate starts the area under its stages", async () => {
    const stages = "[{ duration: 1s, target: 100 }, { duration: 1s, target: 100 }, { duration: 1s, target: 0 }]";
    const outcome = await runScenario("ramping-rate", `executor: ramping-arrival-rate, stages: ${stages}`);
    assertHonest(outcome);
    assert.equal(outcome.summary.iterations.scheduled, 200);
  });

  it("maxVUs bounds what is in flight over all threads", async () => {
    const outcome = await runScenario(
      "hanging",
      "executor: constant-arrival-rate, rate: 50, duration: 1s, maxVUs: 6, gracefulStop: 200ms",
    );
    assertHonest(outcome);
    assert.deepEqual([outcome.hits, outcome.most], [6, 6]);
    assert.equal(outcome.summary.iterations.scheduled, 50);
    assert.equal(outcome.summary.iterations.completed, 0);
  });

  it("constant-vus keeps so many users busy", async () => {
    const outcome = await runScenario("constant-vus", "executor: constant-vus, vus: 5, duration: 2s");
    assertHonest(outcome);
    assert.equal(outcome.most, 5);
    assert.ok(outcome.hits >= 5 && outcome.hits <= (5 * 2_000) / ANSWERS_AFTER_MS, `${outcome.hits} requests`);
  });

  it("ramping-vus follows its stages", async () => {
    const stages = "[{ duration: 1s, target: 6 }, { duration: 500ms, target: 6 }, { duration: 500ms, target: 0 }]";
    const outcome = await runScenario("ramping-vus", `executor: ramping-vus, startVUs: 1, stages: ${stages}`);
    assertHonest(outcome);
    assert.equal(outcome.most, 6);
  });

  for (const [executor, due] of [
    ["shared-iterations", 101],
    ["per-vu-iterations", 101 * 7],
  ] as const) {
    it(`${executor} starts each once, and the run is over when they have ended`, async () => {
      const outcome = await runScenario(executor, `executor: ${executor}, vus: 7, iterations: 101`);
      assertHonest(outcome);
      assert.equal(outcome.code, 0);
      assert.deepEqual([outcome.hits, outcome.summary.iterations.completed, outcome.most], [due, due, 7]);
      assert.equal(outcome.summary.scenarios["one"]!.progress, 1);
      assert.ok(outcome.summary.durationSeconds < 60, `${outcome.summary.durationSeconds} s`);
    });
  }

  it("a rate that the generator itself cannot reach exits 111, and the series tells why", async () => {
    // 5 ns an arrival and thread: no machine so much as counts that fast, whatever it has compiled by then.
    const options = "executor: constant-arrival-rate, rate: 400000000, duration: 50ms, maxVUs: 20";
    const outcome = await runScenario("too-fast", options);
    assertHonest(outcome);
    const { iterations, generator, series } = outcome.summary;
    assert.equal(iterations.scheduled, 20_000_000);
    // From one in a thousand the exit code says so; the others found no virtual user.
    assert.ok(iterations.dropped["late"]! > 20_000, JSON.stringify(iterations.dropped));
    assert.deepEqual([outcome.code, generator.verdict, series[0]!.generator], [111, "bottleneck", "bottleneck"]);
  });

  it("what maxDuration leaves is dropped by that name", async () => {
    const outcome = await runScenario(
      "too-many",
      "executor: shared-iterations, vus: 2, iterations: 100000, maxDuration: 1s",
    );
    assertHonest(outcome);
    const { scheduled, started, dropped } = outcome.summary.iterations;
    assert.equal(scheduled, 100_000);
    assert.equal(dropped["max_duration"], scheduled - started);
    assert.equal(outcome.code, 0);
  });
});
