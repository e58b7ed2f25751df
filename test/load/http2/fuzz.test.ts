// Our HTTP/2 client against targets of chance: node:http2 as the other side, and frames that were changed at random.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer as createHttp1 } from "node:http";
import { createServer as createHttp2, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Server } from "node:net";
import { it } from "node:test";
import type { Exchange, PreparedRequest } from "../../../node/load/driver.ts";
import { Random } from "../../support/random.ts";
import { clientOf, listen, requestTo } from "../http1/servers.ts";
import { answering, data, END_HEADERS, frame, goaway, head, HEADERS, ok, PING, request2, reset, settings, u32, WINDOW_UPDATE } from "./servers.ts";

const ASKED = 400;
const TEXT = " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
/** node:http2 writes answers in UTF-8, whatever is asked of it; requests are ours. */
const MORE_TEXT = `${TEXT}äÿ`;

function textOf(random: Random, most: number, octets = TEXT): string {
  let text = "";
  for (let left = random.integer(0, most); left > 0; left--) text += random.pick([...octets]);
  return text.trim();
}

/** What a request asks for is what it is answered with. */
interface Wish {
  readonly status: number;
  readonly fields: Record<string, string>;
  readonly body: string;
  readonly isLengthSaid: boolean;
}

function wishOf(random: Random): Wish {
  const fields: Record<string, string> = {};
  for (let left = random.integer(0, 8); left > 0; left--) fields[`x-${random.integer(0, 20)}`] = textOf(random, 60);
  const status = random.pick([200, 201, 204, 304, 404, 418, 500, 599]);
  const isBodiless = status === 204 || status === 304;
  const body = isBodiless ? "" : "b".repeat(random.pick([0, 1, 100, 16_384, 16_385, random.integer(0, 200_000)]));
  return { status, fields, body, isLengthSaid: !isBodiless && random.next() < 0.5 };
}

const digestOf = (text: string): string => `${text.length} ${createHash("sha1").update(text).digest("hex")}`;

/** What a target does with a request, over whichever protocol. */
function grant(wishes: ReadonlyMap<string, Wish>, path: string, method: string, headers: IncomingHttpHeaders, body: string) {
  const wish = wishes.get(path)!;
  const echo = JSON.stringify({ method, path, body: digestOf(body), field: Buffer.from(String(headers["x-asked"]), "latin1").toString("hex") });
  const sent: OutgoingHttpHeaders = { ...wish.fields, "x-echo": Buffer.from(echo).toString("base64") };
  if (wish.isLengthSaid) sent["content-length"] = String(wish.body.length);
  return { status: wish.status, sent, body: wish.body };
}

function newer(wishes: ReadonlyMap<string, Wish>): Server {
  const server = createHttp2();
  let asked = 0;
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    let body = "";
    stream.setEncoding("latin1").on("data", (text: string) => (body += text));
    stream.on("error", () => {});
    stream.on("end", () => {
      const answer = grant(wishes, headers[":path"]!, headers[":method"]!, headers, body);
      stream.respond({ ":status": answer.status, ...answer.sent });
      stream.end(answer.body);
      // Every now and then it takes its leave, as servers do that are replaced.
      if (++asked % 97 === 0) (stream.session as ServerHttp2Session).close();
    });
  });
  return server as unknown as Server;
}

function older(wishes: ReadonlyMap<string, Wish>): Server {
  return createHttp1((request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const answer = grant(wishes, request.url!, request.method!, request.headers, body);
      response.sendDate = false;
      response.writeHead(answer.status, answer.sent).end(answer.body);
    });
  });
}

/** What two clients must agree on. */
function outcomeOf(exchange: Exchange, names: Iterable<string>): object {
  const fields = Object.fromEntries([...names].map((name) => [name, exchange.header(name)]));
  return { error: exchange.error, status: exchange.status, body: digestOf(exchange.body.toString("latin1")), fields, asked: exchange.header("x-echo") };
}

it(`${ASKED} random requests to node:http2 come back as it answered them, and as HTTP/1.1 says`, async () => {
  const random = new Random(9113);
  const wishes = new Map<string, Wish>();
  const requests: Partial<PreparedRequest>[] = [];
  for (let i = 0; i < ASKED; i++) {
    const method = random.pick(["GET", "GET", "POST", "PUT", "DELETE", "HEAD"]);
    const path = `/${i}?${encodeURIComponent(textOf(random, 200))}`;
    const body = method === "POST" || method === "PUT" ? "r".repeat(random.pick([0, 1, 1_000, 20_000, random.integer(0, 150_000)])) : null;
    wishes.set(path, wishOf(random));
    requests.push({ method, path, body, headers: ["x-asked", textOf(random, 300, MORE_TEXT)], timeoutMs: 20_000 });
  }
  await using second = await listen(newer(wishes));
  await using first = await listen(older(wishes));
  using client = clientOf();
  const settle = async (one: Partial<PreparedRequest>): Promise<void> => {
    const wish = wishes.get(one.path!)!;
    const streams = random.pick([1, 3, 100]);
    const [two, other] = await Promise.all([
      client.settle(request2(second.origin, { ...one, http: { version: 2, streams } })),
      client.settle(requestTo(first.origin, one)),
    ]);
    const names = Object.keys(wish.fields);
    assert.deepEqual(outcomeOf(two, names), outcomeOf(other, names));
    assert.deepEqual([two.error, two.status, two.body.length], [null, wish.status, one.method === "HEAD" ? 0 : wish.body.length]);
    for (const name of names) assert.equal(two.header(name), wish.fields[name]);
  };
  for (let i = 0; i < ASKED; i += 40) await Promise.all(requests.slice(i, i + 40).map(settle));
});

/** Frames that make sense somewhere, for chance to put them where they do not. */
const SENSIBLE: readonly ((stream: number) => Buffer)[] = [
  (stream) => ok(stream),
  (stream) => head(stream),
  (stream) => head(stream, END_HEADERS, "content-length", "4"),
  (stream) => data(stream, "data"),
  (stream) => data(stream, "data", 0),
  (stream) => reset(stream, 8),
  (stream) => goaway(stream),
  (stream) => frame(HEADERS, 0, stream, [0x88]),
  (stream) => frame(9, END_HEADERS, stream, [0x88]),
  (stream) => frame(WINDOW_UPDATE, 0, stream, u32(1_000)),
  () => frame(PING, 0, 0, "12345678"),
  () => settings(3, 3, 4, 10),
  () => settings(4, 65_535),
];

it("whatever frames are changed, put in another order and cut, every request ends once, and the next one is answered", async () => {
  const random = new Random(7540);
  await using good = await listen(answering((stream) => ok(stream)));
  await using target = await listen(
    answering((stream) => {
      const parts: Buffer[] = [];
      for (let left = random.integer(1, 8); left > 0; left--) parts.push(random.pick(SENSIBLE)(random.pick([stream, stream, stream, 1, 0, stream + 2])));
      const bytes = Buffer.concat(parts);
      for (let left = random.pick([0, 0, 1, 3]); left > 0; left--) bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
      return bytes.subarray(0, random.pick([bytes.length, bytes.length, random.integer(1, bytes.length)]));
    }),
  );
  using client = clientOf();
  const errors = new Set<string | null>();
  const user = async (): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      let ended = 0;
      const body = random.pick([null, "x".repeat(1_000)]);
      const request = request2(target.origin, { method: body === null ? "GET" : "POST", body, timeoutMs: 60, http: { version: 2, streams: random.pick([1, 4]) } });
      const { error, endMs, startMs } = await new Promise<Exchange>((resolve) => {
        client.send(request, { mayBegin: () => true, onHeld: () => assert.fail("held"), onSettled: (exchange) => void (ended++, resolve(exchange)) });
      });
      errors.add(error);
      assert.equal(ended, 1);
      assert.ok(endMs >= startMs);
      assert.equal((await client.settle(request2(good.origin, { http: { version: 2, streams: 4 } }))).error, null);
      assert.equal(ended, 1);
    }
  };
  await Promise.all(Array.from({ length: 20 }, user));
  assert.ok(errors.has(null) && errors.has("protocol") && errors.has("reset") && errors.has("timeout"), [...errors].join());
});
