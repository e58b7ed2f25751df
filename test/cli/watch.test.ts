// Watching outlives agents; Ctrl-C stops what one started and leaves alone what one watches.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FailoverClient, reachableOrigin } from "../../node/cli/failover.ts";
import { follower } from "../../node/cli/follow.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { FakeAgent } from "./fake-agent.ts";
import { FakeIo, runCli } from "./fake-io.ts";
import { fullSummary } from "./summaries.ts";

const running = (): Summary => fullSummary({ state: "running" });
const finished = (): Summary => fullSummary({ thresholds: [], generator: { verdict: "ok" } });
const POLL_MS = 5;

test("watch goes on with another agent when the one it asks dies, and says so", async (t) => {
  const a = await new FakeAgent().start(t);
  const b = await new FakeAgent().start(t);
  a.peers = b.peers = [a, b];
  a.summaryOf = (asked) => {
    if (asked === 1) setImmediate(() => a.die());
    return running();
  };
  b.summaryOf = finished;
  const { code, out, err } = await runCli(["watch", "--to", a.url]);
  assert.equal(code, 0);
  assert.ok(err.includes(`agent at ${a.url} is gone`));
  assert.ok(err.includes(`going on with ${b.url}`));
  assert.match(out, /movies-baseline {3}finished/);
});

test("an agent that hangs counts as gone, too", async (t) => {
  const a = await new FakeAgent().start(t);
  const b = await new FakeAgent().start(t);
  a.peers = b.peers = [a, b];
  const client = new FailoverClient([a.url]);
  await client.call({ method: "GET", path: "/api/v1/runs/r1" });
  a.silent = true;
  await client.call({ method: "GET", path: "/api/v1/runs/r1" });
  assert.equal(client.current, b.url);
});

test("an agent that does not know the run yet is not believed while another may", async (t) => {
  const a = await new FakeAgent().start(t);
  const b = await new FakeAgent().start(t);
  const c = await new FakeAgent().start(t);
  a.peers = b.peers = c.peers = [a, b, c];
  const client = new FailoverClient([a.url]);
  await client.call({ method: "GET", path: "/api/v1/runs/r1" });
  a.die();
  b.answer = { status: 404, body: { error: "there is no run" } };
  await client.call({ method: "GET", path: "/api/v1/runs/r1" });
  assert.equal(client.current, c.url);
});

test("when none answers any more it gives up with 112", async (t) => {
  const a = await new FakeAgent().start(t);
  const b = await new FakeAgent().start(t);
  a.peers = b.peers = [a, b];
  const client = new FailoverClient([a.url], { giveUpMs: 50 });
  await client.call({ method: "GET", path: "/api/v1/runs/r1" });
  a.die();
  b.die();
  await assert.rejects(client.call({ method: "GET", path: "/api/v1/runs/r1" }), (error: any) => {
    assert.equal(error.exitCode, 112);
    assert.match(error.message, /none of 2 known agents has answered/);
    return true;
  });
});

test("an agent that refuses is not left for another", async (t) => {
  const a = await new FakeAgent().start(t);
  const b = await new FakeAgent().start(t);
  a.answer = { status: 422, body: { error: "no" } };
  await assert.rejects(new FailoverClient([a.url, b.url]).call({ method: "POST", path: "/api/v1/runs" }), {
    message: "no",
  });
  assert.equal(b.received.length, 0);
});

const ORIGINS: [api: unknown, from: string, origin: string | null][] = [
  ["http://10.0.0.2:7480", "http://10.0.0.1:7480", "http://10.0.0.2:7480"],
  ["10.0.0.2:7480", "http://10.0.0.1:7480", "http://10.0.0.2:7480"],
  ["http://127.0.0.1:7481", "http://127.0.0.1:7480", "http://127.0.0.1:7481"],
  ["http://127.0.0.1:7481", "http://10.0.0.1:7480", null],
  ["http://[::1]:7481", "http://10.0.0.1:7480", null],
  ["file:///etc/passwd", "http://10.0.0.1:7480", null],
  ["", "http://10.0.0.1:7480", null],
  [null, "http://10.0.0.1:7480", null],
];

test("a member's address is taken only if it can be meant for us", () => {
  for (const [api, from, origin] of ORIGINS) assert.equal(reachableOrigin(api, from), origin);
});

test("Ctrl-C in publish stops the run, prints the summary and exits 105", async (t) => {
  const agent = await new FakeAgent().start(t);
  const io = new FakeIo();
  agent.summaryOf = () => {
    setImmediate(() => io.interrupt());
    return agent.stopped ? fullSummary({ state: "stopped" }) : running();
  };
  const { finish } = await follower({ json: null, junit: null, onInterrupt: "stop", pollMs: POLL_MS }, io);
  const { swarmSource } = await import("../../node/cli/swarm-source.ts");
  assert.equal(await finish(swarmSource(new FailoverClient([agent.url]), "r1")), 105);
  assert.equal(agent.stopped, true);
  assert.match(io.stdout.text, /stopped after/);
});

test("a second Ctrl-C leaves at once with 130 and without a summary", async () => {
  const io = new FakeIo();
  let stops = 0;
  const { finish } = await follower({ json: null, junit: null, onInterrupt: "stop", pollMs: POLL_MS }, io);
  const source = {
    summary: async () => {
      setImmediate(() => io.interrupt());
      return running();
    },
    stop: async () => void stops++,
  };
  assert.equal(await finish(source), 130);
  assert.equal(stops, 1);
  assert.doesNotMatch(io.stdout.text, /TOTAL RESULTS/);
});

test("Ctrl-C in watch leaves the run alone and exits 130", async (t) => {
  const agent = await new FakeAgent().start(t);
  const io = new FakeIo();
  agent.summaryOf = () => {
    setImmediate(() => io.interrupt());
    return running();
  };
  const { code, err } = await runCli(["watch", "r1", "--to", agent.url], io);
  assert.equal(code, 130);
  assert.match(err, /detached; run .* goes on/);
  assert.equal(agent.stopped, false);
});

test("without a terminal progress is plain lines, one per change of state", async (t) => {
  const agent = await new FakeAgent().start(t);
  agent.summaryOf = (asked) => (asked < 2 ? running() : finished());
  const io = new FakeIo();
  const { finish } = await follower({ json: "-", junit: null, onInterrupt: "detach", pollMs: POLL_MS }, io);
  const { swarmSource } = await import("../../node/cli/swarm-source.ts");
  await finish(swarmSource(new FailoverClient([agent.url]), "r1"));
  assert.equal(JSON.parse(io.stdout.text).run, fullSummary().run);
  const lines = io.stderr.text.split("\n").filter((line) => /^(running|finished) /.test(line));
  assert.deepEqual(
    lines.map((line) => line.split(" ")[0]),
    ["running", "finished"],
  );
});

test("the end of a run in this process is not waited for until the next look", async () => {
  const io = new FakeIo();
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  const { finish } = await follower({ json: null, junit: null, onInterrupt: "stop", pollMs: 3_600_000 }, io);
  const source = {
    summary: async () => {
      if (asked++ === 0) setImmediate(resolve);
      return asked === 1 ? running() : finished();
    },
    stop: async () => {},
    ending: promise,
  };
  await finish(source);
  assert.equal(asked, 2);
});
