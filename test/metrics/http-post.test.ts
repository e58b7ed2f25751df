// Remote write over TLS: whom the sender believes.

import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { it } from "node:test";
import { createHttpPost } from "../../node/metrics/http-post.ts";
import { CERTIFICATE, KEY } from "../load/certificate.ts";

const SETTINGS = { userAgent: "test", headers: {}, authorization: null, ca: null, cert: null, key: null, insecure: false };

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
