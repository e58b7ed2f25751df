// One iteration against a driver that answers at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateArena, Arena } from "../../node/load/arena.ts";
import { monotonicMs } from "../../node/load/clock.ts";
import { OpenCount } from "../../node/load/open-count.ts";
import type { Call, Driver, Exchange, PreparedRequest, Sink } from "../../node/load/driver.ts";
import { compileFlows } from "../../node/load/flow.ts";
import { Iteration } from "../../node/load/iteration.ts";
import { shapeOf } from "../../node/load/shape.ts";
import { ERROR_KINDS, type ErrorKind, type Totals } from "../../node/metrics/results.ts";
import type { Capture, Check, Step } from "../../node/plan/types.ts";
import { gateOf, planOf, rate, scenario, step } from "./support.ts";

interface Answer {
  readonly status?: number;
  readonly error?: ErrorKind;
  readonly text?: string;
  readonly tookMs?: number;
}

/** Answers by path, at once or when told to; a path without an answer stays open. */
class FakeDriver implements Driver {
  readonly requests: PreparedRequest[] = [];
  readonly #answers: Readonly<Record<string, Answer>>;

  constructor(answers: Readonly<Record<string, Answer>>) {
    this.#answers = answers;
  }

  send(request: PreparedRequest, sink: Sink): Call {
    this.requests.push(request);
    const answer = this.#answers[request.path];
    const exchange = exchangeOf(answer ?? {});
    if (answer !== undefined) sink.onSettled(exchange);
    return { abort: () => exchange };
  }

  close(): void {}
}

function exchangeOf({ status = 200, error, text = "", tookMs = 10 }: Answer): Exchange {
  const startMs = monotonicMs();
  return {
    status: error === undefined ? status : 0,
    error: error ?? null,
    startMs,
    writtenMs: startMs + 1,
    firstByteMs: startMs + 3,
    endMs: startMs + tookMs,
    bytesSent: 50,
    bytesReceived: 70,
    header: () => null,
    body: Buffer.from(text),
  };
}

interface Outcome {
  readonly totals: Totals;
  readonly paths: readonly string[];
  readonly iteration: Iteration;
  readonly ended: boolean;
  readonly inFlight: number;
}

/** One iteration of a flow, begun 5 ms after it was due unless the model is closed. */
function iterate(flow: readonly Step[], answers: Record<string, Answer>, open = true, gate = gateOf()): () => Outcome {
  const plan = planOf("http://127.0.0.1:1", scenario(rate(1, 1, 1_000), flow));
  const shape = shapeOf(plan);
  const arena = new Arena(shape, allocateArena(shape));
  const driver = new FakeDriver(answers);
  const counts = new OpenCount();
  const context = { scenario: 0, run: "r", flow: compileFlows(plan)[0]!, arena, driver, counts, gate, intervalOf: () => 0 };
  let ends = 0;
  const iteration = new Iteration(context, 3, 1, open ? monotonicMs() - 5 : null, () => ends++);
  iteration.begin();
  return () => {
    assert.ok(ends <= 1, "ended twice");
    if (ends === 1) assert.equal(counts.requests, 0, "requests in flight after the end");
    const inFlight = counts.requests;
    return { inFlight, totals: arena.totals(), paths: driver.requests.map(({ path }) => path), iteration, ended: ends === 1 };
  };
}

const capture = (variable: string, path: string): Capture => ({ variable, source: { kind: "json", path } });
const errorsOf = ({ errors }: Totals) => Object.fromEntries(ERROR_KINDS.map((kind, i) => [kind, errors[i]]));

test("a value captured from one answer stands in the next request", () => {
  const flow = [step("/list", { captures: [capture("id", "$.id")] }), step("/{{ id }}?k={{ iterationInTest }}")];
  const { paths, totals, ended } = iterate(flow, { "/list": { text: '{"id":42}' }, "/42?k=3": {} })();
  assert.deepEqual(paths, ["/list", "/42?k=3"]);
  assert.ok(ended);
  assert.equal(totals.scenarios[0]!.completed, 1);
});

test("a failed request does not end the iteration", () => {
  const answers: Record<string, Answer> = { "/a": { status: 500 }, "/b": { error: "reset" }, "/c": {} };
  const { paths, totals } = iterate([step("/a"), step("/b"), step("/c")], answers)();
  assert.deepEqual(paths, ["/a", "/b", "/c"]);
  assert.deepEqual(
    totals.steps.map(({ failed }) => failed),
    [1, 1, 0],
  );
  assert.equal(totals.scenarios[0]!.completed, 1);
  assert.equal(errorsOf(totals)["reset"], 1);
});

for (const [where, next] of Object.entries({
  URL: step("/{{ id }}"),
  header: step("/next", { headers: { authorization: "{{ id }}" } }),
  body: step("/next", { method: "POST", body: "{{ id }}" }),
})) {
  test(`an iteration ends, completed, where the ${where} needs a capture that failed`, () => {
    const flow = [step("/list", { captures: [capture("id", "$.id")] }), next, step("/last")];
    const { paths, totals, ended } = iterate(flow, { "/list": { text: "{}" } })();
    assert.deepEqual(paths, ["/list"]);
    assert.ok(ended);
    assert.equal(totals.scenarios[0]!.completed, 1);
    assert.equal(errorsOf(totals)["other"], 1);
    assert.equal(totals.steps[1]!.requests, 0);
  });
}

test("a capture that fails hides the value that was captured before", () => {
  const captures = [capture("id", "$.id")];
  const flow = [step("/one", { captures }), step("/two", { captures }), step("/{{ id }}")];
  const { paths } = iterate(flow, { "/one": { text: '{"id":1}' }, "/two": { text: "{}" } })();
  assert.deepEqual(paths, ["/one", "/two"]);
});

const FAILED: readonly (readonly [string, Check[], Answer, boolean])[] = [
  ["200 without a status check", [], { status: 200 }, false],
  ["302 without a status check", [], { status: 302 }, false],
  ["404 without a status check", [], { status: 404 }, true],
  ["an expected 404", [{ name: "s", kind: "status", anyOf: [404] }], { status: 404 }, false],
  ["an unexpected 200", [{ name: "s", kind: "status", anyOf: [404] }], { status: 200 }, true],
  ["a failed check of something else", [{ name: "b", kind: "body", contains: "x" }], { text: "y" }, false],
  ["a timeout", [], { error: "timeout" }, true],
];

for (const [what, checks, answer, failed] of FAILED) {
  test(`${what} is ${failed ? "a failed request" : "no failed request"}`, () => {
    const { totals } = iterate([step("/a", { checks })], { "/a": answer })();
    assert.equal(totals.steps[0]!.failed, failed ? 1 : 0);
    assert.equal(totals.steps[0]!.requests, 1);
  });
}

test("latency runs from the intended start for the first step only, and in an open model only", () => {
  const answers = { "/a": { tookMs: 10 }, "/b": { tookMs: 20 } };
  const open = iterate([step("/a"), step("/b")], answers)().totals;
  assert.ok(open.steps[0]!.latency.sum >= 15);
  assert.ok(Math.abs(open.steps[0]!.duration.sum - 10) < 1e-6);
  assert.ok(Math.abs(open.steps[1]!.latency.sum - 20) < 1e-6);
  assert.ok(open.scenarios[0]!.pacing.sum >= 5);
  const closed = iterate([step("/a"), step("/b")], answers, false)().totals;
  assert.ok(Math.abs(closed.steps[0]!.latency.sum - 10) < 1e-6);
  assert.deepEqual(closed.scenarios[0]!.pacing.count, [], "nothing was due");
});

test("a refused connection has no duration, a timeout has", () => {
  const durations = (error: ErrorKind) => {
    const { totals } = iterate([step("/a")], { "/a": { error, tookMs: 500 } })();
    return totals.steps[0]!.duration.sum;
  };
  assert.equal(durations("refused"), 0);
  assert.ok(Math.abs(durations("timeout") - 500) < 1e-6);
});

test("a request is in flight until it is answered, or the iteration interrupted", () => {
  const outcome = iterate([step("/answered"), step("/open")], { "/answered": {} });
  assert.deepEqual([outcome().paths, outcome().inFlight], [["/answered", "/open"], 1]);
  outcome().iteration.interrupt();
  assert.equal(outcome().inFlight, 0);
});

test("an interrupted iteration counts the request it had sent, once, and not as failed", () => {
  const outcome = iterate([step("/a"), step("/open"), step("/never")], { "/a": {} });
  assert.equal(outcome().ended, false);
  outcome().iteration.interrupt();
  outcome().iteration.interrupt();
  const { totals, ended, paths } = outcome();
  assert.ok(ended);
  assert.deepEqual(paths, ["/a", "/open"]);
  const { started, completed, interrupted } = totals.scenarios[0]!;
  assert.deepEqual([started, completed, interrupted], [1, 0, 1]);
  assert.deepEqual([totals.steps[1]!.requests, totals.steps[1]!.failed, totals.steps[1]!.bytesSent], [1, 0, 50]);
  assert.equal(totals.steps[1]!.duration.sum, 0);
});

test("think time passes before the next step, and an interruption ends it", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const think = { kind: "think" as const, minMs: 1_000, maxMs: 1_000 };
  const outcome = iterate([step("/a"), think, step("/b"), think], { "/a": {}, "/b": {} });
  t.mock.timers.tick(999);
  assert.deepEqual(outcome().paths, ["/a"]);
  t.mock.timers.tick(1);
  assert.deepEqual(outcome().paths, ["/a", "/b"]);
  outcome().iteration.interrupt();
  t.mock.timers.tick(5_000);
  assert.equal(outcome().totals.scenarios[0]!.completed, 0);
  assert.equal(outcome().totals.scenarios[0]!.interrupted, 1);
});

for (const [where, before] of [
  ["after an answer", [step("/a")]],
  ["after a pause", [{ kind: "think" as const, minMs: 1_000, maxMs: 1_000 }]],
] as const) {
  test(`the next request ${where} waits while the gate is shut, and goes once`, (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    // Whoever starts an iteration has asked already, so the first step does not.
    let open = false;
    const gate = gateOf(() => open);
    const begun = iterate([...before, step("/b"), step("/c")], { "/a": {}, "/b": {}, "/c": {} }, true, gate);
    t.mock.timers.tick(1_000);
    const first = before[0]!.kind === "http" ? ["/a"] : [];
    assert.deepEqual(begun().paths, first);
    assert.deepEqual([gate.waiting, gate.wakes], [1, 1]);
    open = true;
    gate.release(9);
    assert.deepEqual(begun().paths, [...first, "/b", "/c"]);
    assert.ok(begun().ended);
    assert.equal(gate.waiting, 0);
  });
}

test("an iteration that is interrupted at the gate has left it, and sends nothing more", () => {
  const gate = gateOf(() => false);
  const outcome = iterate([step("/a"), step("/b")], { "/a": {}, "/b": {} }, true, gate);
  assert.equal(gate.waiting, 1);
  outcome().iteration.interrupt();
  assert.equal(gate.waiting, 0);
  const { totals, paths, ended } = outcome();
  assert.ok(ended);
  assert.deepEqual(paths, ["/a"]);
  const { started, completed, interrupted } = totals.scenarios[0]!;
  assert.deepEqual([started, completed, interrupted], [1, 0, 1]);
});

test("a request that the driver holds back waits at the gate and is sent anew, counted once", () => {
  let open = true;
  const gate = gateOf(() => open);
  const outcome = iterate([step("/open"), step("/b")], { "/b": {} }, true, gate);
  open = false;
  assert.equal(outcome().iteration.mayBegin(), false);
  outcome().iteration.onHeld();
  assert.equal(gate.waiting, 1);
  assert.equal(outcome().totals.steps[0]!.requests, 0);
  open = true;
  gate.release(9);
  assert.deepEqual(outcome().paths, ["/open", "/open"]);
  outcome().iteration.onSettled(exchangeOf({}));
  assert.deepEqual(outcome().paths, ["/open", "/open", "/b"]);
  assert.deepEqual(outcome().totals.steps.map(({ requests }) => requests), [1, 1]);
  assert.ok(outcome().ended);
});

test("what the plan does not name is blocked, fails its checks, and the flow goes on", () => {
  const checks: Check[] = [{ name: "s", kind: "status", anyOf: [200] }];
  const { totals, paths } = iterate([step("http://10.0.0.1/x", { checks }), step("/b")], { "/b": {} })();
  assert.deepEqual(paths, ["/b"]);
  assert.equal(errorsOf(totals)["blocked"], 1);
  assert.deepEqual(totals.checks, [{ passed: 0, failed: 1 }]);
  assert.equal(totals.steps[0]!.failed, 1);
});

test("a request whose header would hold a line break is counted as failed, not sent, and the flow goes on", () => {
  const checks: Check[] = [{ name: "s", kind: "status", anyOf: [200] }];
  const headers = { "x-id": "{{ id }}" };
  const flow = [step("/list", { captures: [capture("id", "$.id")] }), step("/a", { headers, checks }), step("/b")];
  const answers = { "/list": { text: JSON.stringify({ id: "1\r\nx-admin: 1" }) }, "/b": {} };
  const { totals, paths, ended } = iterate(flow, answers)();
  assert.deepEqual(paths, ["/list", "/b"]);
  assert.ok(ended);
  assert.equal(errorsOf(totals)["other"], 1);
  assert.deepEqual([totals.steps[1]!.requests, totals.steps[1]!.failed, totals.steps[1]!.bytesSent], [1, 1, 0]);
  assert.deepEqual(totals.checks, [{ passed: 0, failed: 1 }]);
});
