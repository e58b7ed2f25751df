// Targets that misbehave, seen through the whole engine: the kind of error, what is counted, and that the run goes on.

import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { suite, test } from "node:test";
import { DROP_REASONS, ERROR_KINDS, type ErrorKind } from "../../node/metrics/results.ts";
import { sketchCount } from "../../node/metrics/sketch.ts";
import { listen, OK, onRequest } from "./http1/servers.ts";
import { planOf, rate, run, scenario, startTarget, step } from "./support.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";
const TIMEOUT_MS = 150;
const PER_SECOND = 50;
const LASTS_MS = 400;
/** Resident, beyond what the threads and the test have: buffers of the sockets on both sides. */
const MEMORY_BYTES = 256 * 1024 * 1024;

const MEGABYTE = Buffer.alloc(1024 * 1024, "x");

/** As fast as it is taken. */
function gigabyte(socket: Socket): void {
  let left = 1024;
  socket.write(`${HEAD}content-length: ${left * MEGABYTE.length}\r\n\r\n`);
  const pump = (): void => {
    while (!socket.destroyed && left-- > 0 && socket.write(MEGABYTE));
  };
  socket.on("drain", pump);
  pump();
}

const fields = Array.from({ length: 10_000 }, (_, i) => `x-${i}: y\r\n`).join("");

/** [what the target does, the server, kind of error, whether the plan reads bodies] */
const ROWS: readonly (readonly [string, () => Server, ErrorKind, boolean?])[] = [
  ["resets", () => onRequest((socket) => socket.resetAndDestroy()), "reset"],
  ["resets whoever connects", () => createServer((socket) => socket.resetAndDestroy()), "reset"],
  ["never answers", () => createServer(), "timeout"],
  ["answers 1 GB", () => onRequest(gigabyte), "timeout"],
  ["answers 1 GB where the plan reads the body", () => onRequest(gigabyte), "too_large", true],
  ["answers garbage", () => onRequest((socket) => socket.write(Buffer.from("\x00\x01garbage\xff\r\n\r\n", "latin1"))), "protocol"],
  ["closes in the middle of a body", () => onRequest((socket) => socket.end(`${HEAD}content-length: 100\r\n\r\nabc`)), "reset"],
  ["sends 10,000 headers", () => onRequest((socket) => socket.write(`${HEAD}${fields}content-length: 2\r\n\r\nok`)), "protocol"],
  ["flips to another protocol", () => onRequest((socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n")), "protocol"],
  ["speaks first", () => createServer((socket) => socket.write("220 smtp.test ready\r\n")), "protocol"],
  ["answers slowly for ever", () => onRequest((socket) => {
    const timer = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => clearInterval(timer));
    socket.write(HEAD);
  }), "timeout"],
];

/** Iterations that ask the bad target first and a good one then. */
async function attack(origin: string, readsBody: boolean) {
  await using good = await startTarget();
  const checks = readsBody ? [{ name: "b", kind: "body" as const, contains: "x" }] : [];
  const flow = [step(`${origin}/{{ iterationInTest }}`, { timeoutMs: TIMEOUT_MS, checks }), step(`${good.url}/{{ iterationInTest }}`)];
  const plan = { ...planOf(origin, scenario(rate(PER_SECOND, PER_SECOND, LASTS_MS), flow)), targets: [origin, good.url] };
  const before = process.memoryUsage().rss;
  const { last, faults } = await run(plan);
  return { ...last.totals, faults, seen: good.seen, grownBytes: process.memoryUsage().rss - before };
}

type Attack = Awaited<ReturnType<typeof attack>>;

function holds({ scenarios, steps, errors, faults, seen, grownBytes }: Attack, kind: ErrorKind): void {
  const { scheduled, started, completed, dropped } = scenarios[0]!;
  const [bad, then] = [steps[0]!, steps[1]!];
  assert.deepEqual(faults, []);
  // A machine that stands still may make the thread late; nothing else is dropped.
  assert.deepEqual([scheduled, completed], [(PER_SECOND * LASTS_MS) / 1000, started]);
  assert.equal(started + dropped[DROP_REASONS.indexOf("late")]!, scheduled);
  assert.ok(started > 0);
  assert.deepEqual([bad.requests, bad.failed, errors[ERROR_KINDS.indexOf(kind)]], [started, started, started]);
  assert.deepEqual([then.requests, then.failed, new Set(seen).size, seen.length], [started, 0, started, started]);
  // A timeout is a latency like any other, from the moment the request was due; a failure at once is none.
  assert.equal(sketchCount(bad.latency), kind === "timeout" ? started : 0);
  if (kind === "timeout") assert.ok(bad.latency.min >= TIMEOUT_MS && bad.latency.min >= bad.duration.min, String(bad.latency.min));
  assert.ok(grownBytes < MEMORY_BYTES, `${grownBytes} bytes`);
}

suite("a target that", () => {
  for (const [what, server, kind, readsBody = false] of ROWS) {
    test(`${what}: ${kind}; every request is counted once, and the run goes on`, async () => {
      await using target = await listen(server());
      holds(await attack(target.origin, readsBody), kind);
    });
  }

  test("refuses: refused; every request is counted once, and the run goes on", async () => {
    const gone = await listen(createServer());
    await gone[Symbol.asyncDispose]();
    holds(await attack(gone.origin, false), "refused");
  });

  test("comes back: failures end, without anybody doing anything", async () => {
    let asked = 0;
    await using target = await listen(onRequest((socket) => void (++asked <= 5 ? socket.resetAndDestroy() : socket.write(OK))));
    const { scenarios, steps, errors } = await attack(target.origin, false);
    assert.deepEqual([steps[0]!.requests, steps[0]!.failed, errors[ERROR_KINDS.indexOf("reset")]], [scenarios[0]!.started, 5, 5]);
  });
});
