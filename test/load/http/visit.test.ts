// Redirects and cookies: what is followed, what is sent where, what counts.

import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { describe, it } from "node:test";
import type { HttpOptions, PreparedRequest } from "../../../node/load/driver.ts";
import { CookieJar } from "../../../node/load/http/cookies.ts";
import { planOf, rate, run, scenario, startTarget, step } from "../support.ts";
import { answering, clientOf, listen, onRequest, READY, requestTo } from "../http1/servers.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers a path `/303?to=…` with that status and location, any other with ok. */
async function redirecting(seen: Seen[] = []) {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      const url = new URL(request.url!, "http://x");
      const to = url.searchParams.get("to");
      if (to === null) response.end("ok");
      else response.writeHead(Number(url.pathname.slice(1)), { location: to, "set-cookie": `at${seen.length}=1; path=/` }).end("moved");
    });
  });
  return listen(server);
}

const following = (most: number, ...origins: string[]): HttpOptions => ({ redirects: { most, origins: new Set(origins) } });

describe("a redirect", () => {
  it("is an answer like any other unless it is to be followed", async () => {
    await using target = await redirecting();
    using client = clientOf();
    const exchange = await client.settle(requestTo(target.origin, { path: "/302?to=/x" }));
    assert.deepEqual([exchange.status, exchange.header("location"), exchange.error], [302, "/x", null]);
  });

  for (const [status, method, becomes] of [
    [301, "GET", "GET"],
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [302, "PUT", "PUT"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [307, "POST", "POST"],
    [308, "PUT", "PUT"],
  ] as const) {
    it(`${status} of ${method} becomes ${becomes}, ${becomes === method ? "with" : "without"} what it carries`, async () => {
      const seen: Seen[] = [];
      await using target = await redirecting(seen);
      using client = clientOf();
      const body = method === "GET" || method === "HEAD" ? null : "data";
      const more: Partial<PreparedRequest> = { method, body, headers: ["content-type", "text/plain", "x-a", "1"], path: `/${status}?to=/x%3Fy` };
      const exchange = await client.settle(requestTo(target.origin, { ...more, http: following(5, target.origin) }));
      assert.deepEqual([exchange.status, exchange.error], [200, null]);
      const second = seen[1]!;
      assert.deepEqual([second.method, second.url, second.headers["x-a"]], [becomes, "/x?y", "1"]);
      assert.deepEqual([second.body, second.headers["content-type"]], becomes === method ? [body ?? "", "text/plain"] : ["", undefined]);
    });
  }

  it("is followed so many times; then it is the answer", async () => {
    await using target = await redirecting();
    using client = clientOf();
    const path = `/302?to=${encodeURIComponent(`/302?to=${encodeURIComponent("/302?to=/x")}`)}`;
    const ends = [];
    for (const most of [1, 2, 3]) ends.push((await client.settle(requestTo(target.origin, { path, http: following(most, target.origin) }))).status);
    assert.deepEqual(ends, [302, 302, 200]);
  });

  for (const location of ["http://192.0.2.1/", "//192.0.2.1/", "http://127.0.0.1:1/", "ftp://127.0.0.1/", "http://[", "https://127.0.0.1/"]) {
    it(`to ${location}, which is no target of the plan, is an error of kind blocked, and nothing is sent there`, async () => {
      await using target = await redirecting();
      using client = clientOf({ allow: ["0.0.0.0/0"] });
      const path = `/302?to=${encodeURIComponent(location)}`;
      const exchange = await client.settle(requestTo(target.origin, { path, http: following(5, target.origin) }));
      assert.deepEqual([exchange.error, exchange.status], ["blocked", 302]);
    });
  }

  it("to a target that the agent does not allow is refused by the guard", async () => {
    await using target = await redirecting();
    using client = clientOf();
    const path = "/302?to=http://192.0.2.1/";
    const exchange = await client.settle(requestTo(target.origin, { path, http: following(5, target.origin, "http://192.0.2.1") }));
    assert.equal(exchange.error, "blocked");
  });

  it("to another origin takes no credentials along, and the times and bytes of all count", async () => {
    const seen: Seen[] = [];
    await using other = await redirecting(seen);
    await using target = await redirecting();
    using client = clientOf();
    const path = `/307?to=${other.origin}/x`;
    const headers = ["Authorization", "secret", "Cookie", "a=b", "x-a", "1"];
    const exchange = await client.settle(requestTo(target.origin, { path, headers, http: following(5, target.origin, other.origin) }));
    const { authorization, cookie, host } = seen[0]!.headers;
    assert.deepEqual([authorization, cookie, host, seen[0]!.headers["x-a"]], [undefined, undefined, other.origin.slice(7), "1"]);
    const direct = await client.settle(requestTo(other.origin, { path: "/x" }));
    assert.ok(exchange.bytesSent > direct.bytesSent + 100 && exchange.bytesReceived > direct.bytesReceived + 100);
    assert.ok(exchange.startMs <= exchange.writtenMs && exchange.writtenMs <= exchange.firstByteMs);
    const { blockedMs, connectingMs, tlsMs } = exchange.setup!;
    assert.ok(blockedMs > 0 && connectingMs > 0 && tlsMs === 0 && blockedMs + connectingMs <= exchange.writtenMs - exchange.startMs);
  });

  it("is not followed when nothing more may be sent", async () => {
    const seen: Seen[] = [];
    await using target = await redirecting(seen);
    using client = clientOf();
    const request = requestTo(target.origin, { path: "/302?to=/x", http: following(5, target.origin) });
    let asked = 0;
    // The first question is about the first request, which had to connect.
    const mayBegin = (): boolean => asked++ === 0;
    const { status } = await new Promise<{ status: number }>((onSettled) => client.send(request, { ...READY, mayBegin, onSettled }));
    assert.deepEqual([status, seen.length], [302, 1]);
  });

  it("in a circle ends with the timeout of the request or with the last one that is followed", async () => {
    await using target = await listen(answering("HTTP/1.1 302 x\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"));
    using client = clientOf();
    assert.equal((await client.settle(requestTo(target.origin, { http: following(20, target.origin) }))).status, 302);
    await using slow = await listen(onRequest((socket, _, nth) => void (nth < 3 && socket.write("HTTP/1.1 302 x\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"))));
    const exchange = await client.settle(requestTo(slow.origin, { timeoutMs: 200, http: following(20, slow.origin) }));
    assert.equal(exchange.error, "timeout");
    assert.ok(exchange.endMs - exchange.startMs >= 199);
  });
});

describe("cookies", () => {
  it("that an answer sets go with the next request, and along redirects", async () => {
    const seen: Seen[] = [];
    await using target = await redirecting(seen);
    using client = clientOf();
    const cookies = new CookieJar();
    const more = { path: "/302?to=/x", http: following(5, target.origin), cookies };
    await client.settle(requestTo(target.origin, more));
    await client.settle(requestTo(target.origin, { cookies, headers: ["cookie", "own=1"] }));
    await client.settle(requestTo(target.origin));
    assert.deepEqual(seen.map(({ headers }) => headers.cookie), [undefined, "at1=1", "own=1; at1=1", undefined]);
  });

  it("reach undici's requests as well", async () => {
    const seen: Seen[] = [];
    await using target = await redirecting(seen);
    using client = clientOf();
    const more = { path: "/302?to=/x", http: { client: "undici", ...following(5, target.origin) }, cookies: new CookieJar() } as const;
    assert.equal((await client.settle(requestTo(target.origin, more))).status, 200);
    assert.deepEqual(seen.map(({ headers }) => headers.cookie), [undefined, "at1=1"]);
  });

  it("are kept for one iteration where the scenario asks for them, and redirects are followed where it asks", async () => {
    const sent: (string | undefined)[] = [];
    await using target = await startTarget((request, response) => {
      sent.push(`${request.url} ${request.headers.cookie ?? "-"}`);
      if (request.url === "/login") response.writeHead(302, { location: "/home", "set-cookie": "id=7" });
      response.end();
    });
    const flow = [step("/login"), step("/cart")];
    const plan = planOf(target.url, scenario(rate(10, 10, 250), flow, { http: { cookies: true, redirects: 1 } }));
    const { last } = await run(plan);
    const iterations = last.totals.scenarios[0]!.completed;
    assert.ok(iterations >= 2);
    assert.deepEqual(new Map(last.totals.status), new Map([[200, 2 * iterations]]));
    const count = (text: string): number => sent.filter((each) => each === text).length;
    assert.deepEqual(["/login -", "/home id=7", "/cart id=7"].map(count), [iterations, iterations, iterations]);
    assert.equal(sent.length, 3 * iterations);
  });
});
