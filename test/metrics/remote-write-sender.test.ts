// The sender against a receiver that misbehaves in every way: the checks of prometheus/compliance on protocol, retries,
// backoff, fallback, responses and errors, and those on ordering and resending of its older suite for 1.0.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createHttpPost, type HttpPost } from "../../node/metrics/http-post.ts";
import { RemoteWriteSender, type SenderNews, type SenderOptions } from "../../node/metrics/remote-write-sender.ts";
import { SeriesTable } from "../../node/metrics/series-table.ts";
import { COMMON, durations, gauge, requests, SKETCH, START } from "./readings.ts";
import { type Answer, type Misbehaviour, ok, PLAIN_SETTINGS, type Received, Receiver, writtenHeaders } from "./receiver.ts";

let receiver: Receiver;
let http: HttpPost;
let sender: RemoteWriteSender;
let table: SeriesTable;
let news: SenderNews[];
/** The sender's clock. */
let nowMs: number;
/** Batches so far. */
let pushed: number;

const SETTINGS = { ...PLAIN_SETTINGS, userAgent: "loadswarm/1.2.3" };
const BACKOFF = { firstMs: 2, mostMs: 8 };
/** Shorter than any test waits. */
const TIMEOUT_MS = 150;

beforeEach(async () => {
  receiver = await Receiver.start();
  setUp();
});

afterEach(async () => {
  await sender.drain(0);
  await http.close();
  await receiver[Symbol.asyncDispose]();
});

function setUp(options: Partial<SenderOptions> = {}): void {
  news = [];
  pushed = 0;
  nowMs = START;
  table = new SeriesTable(COMMON, "native");
  http = createHttpPost({ ...SETTINGS, url: receiver.url }, TIMEOUT_MS);
  sender = new RemoteWriteSender({
    post: http.post,
    protocol: "auto",
    onNews: (one) => news.push(one),
    backoff: BACKOFF,
    drainPauseMs: 1,
    now: () => nowMs,
    ...options,
  });
}

/** Three points: a counter, a gauge, a histogram; nine with the zeros of the first push. */
function push(): void {
  nowMs += 5000;
  sender.enqueue(table.step([requests(++pushed), gauge(pushed), durations(SKETCH)], nowMs));
}

const kinds = () => news.map(({ kind }) => kind);
const versions = () => receiver.received.map(({ written }) => written.version);
const counterOf = ({ written }: Received) => written.series[0]!.samples.at(-1)!.value;
/** This answer `times` times, then well. */
const first = (times: number, answer: Answer | Misbehaviour) => {
  receiver.answer = (request, index) => (index < times ? answer : ok(request));
};
const drained = () => sender.drain(5000);

it("what never answers, whatever it is told, does not keep an agent that goes; what waited is counted", async () => {
  setUp({ post: () => new Promise(() => {}) });
  push();
  await sender.drain(10);
  assert.deepEqual(news.map(({ kind }) => kind), ["expired"]);
});

describe("a push", () => {
  for (const [protocol, type, version] of [
    ["1.0", "application/x-protobuf", "0.1.0"],
    ["2.0", "application/x-protobuf;proto=io.prometheus.write.v2.Request", "2.0.0"],
  ] as const) {
    it(`${protocol}: POST with the protocol's headers, snappy in block format`, async () => {
      setUp({ protocol });
      push();
      await drained();
      const [{ method, url, headers, body }] = receiver.received as [Received];
      assert.deepEqual([method, url], ["POST", "/api/v1/write"]);
      assert.equal(headers["content-type"], type);
      assert.equal(headers["content-encoding"], "snappy");
      assert.equal(headers["x-prometheus-remote-write-version"], version);
      assert.equal(headers["user-agent"], "loadswarm/1.2.3");
      assert.notDeepEqual([...body.subarray(0, 4)], [0xff, 0x06, 0x00, 0x00], "the framed format begins so");
    });
  }

  it("of nothing is not sent", async () => {
    sender.enqueue(table.step([], START));
    await drained();
    assert.equal(receiver.received.length, 0);
  });
});

describe("an answer that may pass", () => {
  for (const status of [429, 500, 502, 503, 504]) {
    it(`${status}: the very same bytes are sent again until they are taken`, async () => {
      first(3, { status, body: "later" });
      push();
      await drained();
      assert.equal(receiver.received.length, 4);
      for (const { body } of receiver.received) assert.deepEqual(body, receiver.received[0]!.body);
      assert.deepEqual(sender.counts().sent, 5);
      assert.equal(sender.counts().requests.get(String(status)), 3);
      assert.deepEqual(kinds(), ["failing", "recovered", "protocol"]);
    });
  }

  for (const what of ["break", "silence"] as const) {
    it(`none (${what}): sent again, with the same timestamps`, async () => {
      first(2, what);
      push();
      await drained();
      assert.equal(receiver.received.length, 3);
      assert.deepEqual(receiver.received[2]!.body, receiver.received[0]!.body);
      assert.equal(sender.counts().requests.get("none"), 2);
      assert.equal(sender.counts().sent, 5);
    });
  }

  it("nobody listens, then somebody does: nothing is lost", async () => {
    const { port } = new URL(receiver.url);
    await receiver[Symbol.asyncDispose]();
    push();
    push();
    receiver = await Receiver.start(Number(port));
    await receiver.until(2);
    await drained();
    assert.deepEqual(receiver.received.map(counterOf), [1, 2]);
    assert.equal(sender.counts().expired, 0);
  });

  it("waits grow with every attempt, up to a bound, by the jitter's leave", async () => {
    const waits: number[] = [];
    let answeredMs = Number.NaN;
    const post: SenderOptions["post"] = async (body, protocol, signal) => {
      waits.push(performance.now() - answeredMs);
      const reply = await http.post(body, protocol, signal);
      answeredMs = performance.now();
      return reply;
    };
    setUp({ post, random: () => 0.999, backoff: { firstMs: 4, mostMs: 16 } });
    first(6, { status: 503 });
    push();
    await receiver.until(7);
    // Lower bounds only, which load on the machine cannot break; timers round to milliseconds.
    for (const [i, least] of [3, 7, 14, 14, 14, 14].entries()) {
      assert.ok(waits[i + 1]! >= least - 1, `wait ${i}: ${waits[i + 1]} ms`);
    }
  });

  it("what was pushed meanwhile follows in order", async () => {
    first(3, { status: 500 });
    for (let i = 0; i < 5; i++) push();
    await drained();
    const taken = receiver.received.slice(3);
    assert.deepEqual(taken.map(counterOf), [1, 2, 3, 4, 5]);
    const times = taken.map(({ written }) => written.series[0]!.samples.at(-1)!.timestamp);
    assert.deepEqual(times, [...times].sort());
    assert.equal(sender.counts().queued, 0);
  });

  it("but not for ever: what is too old is dropped, counted and said", async () => {
    setUp({ queue: { maxAgeMs: 20_000, maxBytes: 1e6 } });
    receiver.answer = () => ({ status: 500, body: "duplicate label" });
    for (let i = 0; i < 4; i++) push();
    await receiver.until(1);
    nowMs += 12_000;
    const count = receiver.received.length;
    await receiver.until(count + 3);
    receiver.answer = ok;
    await drained();
    // The first two pushes, with the zeros of the first, are more than 20 s old.
    assert.deepEqual([sender.counts().expired, sender.counts().sent], [8, 6]);
    assert.ok(kinds().includes("expired"));
  });
});

describe("an answer that is final", () => {
  for (const status of [301, 400, 401, 403, 404, 409, 413, 422]) {
    it(`${status}: not sent again; counted, said with the receiver's own words, and the next push goes out`, async () => {
      setUp({ protocol: "1.0" });
      first(1, { status, body: "out of order sample <verbatim>" });
      push();
      push();
      await drained();
      assert.deepEqual(receiver.received.map(counterOf), [1, 2]);
      assert.deepEqual([sender.counts().rejected, sender.counts().sent], [5, 3]);
      assert.deepEqual(news, [
        { kind: "rejected", status, body: "out of order sample <verbatim>", samples: 5, since: 0 },
      ]);
    });
  }

  it("2.0 with partial writes: what was taken counts as sent", async () => {
    setUp({ protocol: "2.0" });
    first(1, { status: 400, headers: { "x-prometheus-remote-write-samples-written": "2" }, body: "one is too old" });
    push();
    await drained();
    assert.deepEqual([sender.counts().rejected, sender.counts().sent], [3, 2]);
  });

  it("complaints are said once a minute, and how much was passed over in between", async () => {
    setUp({ protocol: "1.0" });
    receiver.answer = () => ({ status: 400 });
    for (let i = 0; i < 3; i++) push();
    await drained();
    nowMs += 61_000;
    push();
    await drained();
    assert.deepEqual(
      news.map((one) => "since" in one && [one.samples, one.since]),
      [
        [5, 0],
        [3, 6],
      ],
    );
  });

  it("an error body of many megabytes is not read to its end", async () => {
    setUp({ protocol: "1.0" });
    first(2, { status: 400, body: Buffer.alloc(20e6, "x") });
    push();
    push();
    push();
    await drained();
    assert.equal(receiver.received.length, 3);
    assert.ok(news[0]!.kind === "rejected" && news[0]!.body.length === 1024);
  });

  for (const [what, answer] of [
    ["200 with a body", { status: 200, body: "fine".repeat(1e6) }],
    ["200 without", { status: 200 }],
    ["204", { status: 204 }],
    ["garbage in headers", { status: 200, headers: { "x-prometheus-remote-write-samples-written": "NaN, -1" } }],
  ] as const) {
    it(`${what}: taken`, async () => {
      setUp({ protocol: "1.0" });
      receiver.answer = () => answer;
      push();
      await drained();
      assert.deepEqual([sender.counts().sent, sender.counts().rejected, receiver.received.length], [5, 0, 1]);
      assert.equal(sender.counts().highestSentMs, START + 5000);
    });
  }
});

describe("the version", () => {
  it("auto: 2.0 where it is spoken, and never another one then", async () => {
    for (let i = 0; i < 3; i++) push();
    await drained();
    assert.deepEqual(versions(), ["2.0", "2.0", "2.0"]);
    assert.deepEqual(news, [{ kind: "protocol", protocol: "2.0", isFallback: false }]);
  });

  for (const [what, answer] of [
    ["415", { status: 415 }],
    ["a 204 without Written headers", { status: 204 }],
    ["a 200 without Written headers", { status: 200, body: "ok" }],
  ] as const) {
    it(`auto: after ${what} everything goes out as 1.0, the same values first`, async () => {
      receiver.answer = (request) => (request.written.version === "2.0" ? answer : ok(request));
      for (let i = 0; i < 3; i++) push();
      await drained();
      push();
      await drained();
      assert.deepEqual(versions(), ["2.0", "1.0", "1.0", "1.0", "1.0"]);
      assert.deepEqual(receiver.received.map(counterOf), [1, 1, 2, 3, 4]);
      assert.equal(receiver.received[1]!.headers["content-type"], "application/x-protobuf");
      assert.deepEqual(news, [{ kind: "protocol", protocol: "1.0", isFallback: true }]);
    });
  }

  it("auto: a receiver that is broken at first is not taken for an old one", async () => {
    first(2, { status: 500 });
    push();
    await drained();
    assert.deepEqual(versions(), ["2.0", "2.0", "2.0"]);
  });

  it("auto: one that refuses 2.0 with another error gets the next push as 1.0", async () => {
    receiver.answer = (request) =>
      request.written.version === "2.0" ? { status: 400, body: "cannot decode" } : ok(request);
    push();
    push();
    push();
    await drained();
    assert.deepEqual(versions(), ["2.0", "1.0", "1.0"]);
  });

  it("2.0 by order: no fallback, the samples are counted as rejected", async () => {
    setUp({ protocol: "2.0" });
    receiver.answer = () => ({ status: 415 });
    push();
    push();
    await drained();
    assert.deepEqual(versions(), ["2.0", "2.0"]);
    assert.equal(sender.counts().rejected, 8);
  });

  it("a receiver that leaves native histograms out is told of once", async () => {
    receiver.answer = ({ written }) => ({
      status: 204,
      headers: { ...writtenHeaders(written), "x-prometheus-remote-write-histograms-written": "0" },
    });
    push();
    push();
    await drained();
    assert.deepEqual(kinds(), ["histogramsMissing", "protocol"]);
  });
});

describe("the end", () => {
  it("waits for the receiver only as long as it may, and counts what was left", async () => {
    receiver.answer = () => "silence";
    push();
    push();
    await sender.drain(20);
    assert.deepEqual([sender.counts().expired, sender.counts().queued], [8, 0]);
  });

  it("does not wait for the end of a long pause, but tries at once", async () => {
    setUp({ backoff: { firstMs: 60_000, mostMs: 60_000 }, random: () => 1 });
    first(1, { status: 503, headers: { "retry-after": "60" } });
    push();
    while (news.length === 0) await new Promise(setImmediate);
    await drained();
    assert.deepEqual([sender.counts().sent, receiver.received.length], [5, 2]);
  });
});
