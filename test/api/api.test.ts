// The HTTP API of one agent as a program meets it: contracts, and everything that can be wrong with a request.

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, it } from "node:test";
import { type ServedAgent, startAgent } from "../../node/api/start.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { MAX_PLAN_BYTES } from "../../node/wire/plan-hash.ts";
import { configOf } from "../agent/support.ts";
import { startTarget, type Target } from "../load/support.ts";

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  // A body as JSON: its shape is what the tests are about.
  readonly json: any;
}

let served: ServedAgent;
let target: Target;

before(async () => {
  target = await startTarget();
  served = await startAgent(configOf(), { LOADSWARM_TARGET_URL: `${target.url}/hit` });
});

after(async () => {
  await served.leave();
  await target[Symbol.asyncDispose]();
});

async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${served.apiUrl}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  const type = response.headers.get("content-type") ?? "";
  return { status: response.status, type, text, json: type.includes("json") ? JSON.parse(text) : null };
}

/** A plan that waits for agents that never come: it loads nothing. */
function waiting(name: string, scenario: object = {}, more: object = {}): string {
  const hits = { executor: "constant-arrival-rate", rate: 1, duration: "10s", flow: [{ get: "/" }], ...scenario };
  return JSON.stringify({ name, target: target.url, start: { minAgents: 2 }, scenarios: { hits }, ...more }, null, 1);
}

const publish = (plan: string, headers: Record<string, string> = {}) => ask("POST", "/api/v1/runs", plan, headers);

describe("a web page open on this machine", () => {
  const status = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const call = request(`${served.apiUrl}/api/v1/stop`, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      call.on("error", reject).end();
    });

  for (const [what, headers, code] of [
    ["of another site", { origin: "https://evil.example" }, 403],
    ["without a site", { origin: "null" }, 403],
    ["of a name that was pointed at loopback", { host: "evil.example" }, 403],
    ["of this machine", { origin: "http://localhost:3000", host: "localhost:1" }, 200],
  ] as const) {
    it(`${what} gets ${code}`, async () => assert.equal(await status({ ...headers }), code));
  }
});

describe("publishing", () => {
  it("a plan is taken: 201 with run, plan, start, members and who accepted it", async () => {
    const { status, json } = await publish(waiting("contract"));
    assert.equal(status, 201);
    assert.match(json.run, /^contract-[0-9a-f]{8}-[0-9a-z]+$/);
    assert.deepEqual(json, { run: json.run, plan: "contract", startsAt: null, members: 1, acceptedBy: served.agent.member });
  });

  it("YAML is taken as well as JSON, whatever the content type says", async () => {
    const yaml = `name: yaml\ntarget: ${target.url}\nstart: { minAgents: 2 }\nscenarios:\n  a:\n    executor: constant-arrival-rate\n    rate: 1\n    duration: 1s\n    flow: [{ get: / }]\n`;
    for (const type of ["application/yaml", "application/json", "text/plain", "application/x-www-form-urlencoded"]) {
      assert.equal((await publish(yaml, { "content-type": type })).status, 201, type);
    }
  });

  for (const [executor, options] of [
    ["ramping-arrival-rate", { stages: [{ duration: "1s", target: 1 }] }],
    ["constant-vus", { vus: 1, duration: "1s" }],
    ["ramping-vus", { stages: [{ duration: "1s", target: 1 }] }],
    ["shared-iterations", { vus: 1, iterations: 1 }],
    ["per-vu-iterations", { vus: 1, iterations: 1 }],
  ] as const) {
    it(`${executor} is taken`, async () => {
      const { status, json } = await publish(waiting(executor, { executor, rate: undefined, duration: undefined, ...options }));
      assert.deepEqual([status, json.plan], [201, executor]);
    });
  }

  it("the same plan twice is the same run", async () => {
    const [first, second] = [await publish(waiting("twice")), await publish(waiting("twice"))];
    assert.equal(second.status, 201);
    assert.equal(second.json.run, first.json.run);
  });

  it("an idempotency key names one run; another plan under it is refused, whatever its name", async () => {
    const key = { "idempotency-key": "deploy-42" };
    const first = await publish(waiting("keyed"), key);
    assert.equal((await publish(waiting("keyed"), key)).json.run, first.json.run);
    for (const other of [waiting("keyed", { rate: 2 }), waiting("renamed")]) {
      const { status, json } = await publish(other, key);
      assert.equal(status, 422);
      assert.match(json.faults[0].message, /idempotency key was used for another plan/);
    }
  });

  const scenario = (more: object) => () => waiting("bad", more);
  const faulty: readonly [string, () => string, string, RegExp][] = [
    ["broken YAML", () => "name: [x\n", "", /./],
    ["an unknown key", scenario({ rats: 5 }), "scenarios.hits.rats", /rate/],
    ["a negative rate", scenario({ rate: -1 }), "scenarios.hits.rate", /./],
    ["no stages", scenario({ executor: "ramping-arrival-rate", rate: undefined, duration: undefined, stages: [] }), "scenarios.hits.stages", /./],
    ["an unknown executor", scenario({ executor: "constant-rate" }), "scenarios.hits.executor", /constant-arrival-rate/],
    ["a target that is no URL", () => waiting("bad", {}, { target: "nowhere" }), "target", /http/],
    ["a target that is not allowed", () => waiting("bad", {}, { target: "http://192.0.2.1:80" }), "target", /--allow-target/],
    ["a table whose rows nobody has read", () => waiting("bad", {}, { data: { t: { csv: "t.csv" } } }), "data.t", /loadswarm publish/],
  ];
  for (const [name, plan, path, message] of faulty) {
    it(`${name}: 422 with path, line, column and message of each fault`, async () => {
      const { status, json } = await publish(plan());
      assert.equal(status, 422);
      assert.equal(typeof json.error, "string");
      const [fault] = json.faults;
      assert.deepEqual(Object.keys(fault).sort(), ["column", "line", "message", "path"]);
      assert.equal(fault.path, path);
      assert.match(fault.message, message);
      assert.ok(fault.line >= 1 && fault.column >= 1);
    });
  }

  it("a fault says where it is", async () => {
    const text = waiting("bad", { rate: -1 });
    const line = text.split("\n").findIndex((each) => each.includes('"rate"')) + 1;
    assert.equal((await publish(text)).json.faults[0].line, line);
  });

  const refused: readonly [string, () => string, number, string][] = [
    ["an empty body", () => "", 400, "USAGE"],
    ["a body of white space", () => " \n", 400, "USAGE"],
    ["a plan over 1 MiB", () => `# ${"x".repeat(MAX_PLAN_BYTES)}\n`, 413, "PLAN_TOO_LARGE"],
    ["a body far over 1 MiB", () => "x".repeat(3 * MAX_PLAN_BYTES), 413, "PLAN_TOO_LARGE"],
  ];
  for (const [name, body, status, code] of refused) {
    it(`${name}: ${status} ${code}`, async () => {
      const answer = await publish(body());
      assert.equal(answer.status, status);
      assert.equal(answer.json.code, code);
    });
  }

  it("an endless idempotency key is refused", async () => {
    assert.equal((await publish(waiting("key"), { "idempotency-key": "x".repeat(201) })).status, 400);
  });
});

describe("runs", () => {
  it("a run that was taken is listed, has a summary, and can be stopped", async () => {
    const { run } = (await publish(waiting("life"))).json;
    const listed = (await ask("GET", "/api/v1/runs")).json.runs;
    assert.deepEqual(listed[0], { run, plan: "life", state: "scheduled", startsAt: null });
    const summary = (await ask("GET", `/api/v1/runs/${run}`)).json as Summary;
    assert.deepEqual([summary.schema, summary.run, summary.state], ["loadswarm.summary/1", run, "scheduled"]);
    assert.deepEqual((await ask("POST", `/api/v1/runs/${run}/stop`)).json, { stopped: [run] });
    assert.deepEqual((await ask("POST", `/api/v1/runs/${run}/stop`)).json, { stopped: [] }, "it was stopped already");
    assert.equal((await ask("GET", `/api/v1/runs/${run}`)).json.state, "stopped");
  });

  it("all can be stopped at once", async () => {
    const runs = [(await publish(waiting("all-1"))).json.run, (await publish(waiting("all-2"))).json.run];
    const { stopped } = (await ask("POST", "/api/v1/stop")).json;
    for (const run of runs) assert.ok(stopped.includes(run));
    assert.deepEqual((await ask("POST", "/api/v1/stop")).json, { stopped: [] });
  });

  for (const [method, path] of [["GET", "/api/v1/runs/nope"], ["POST", "/api/v1/runs/nope/stop"]] as const) {
    it(`${method} ${path}: 404 that names the runs there are`, async () => {
      const { run } = (await publish(waiting("known"))).json;
      const { status, json } = await ask(method, path);
      assert.equal(status, 404);
      assert.deepEqual([json.code, json.error], ["RUN_UNKNOWN", 'there is no run called "nope"']);
      assert.ok(json.hint.includes(run), json.hint);
    });
  }

  it("a run that runs reaches the target, and its states are told as events, in order", async () => {
    const abort = new AbortController();
    const response = await fetch(`${served.apiUrl}/api/v1/events`, { signal: abort.signal });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const published = await publish(waiting("told", { rate: 20, duration: "1s" }, { start: { minAgents: 1 } }));
    assert.ok(Math.abs(Date.parse(published.json.startsAt) - Date.now()) < 60_000);
    const states: string[] = [];
    let buffer = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      buffer += chunk;
      const events = buffer.split("\n\n");
      buffer = events.pop()!;
      for (const text of events) {
        const data = /^event: run\ndata: (.*)$/.exec(text)?.[1];
        const event = data === undefined ? null : JSON.parse(data);
        if (event?.run === published.json.run) states.push(event.state);
      }
      if (states.includes("finished")) break;
    }
    abort.abort();
    assert.deepEqual(states, ["scheduled", "running", "finished"]);
    assert.ok(target.seen.length > 0);
  });
});

describe("everything else", () => {
  it("members: self, view, and each with its share", async () => {
    const { json } = await ask("GET", "/api/v1/members");
    const self = served.agent.member;
    const one = { id: self, name: "one", zone: "", state: "alive", weight: 1, share: 1, api: served.apiUrl };
    assert.deepEqual(json, { self, view: { members: 1 }, members: [one] });
  });

  it("swarm: what permits call it, and whether they are asked for", async () => {
    assert.deepEqual((await ask("GET", "/api/v1/swarm")).json, { swarm: "local", asksOperators: false });
  });

  it("the OpenAPI document lists every route", async () => {
    const { status, json } = await ask("GET", "/api/v1/openapi.json");
    assert.equal(status, 200);
    assert.match(json.openapi, /^3\.1/);
    const routes = Object.entries(json.paths).flatMap(([path, item]) =>
      Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(routes.sort(), [
      "GET /",
      "GET /api/v1/events",
      "GET /api/v1/members",
      "GET /api/v1/openapi.json",
      "GET /api/v1/runs",
      "GET /api/v1/runs/{run}",
      "GET /api/v1/swarm",
      "GET /healthz",
      "GET /livez",
      "GET /metrics",
      "GET /readyz",
      "POST /api/v1/runs",
      "POST /api/v1/runs/{run}/stop",
      "POST /api/v1/stop",
      "POST /tests",
    ]);
  });

  it("probes answer", async () => {
    assert.deepEqual((await ask("GET", "/livez")).json, { ok: true });
    for (const path of ["/readyz", "/healthz"]) {
      assert.deepEqual((await ask("GET", path)).json, { ok: true, member: served.agent.member });
    }
    assert.match((await ask("GET", "/")).text, /swarm of 1: one/);
  });

  it("metrics are OpenMetrics: of the agent, its swarm and its process", async () => {
    const { type, text } = await ask("GET", "/metrics");
    assert.match(type, /^application\/openmetrics-text; version=1\.0\.0/);
    assert.match(text, /^loadswarm_swarm_members\{state="alive"\} 1$/m);
    assert.match(text, /^loadswarm_swarm_share_ratio 1$/m);
    assert.match(text, /^loadswarm_unmet_rate 0$/m);
    assert.match(text, /^process_resident_memory_bytes \d{7,}$/m);
    assert.match(text, /^loadswarm_event_loop_delay_seconds_count \d+$/m);
    const series = text.split("\n").filter((line) => /^(process|nodejs)_/.test(line));
    assert.ok(series.length <= 10, `${series.length} series of the process`);
  });

  for (const [method, path] of [["GET", "/nothing"], ["DELETE", "/api/v1/runs"], ["POST", "/livez"]] as const) {
    it(`${method} ${path}: 404 that points to the document`, async () => {
      const { status, json } = await ask(method, path);
      assert.equal(status, 404);
      assert.equal(json.error, `there is nothing at ${method} ${path}; see /api/v1/openapi.json`);
    });
  }
});

describe("POST /tests", () => {
  const tests = (body: string) => ask("POST", "/tests", body);

  it("takes parameters: 202 with the id of the test, which is a run like any other", async () => {
    const { status, json } = await tests('{"hits_per_sec": 5, "duration_sec": 1, "workers": 2}');
    assert.equal(status, 202);
    assert.deepEqual(json.parameters, { hits_per_sec: 5, duration_sec: 1, workers: 2 });
    assert.equal(json.message, "5 hits per second for 1 s");
    assert.equal((await ask("POST", `/api/v1/runs/${json.test_id}/stop`)).status, 200);
  });

  it("each is a test of its own", async () => {
    const ids = [(await tests('{"hits_per_sec": 1}')).json.test_id];
    await new Promise((resolve) => setTimeout(resolve, 2));
    ids.push((await tests('{"hits_per_sec": 1}')).json.test_id);
    assert.notEqual(ids[0], ids[1]);
    await ask("POST", "/api/v1/stop");
  });

  const bad: readonly [string, string, number, RegExp][] = [
    ["nothing", "", 400, /not JSON/],
    ["no JSON", "hits=5", 400, /not JSON/],
    ["null", "null", 400, /unknown parameter/],
    ["a list", "[5]", 400, /unknown parameter "0"/],
    ["an unknown parameter", '{"hits": 5}', 400, /unknown parameter "hits"/],
    ["an inherited name", '{"toString": 5}', 400, /unknown parameter "toString"/],
    ["zero hits", '{"hits_per_sec": 0}', 400, /hits_per_sec must be a number above 0/],
    ["text for a number", '{"duration_sec": "10"}', 400, /duration_sec must be a number above 0/],
    ["half a worker", '{"workers": 0.5}', 422, /parameters have faults/],
    ["a rate beyond reason", '{"hits_per_sec": 1e300}', 422, /parameters have faults/],
  ];
  for (const [name, body, status, error] of bad) {
    it(`${name}: ${status}`, async () => {
      const answer = await tests(body);
      assert.equal(answer.status, status);
      assert.match(answer.json.error, error);
    });
  }

  it("without a target: 400 that names the variable to set", async () => {
    const other = await startAgent(configOf());
    try {
      const response = await fetch(`${other.apiUrl}/tests`, { method: "POST", body: "{}" });
      assert.equal(response.status, 400);
      assert.match(((await response.json()) as { hint: string }).hint, /LOADSWARM_TARGET_URL/);
    } finally {
      await other.leave();
    }
  });
});
