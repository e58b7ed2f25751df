// The demo target counts exactly what reaches it and answers as its documentation says.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { HitCounter } from "../../examples/target/hits.ts";
import {
  DEFAULT_OPTIONS,
  parseAddress,
  parseDelayMs,
  parseOptions,
  type TargetOptions,
} from "../../examples/target/options.ts";
import { startTarget } from "../../examples/target/target.ts";

async function target(t: TestContext, options: Partial<TargetOptions> = {}) {
  const running = await startTarget({ ...DEFAULT_OPTIONS, port: 0, ...options });
  t.after(() => running.close());
  const call = async (method: string, path: string, body?: string) => {
    const response = await fetch(running.url + path, { method, ...(body === undefined ? {} : { body }) });
    return { status: response.status, body: (await response.json()) as any };
  };
  return { running, call };
}

test("every hit is counted once, whatever the method, with keys told apart", async (t) => {
  const { call } = await target(t);
  const keys = ["0", "1", "2", "2", "3"];
  for (const k of keys) await call("POST", `/hit?k=${k}`);
  assert.deepEqual((await call("GET", "/hit")).body, { total_hits: 6 });
  const { body } = await call("GET", "/stats");
  assert.equal(body.total_hits, 6);
  assert.equal(body.duplicates, 1);
  assert.equal(body.distinct, 4);
  assert.equal(
    body.perSecond.reduce((sum: number, [, hits]: [number, number]) => sum + hits, 0),
    6,
  );
  assert.deepEqual((await call("POST", "/reset")).body, { total_hits: 0 });
  assert.equal((await call("GET", "/stats")).body.distinct, 0);
});

test("concurrent hits are all counted", async (t) => {
  const { call } = await target(t);
  await Promise.all(Array.from({ length: 200 }, (_, k) => call("GET", `/hit?k=${k}`)));
  const { body } = await call("GET", "/stats");
  assert.deepEqual([body.total_hits, body.distinct, body.duplicates], [200, 200, 0]);
});

test("hits keep to their second, and only the last 120 seconds are shown", () => {
  let nowMs = 1_000_000_500;
  const hits = new HitCounter(() => nowMs);
  hits.hit(null);
  nowMs += 1000;
  hits.hit(null);
  hits.hit(null);
  assert.deepEqual(hits.stats().perSecond, [
    [1_000_000, 1],
    [1_000_001, 2],
  ]);
  nowMs += 119_000;
  const { perSecond, total_hits } = hits.stats();
  assert.equal(perSecond.length, 120);
  assert.deepEqual(perSecond[0], [1_000_001, 2]);
  assert.equal(
    perSecond.reduce((sum, [, count]) => sum + count, 0),
    2,
  );
  assert.equal(total_hits, 3);
});

test("keys beyond the bound are counted as untracked, not lost", () => {
  const hits = new HitCounter(Date.now, 2);
  for (const key of ["a", "b", "c", "a", "x".repeat(100)]) hits.hit(key);
  const { distinct, duplicates, untracked, total_hits } = hits.stats();
  const counted = { distinct, duplicates, untracked, total_hits };
  assert.deepEqual(counted, { distinct: 2, duplicates: 1, untracked: 2, total_hits: 5 });
});

const ANSWERS: [method: string, path: string, body: string | undefined, status: number, field?: [string, unknown]][] = [
  ["GET", "/api/movies/tt0133093", undefined, 200, ["title", "The Matrix"]],
  ["GET", "/api/movies?q=matrix", undefined, 200, ["length", 3]],
  ["GET", "/api/movies?q=matrix&year=1999", undefined, 200, ["length", 1]],
  ["GET", "/api/movies?genre=Sci-Fi&pageSize=2&pageNumber=2", undefined, 200, ["length", 2]],
  ["GET", "/api/movies?q=nothing", undefined, 200, ["length", 0]],
  ["GET", "/api/actors/nm0000206", undefined, 200, ["name", "Keanu Reeves"]],
  ["GET", "/api/actors?q=keanu", undefined, 200, ["length", 1]],
  ["GET", "/api/movies/tt9999999", undefined, 404],
  ["GET", "/api/movies/matrix", undefined, 400, ["parameter", "movieId"]],
  ["GET", "/api/movies?q=x", undefined, 400, ["parameter", "q"]],
  ["GET", "/api/movies?year=abcd", undefined, 400, ["parameter", "year"]],
  ["GET", "/api/movies?pageSize=0", undefined, 400, ["parameter", "pageSize"]],
  ["GET", "/api/movies?pageNumber=1.5", undefined, 400, ["parameter", "pageNumber"]],
  ["GET", "/api/actors/nm1", undefined, 400, ["parameter", "actorId"]],
  ["POST", "/predict", '{"text":"please refund my invoice"}', 200, ["category", "billing"]],
  ["POST", "/predict", '{"text":"hello"}', 200, ["category", "other"]],
  ["POST", "/predict", '{"text":1}', 400],
  ["POST", "/predict", "not json", 400],
  ["POST", "/predict", "x".repeat(64 * 1024 + 1), 413],
  ["GET", "/nothing", undefined, 404],
  ["DELETE", "/hit", undefined, 404],
  ["GET", "/hit?delay=forever", undefined, 400],
  ["GET", "/hit?delay=61s", undefined, 400],
  ["GET", "/hit?delay=1ms", undefined, 200, ["total_hits", 1]],
];

test("answers", async (t) => {
  const { call } = await target(t);
  for (const [method, path, body, status, field] of ANSWERS) {
    const answer = await call(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}`);
    if (field !== undefined) assert.equal(answer.body[field[0]], field[1], `${method} ${path}`);
  }
});

test("a latency is waited for, and ?delay= overrides it; control paths never wait", async (t) => {
  const { running, call } = await target(t, { latencyMs: 60_000 });
  assert.equal((await call("GET", "/hit?delay=0")).status, 200);
  assert.equal((await call("GET", "/stats")).body.total_hits, 1);
  // The slow one is given up after its arrival has been counted: had it been answered at once, this would not throw.
  const slow = fetch(`${running.url}/hit`, { signal: AbortSignal.timeout(300) });
  await assert.rejects(slow, { name: "TimeoutError" });
  assert.equal((await call("GET", "/stats")).body.total_hits, 2);
});

test("injected errors spare the control paths and are counted as hits", async (t) => {
  const { call } = await target(t, { errorRate: 1 });
  assert.equal((await call("POST", "/hit")).status, 500);
  assert.equal((await call("GET", "/api/movies/tt0133093")).status, 500);
  assert.deepEqual([(await call("GET", "/stats")).status, (await call("GET", "/stats")).body.total_hits], [200, 1]);
});

test("the sinks count bytes and messages", async (t) => {
  const { running, call } = await target(t, { sinkPort: 0 });
  const tcp = connect(running.sinkPort!, "127.0.0.1");
  tcp.end("one\ntwo\nrest");
  await once(tcp.resume(), "close").catch(() => undefined);
  const udp = createSocket("udp4");
  await new Promise((resolve) => udp.send("datagram", running.sinkPort!, "127.0.0.1", resolve));
  udp.close();
  let sinks: any;
  for (let i = 0; i < 200 && (sinks?.udp.messages ?? 0) === 0; i++) sinks = (await call("GET", "/stats")).body.sinks;
  assert.deepEqual(sinks, { tcp: { connections: 1, bytes: 12, messages: 2 }, udp: { bytes: 8, messages: 1 } });
});

/** Just enough Redis for a counter; commands may arrive split anywhere. */
async function fakeRedis(t: TestContext) {
  let value = 0;
  const server = createServer((socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      text += String(chunk);
      for (let m; (m = /^\*(\d)\r\n((?:\$\d+\r\n[^\r]+\r\n)+)/.exec(text)) !== null; text = text.slice(m[0].length)) {
        const words = m[2]!.split("\r\n").filter((_, i) => i % 2 === 1);
        if (words.length !== Number(m[1])) break;
        value = words[0] === "DEL" ? 0 : words[0] === "INCR" ? value + 1 : value;
        socket.write(`:${words[0] === "DEL" ? 1 : value}\r\n`);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

test("two targets share one Redis counter", async (t) => {
  const redis = await fakeRedis(t);
  const a = await target(t, { redis });
  const b = await target(t, { redis });
  await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? a : b).call("POST", "/hit")));
  assert.equal((await a.call("POST", "/hit")).body.total_hits, 21);
  assert.equal((await b.call("GET", "/stats")).body.total_hits, 21);
  await b.call("POST", "/reset");
  assert.equal((await a.call("GET", "/hit")).body.total_hits, 1);
});

test("a Redis that is not there makes a 503, not a crash", async (t) => {
  const { call } = await target(t, { redis: { host: "127.0.0.1", port: 1 } });
  const { status, body } = await call("POST", "/hit");
  assert.equal(status, 503);
  assert.match(body.error, /ECONNREFUSED/);
});

test("option values", () => {
  for (const [text, ms] of [
    ["20ms", 20],
    ["1.5s", 1500],
    ["7", 7],
    ["", null],
    ["-1ms", null],
    ["61s", null],
  ] as const) {
    assert.equal(parseDelayMs(text), ms, text);
  }
  assert.deepEqual(parseAddress("[::1]:80"), { host: "::1", port: 80 });
  assert.deepEqual([parseAddress("80"), parseAddress("h:99999"), parseAddress("a:b:1")], [null, null, null]);
  assert.equal(parseOptions(["--sink-port", "18000", "--latency", "5ms"], {}).sinkPort, 18000);
  assert.deepEqual(parseOptions([], { REDIS_HOST: "r" }).redis, { host: "r", port: 6379 });
  for (const [argv, message] of [
    [["--listen", "8080"], /HOST:PORT/],
    [["--latency", "soon"], /duration/],
    [["--error-rate", "2"], /0 to 1/],
    [["--error-rate", "x"], /0 to 1/],
    [["--sink-port", "70000"], /port number/],
  ] as const) {
    assert.throws(() => parseOptions([...argv], {}), message);
  }
});

test("as a program it prints its address first and ends on SIGTERM", async (t) => {
  const main = new URL("../../examples/target/main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [main, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = /^target listening on (http:\/\/127\.0\.0\.1:\d+)\n/.exec(String(line))?.[1];
  assert.equal((await fetch(`${url}/hit`)).status, 200);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});
