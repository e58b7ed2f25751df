// Where the time of a request goes, measured from outside: a target that takes its time at known places.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { it } from "node:test";
import { PHASES, type SketchData } from "../../node/metrics/results.ts";
import { quantile, sketchCount } from "../../node/metrics/sketch.ts";
import { listen, OK, onRequest } from "./http1/servers.ts";
import { planOf, rate, run, scenario, step } from "./support.ts";

/** A timer of the target may fire a little early. */
const EARLY_MS = 2;

const named = (phases: readonly SketchData[]) => Object.fromEntries(PHASES.map((name, i) => [name, phases[i]!])) as Record<(typeof PHASES)[number], SketchData>;

it("waiting and receiving take as long as the target does, only a new connection is connected, and the parts add up", async () => {
  await using target = await listen(
    onRequest((socket) => {
      setTimeout(() => socket.write(OK.slice(0, 20)), 40);
      setTimeout(() => socket.write(OK.slice(20)), 100);
    }),
  );
  const { last } = await run(planOf(target.origin, scenario({ kind: "constant-vus", vus: 2, durationMs: 1_000 }, [step("/")], { gracefulStopMs: 1_000 })));
  const { requests, duration, waiting } = last.totals.steps[0]!;
  const phases = named(last.totals.scenarios[0]!.phases);
  for (const sketch of [waiting, ...Object.values(phases)]) assert.equal(sketchCount(sketch), requests);
  assert.ok(waiting.min >= 40 - EARLY_MS, String(waiting.min));
  assert.ok(phases.receiving.min >= 60 - EARLY_MS - (waiting.max - 40), String(phases.receiving.min));
  assert.equal(phases.tls_handshaking.max, 0);
  const connected = requests - (phases.connecting.count[0] ?? 0);
  assert.ok(requests > target.connections() && connected <= 2, `${connected} connected, ${requests} requests`);
  assert.ok(phases.connecting.max > 0);
  const sum = [waiting, ...Object.values(phases)].reduce((total, sketch) => total + sketch.sum, 0);
  assert.ok(Math.abs(sum - duration.sum) < 0.01 * requests, `${sum}, ${duration.sum}`);
});

it("an answer in one piece is received in no time, and every new connection is connected", async () => {
  await using target = await listen(onRequest((socket) => socket.write(OK)));
  const flow = [step("/")];
  const { last } = await run(planOf(target.origin, scenario(rate(100, 100, 300), flow, { http: { close: "close" } })));
  const { requests } = last.totals.steps[0]!;
  const { connecting, receiving } = named(last.totals.scenarios[0]!.phases);
  assert.ok(requests > 0 && quantile(connecting, 0) > 0, String(connecting.min));
  assert.deepEqual([sketchCount(connecting), receiving.sum], [requests, 0]);
});

it("a request that was never written has no phases, and one that timed out has sent and received nothing", async () => {
  await using silent = await listen(createServer());
  const quick = [step("/", { timeoutMs: 50 })];
  const { last } = await run(planOf(silent.origin, scenario(rate(50, 50, 200), quick)));
  const { requests } = last.totals.steps[0]!;
  const timedOut = named(last.totals.scenarios[0]!.phases);
  assert.deepEqual([sketchCount(timedOut.sending), sketchCount(timedOut.receiving)], [requests, 0]);
  const gone = await listen(createServer());
  await gone[Symbol.asyncDispose]();
  const { last: refused } = await run(planOf(gone.origin, scenario(rate(50, 50, 200), quick)));
  assert.deepEqual(refused.totals.scenarios[0]!.phases.map(sketchCount), [0, 0, 0, 0, 0]);
});

it("undici does not tell where the time goes, and nothing is made up", async () => {
  await using target = await listen(onRequest((socket) => socket.write(OK)));
  const { last } = await run(planOf(target.origin, scenario(rate(50, 50, 200), [step("/")], { http: { client: "undici" } })));
  assert.equal(sketchCount(last.totals.steps[0]!.duration), last.totals.steps[0]!.requests);
  assert.deepEqual(last.totals.scenarios[0]!.phases.map(sketchCount), [0, 0, 0, 0, 0]);
});
