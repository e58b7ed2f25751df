// The demo target as a program of its own: node examples/target/main.ts --listen 127.0.0.1:8080

import { parseOptions } from "./options.ts";
import { startTarget } from "./target.ts";

try {
  const target = await startTarget(parseOptions(process.argv.slice(2), process.env));
  process.stdout.write(`target listening on ${target.url}\n`);
  if (target.sinkPort !== null) process.stdout.write(`tcp and udp sink on port ${target.sinkPort}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void target.close());
} catch (error) {
  process.stderr.write(`target: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 104;
}
