// One push over HTTP: what it carries, and over TLS whom it believes.

import assert from "node:assert/strict";
import { createServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { it } from "node:test";
import { createHttpPost } from "../../node/metrics/http-post.ts";
import { encodeV1 } from "../../node/metrics/remote-write-1.ts";
import { compress } from "../../node/metrics/snappy.ts";
import { CERTIFICATE, KEY } from "../load/certificate.ts";
import { batchOf, gauge } from "./readings.ts";
import { PLAIN_SETTINGS, Receiver } from "./receiver.ts";

const SETTINGS = { ...PLAIN_SETTINGS, userAgent: "test" };

it("a push carries custom headers, and an authorization that is asked for anew each time", async () => {
  await using receiver = await Receiver.start();
  let token = "one";
  const settings = { headers: { "X-Scope-OrgID": "team-a" }, authorization: async () => `Bearer ${token}` };
  const { post, close } = createHttpPost({ ...SETTINGS, ...settings, url: receiver.url });
  const body = compress(encodeV1(batchOf([gauge(1)])));
  const signal = new AbortController().signal;
  await post(body, "1.0", signal);
  token = "two";
  await post(body, "1.0", signal);
  await close();
  assert.deepEqual(
    receiver.received.map(({ headers }) => [headers["x-scope-orgid"], headers.authorization]),
    [
      ["team-a", "Bearer one"],
      ["team-a", "Bearer two"],
    ],
  );
});

for (const [what, settings, isBelieved] of [
  ["a certificate from the given authority", { ca: CERTIFICATE }, true],
  ["a certificate of nobody", {}, false],
  ["a certificate of nobody, where that is allowed", { insecure: true }, true],
] as const) {
  it(`${what}: ${isBelieved ? "sent" : "not sent"}`, async () => {
    const server = createServer({ key: KEY, cert: CERTIFICATE }, (request, response) => {
      request.resume().on("end", () => response.writeHead(204).end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { post, close } = createHttpPost({ ...SETTINGS, ...settings, url });
    const sent = post(new Uint8Array(3), "1.0", new AbortController().signal);
    if (isBelieved) assert.equal((await sent).status, 204);
    else await assert.rejects(sent, { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    await close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
}

/** Until the sender has had enough. */
function drip(socket: Socket, text: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.once("close", () => clearInterval(timer));
}

function flood(socket: Socket): void {
  const megabyte = Buffer.alloc(1e6, "x");
  const more = () => {
    while (!socket.destroyed && socket.write(megabyte));
  };
  socket.on("drain", more);
  more();
}

for (const [what, misbehave, outcome] of [
  ["never answers", () => {}, /timeout/],
  ["hands its answer out byte by byte", (socket: Socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n");
    drip(socket, "x", 20);
  }, /timeout/],
  ["hands out headers without end", (socket: Socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    drip(socket, "x: y\r\n", 20);
  }, /timeout/],
  ["announces answers and gives none", (socket: Socket) => drip(socket, "HTTP/1.1 103 Early Hints\r\n\r\n", 5), /timeout/],
  ["has a header of a megabyte", (socket: Socket) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(1e6)}\r\n\r\n`), /Overflow/],
  ["speaks something else", (socket: Socket) => void socket.end("220 mail.example.com ESMTP\r\n"), /HTTP/],
  ["changes to another protocol", (socket: Socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n");
  }, /upgrade/],
  ["refuses with a gigabyte", (socket: Socket) => {
    socket.write("HTTP/1.1 400 Bad Request\r\ncontent-length: 1000000000\r\n\r\n");
    flood(socket);
  }, 400],
] as const) {
  it(`a receiver that ${what} is given up, and asked again over another connection`, async () => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {}).once("data", () => misbehave(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { post, close } = createHttpPost({ ...SETTINGS, url: `http://127.0.0.1:${port}/` }, 150);
    for (let tries = 0; tries < 2; tries++) {
      const answer = post(new Uint8Array(3), "1.0", new AbortController().signal);
      if (typeof outcome === "number") assert.deepEqual([(await answer).status, (await answer).body.length], [outcome, 1024]);
      else await assert.rejects(answer, outcome);
    }
    await close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    assert.equal(sockets.length, 2);
  });
}
