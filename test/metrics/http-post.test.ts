// One push over HTTP: what it carries, and over TLS whom it believes.

import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
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
