// A thread that is never asked for HTTP/2 does not load it.

import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import type { Exchange } from "../../../node/load/driver.ts";
import { answering, ok, request2 } from "./servers.ts";

test("HTTP/2 is loaded when it is asked for, and not before", async () => {
  const loaded: string[] = [];
  const hooks = registerHooks({
    load: (url, context, next) => {
      loaded.push(url);
      return next(url, context);
    },
  });
  const isLoaded = (): boolean => loaded.some((url) => url.endsWith("/load/http2/client.ts"));
  const { clientOf, listen, OK, answering: answering1, requestTo } = await import("../http1/servers.ts");
  await using older = await listen(answering1(OK));
  await using newer = await listen(answering((stream) => ok(stream)));
  using client = clientOf();
  const statusOf = ({ status }: Exchange): number => status;
  assert.equal(statusOf(await client.settle(requestTo(older.origin))), 200);
  assert.equal(isLoaded(), false);
  assert.equal(statusOf(await client.settle(request2(newer.origin))), 200);
  assert.equal(isLoaded(), true);
  hooks.deregister();
});
