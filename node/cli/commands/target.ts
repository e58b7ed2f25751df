// loadswarm target: the demo target, until a signal ends it.

import { parseAddress, redisFromEnv } from "../../../examples/target/options.ts";
import { startTarget } from "../../../examples/target/target.ts";
import { EXIT, LoadswarmError } from "../../plan/errors.ts";
import type { Invocation } from "../invocation.ts";

export async function command({ values, io }: Invocation<"target">): Promise<number> {
  const address = parseAddress(values.listen);
  if (address === null) {
    throw new LoadswarmError(
      "USAGE",
      `--listen: "${values.listen}" is not HOST:PORT`,
      "For example: --listen 127.0.0.1:8080",
    );
  }
  const interrupted = Promise.withResolvers<void>();
  const undo = io.onInterrupt(() => interrupted.resolve());
  const target = await startTarget({
    ...address,
    latencyMs: values.latency,
    jitterMs: values.jitter,
    errorRate: values["error-rate"],
    sinkPort: values["sink-port"],
    redis: redisFromEnv(io.env),
  }).catch((error: NodeJS.ErrnoException) => {
    undo();
    if (error.code !== "EADDRINUSE" && error.code !== "EADDRNOTAVAIL" && error.code !== "EACCES") throw error;
    const hint = "Choose another address with --listen (and --sink-port); port 0 takes any free one.";
    throw new LoadswarmError("ADDRESS_IN_USE", `the target cannot listen: ${error.message}`, hint, error);
  });
  io.stdout.write(`target listening on ${target.url}\n`);
  if (target.sinkPort !== null) io.stdout.write(`tcp and udp sink on port ${target.sinkPort}\n`);
  await interrupted.promise;
  undo();
  await target.close();
  return EXIT.pass;
}
