// Connections that nobody needs any more are closed, and no others, whichever client made them; seen from the target.

import assert from "node:assert/strict";
import { createServer as createServer1, type RequestListener } from "node:http";
import { createSecureServer, createServer as createServer2, type ServerHttp2Session } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import { after, before, describe, it, mock } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { Exchange, HttpOptions } from "../../../node/load/driver.ts";
import { HttpDriver } from "../../../node/load/drivers/http.ts";
import { TargetGuard } from "../../../node/load/guard.ts";
import { CLOSES_PER_TURN, CLOSING_TICK_MS, SWEEP_MS } from "../../../node/load/http/limits.ts";
import { type Idling, Sweep } from "../../../node/load/http/sweep.ts";
import { OpenCount } from "../../../node/load/open-count.ts";
import { CERTIFICATE, KEY } from "../certificate.ts";
import { requestTo } from "../http1/servers.ts";

const MANY = 3 * CLOSES_PER_TURN;
const credentials = { key: KEY, cert: CERTIFICATE };
const CLIENTS: readonly (readonly [string, string, HttpOptions, (listener: RequestListener) => Server])[] = [
  ["HTTP/1.1", "http", {}, (listener) => createServer1({ keepAliveTimeout: 0 }, listener)],
  ["HTTP/1.1, pipelining", "http", { pipelining: 2 }, (listener) => createServer1({ keepAliveTimeout: 0 }, listener)],
  ["HTTP/1.1 on TLS", "https", {}, (listener) => createTlsServer({ ...credentials, keepAliveTimeout: 0 }, listener)],
  ["HTTP/2", "http", { version: 2 }, (listener) => createServer2(listener as never)],
  ["HTTP/2 on TLS, streams", "https", { version: 2, streams: 2 }, (listener) => createSecureServer(credentials, listener as never)],
  ["undici", "http", { client: "undici" }, (listener) => createServer1({ keepAliveTimeout: 0 }, listener)],
];

/** A target that answers when it is told to, and a client of it. */
async function pair(scheme: string, http: HttpOptions, serverOf: (listener: RequestListener) => Server) {
  let held: (() => void)[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const sessions = new Set<ServerHttp2Session>();
  const server = serverOf((_, response) => void held.push(() => response.end("ok")));
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session: ServerHttp2Session) => void sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const count = new OpenCount();
  const driver = new HttpDriver(new TargetGuard({ loopbackOnly: true }), count);
  const request = requestTo(`${scheme}://localhost:${(server.address() as AddressInfo).port}`, { http, timeoutMs: 100 * SWEEP_MS });
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise(setImmediate);
  };
  const send = (): Promise<Exchange> =>
    new Promise((onSettled) => driver.send(request, { onSettled, mayBegin: () => true, onHeld: () => assert.fail("held") }));
  const answer = (): void => {
    for (const each of held.splice(0)) each();
  };
  return {
    sockets,
    connections: () => connections,
    count,
    until,
    send,
    answer,
    /** So many requests that are under way at the same time. */
    async together(requests: number): Promise<(string | null)[]> {
      const sent = Array.from({ length: requests }, send);
      await until(() => held.length === requests);
      answer();
      return (await Promise.all(sent)).map(({ error }) => error);
    },
    arrived: (requests: number) => until(() => held.length === requests),
    end() {
      for (const socket of sockets) socket.end();
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    /** Only of HTTP/2; the others end. */
    goaway() {
      for (const session of sessions) session.goaway();
      if (sessions.size === 0) this.end();
    },
    async [Symbol.asyncDispose]() {
      driver.close();
      held = [];
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Looks, and closes what is due. */
function look(closes = MANY): void {
  mock.timers.tick(SWEEP_MS);
  for (let i = 0; i < closes / CLOSES_PER_TURN; i++) mock.timers.tick(CLOSING_TICK_MS);
}

for (const [what, scheme, http, serverOf] of CLIENTS) {
  describe(`with ${what} a connection`, { timeout: 60_000 }, () => {
    const trusted = getCACertificates("default");
    before(() => {
      setDefaultCACertificates([...trusted, CERTIFICATE]);
      mock.timers.enable({ apis: ["setTimeout"] });
    });
    after(() => {
      setDefaultCACertificates(trusted);
      mock.timers.reset();
    });

    it("is closed when nobody has used it from one look to the next, the last one used stays, and the count is true", async () => {
      await using all = await pair(scheme, http, serverOf);
      await all.together(MANY);
      const most = all.sockets.size;
      look();
      assert.equal(all.sockets.size, most);
      await all.together(1);
      look();
      await all.until(() => all.sockets.size <= 1);
      if (http.client !== "undici") assert.deepEqual([all.count.made, all.count.open], [most, 1]);
      assert.deepEqual(await all.together(1), [null]);
      assert.deepEqual([all.connections(), all.sockets.size], [most, 1]);
      look();
      look();
      await all.until(() => all.sockets.size === 0);
      assert.equal(all.count.open, 0);
      assert.deepEqual(await all.together(2), [null, null]);
    });

    it("is left alone while a request is on its way, however long that takes", async () => {
      await using all = await pair(scheme, http, serverOf);
      const sent = all.send();
      await all.arrived(1);
      for (let i = 0; i < 4; i++) look();
      all.answer();
      assert.equal((await sent).error, null);
      look();
      assert.deepEqual(await all.together(1), [null]);
      assert.equal(all.connections(), 1);
    });

    for (const how of ["end", "reset", "goaway"] as const) {
      it(`that the target closes by ${how} while others of them are closed is gone once`, async () => {
        await using all = await pair(scheme, http, serverOf);
        await all.together(MANY);
        look();
        const most = all.sockets.size;
        // The first of them go, and the target closes those that are left.
        mock.timers.tick(SWEEP_MS);
        all[how]();
        // Node's own server forgets sockets of sessions that it has sent away only later.
        await all.until(() => (http.client === "undici" ? all.sockets.size : all.count.open) === 0);
        look();
        if (http.client !== "undici") assert.equal(all.count.made, most);
        assert.deepEqual(await all.together(2), [null, null]);
      });
    }
  });
}

describe("a look at very many connections", () => {
  function fakes(count: number) {
    const open = new Set<Idling>();
    let tidied = 0;
    for (let i = 0; i < count; i++) {
      const connection: Idling = { load: 0, wasIdle: false, place: -1, close: () => void open.delete(connection) };
      open.add(connection);
    }
    const pool = { connections: () => [...open], tidy: () => void tidied++ };
    return { open, sweep: new Sweep(() => [pool]), tidied: () => tidied };
  }

  it("closes a few of them a turn, but for those that are used meanwhile, and then rests until there are new ones", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { open, sweep, tidied } = fakes(10_000);
    sweep.watch();
    sweep.watch();
    for (let i = 0; i < 2; i++) t.mock.timers.tick(SWEEP_MS);
    assert.equal(open.size, 10_000 - CLOSES_PER_TURN);
    const used = [...open][0]!;
    used.wasIdle = false;
    let turns = 1;
    for (let before = 0; before !== open.size; turns++) {
      before = open.size;
      t.mock.timers.tick(CLOSING_TICK_MS);
      assert.ok(before - open.size <= CLOSES_PER_TURN);
    }
    assert.deepEqual([[...open], turns], [[used], Math.ceil(10_000 / CLOSES_PER_TURN) + 1]);
    for (let i = 0; i < 2; i++) t.mock.timers.tick(SWEEP_MS);
    assert.equal(open.size, 0);
    const looks = tidied();
    assert.ok(looks > 0);
    for (let i = 0; i < 9; i++) t.mock.timers.tick(SWEEP_MS);
    assert.equal(tidied(), looks);
  });

  it("ends with the client", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { open, sweep } = fakes(2 * CLOSES_PER_TURN);
    sweep.watch();
    for (let i = 0; i < 2; i++) t.mock.timers.tick(SWEEP_MS);
    sweep.stop();
    for (let i = 0; i < 9; i++) t.mock.timers.tick(SWEEP_MS);
    assert.equal(open.size, CLOSES_PER_TURN);
  });
});
