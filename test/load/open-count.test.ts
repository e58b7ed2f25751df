// What a thread counts of its connections: kept ones once, lost ones as gone.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, it } from "node:test";
import { OpenCount } from "../../node/load/open-count.ts";
import { HttpDriver } from "../../node/load/drivers/http.ts";
import { TargetGuard } from "../../node/load/guard.ts";

let server: Server;
let origin = "";

before(async () => {
  server = createServer((request, response) => {
    if (request.url === "/close") response.setHeader("connection", "close");
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => new Promise((resolve) => server.close(resolve)));

it("connections are counted when they are made and when they go, and seen from elsewhere", async () => {
  const count = new OpenCount();
  const elsewhere = new OpenCount(count.memory);
  const driver = new HttpDriver(new TargetGuard({ loopbackOnly: true }), count);
  const get = (path: string) =>
    new Promise<void>((resolve, reject) => {
      const request = { method: "GET", origin, path, headers: [], body: null, timeoutMs: 5000, keepBody: false };
      driver.send(request, { onSettled: () => resolve(), mayBegin: () => true, onHeld: () => reject(new Error("held")) });
    });
  const numbers = () => [elsewhere.made, elsewhere.open];
  assert.deepEqual(numbers(), [0, 0]);
  await get("/");
  await get("/");
  assert.deepEqual(numbers(), [1, 1]);
  await Promise.all([get("/"), get("/"), get("/")]);
  assert.deepEqual(numbers(), [3, 3]);
  await Promise.all([get("/close"), get("/close"), get("/")]);
  assert.deepEqual(numbers(), [3, 1]);
  driver.close();
  assert.deepEqual(numbers(), [3, 0]);
});

it("a thread that crashed holds none any more", () => {
  const count = new OpenCount();
  for (let i = 0; i < 5; i++) count.begin();
  count.end();
  count.endAll();
  assert.deepEqual([count.made, count.open], [5, 0]);
});

it("requests are in flight from when they are sent until they are settled, or their thread is gone", () => {
  const count = new OpenCount();
  const elsewhere = new OpenCount(count.memory);
  for (let i = 0; i < 3; i++) count.send();
  count.settle();
  assert.equal(elsewhere.requests, 2);
  count.endAll();
  assert.deepEqual([elsewhere.requests, elsewhere.open], [0, 0]);
});
