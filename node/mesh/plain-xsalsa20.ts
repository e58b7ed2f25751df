// The cipher of the swarm key, in JavaScript. To be imported before @libp2p/pnet.
//
// With WebAssembly xsalsa20 1.2.0 keeps all streams of a process in one memory, which ends at 64 MiB and of which a stream
// gives nothing back. When one stream makes it grow, each other one makes it grow again. Then it throws where nobody
// catches: an agent is gone after some 5,000 connections, for which nobody needs the key, or after one large chunk.
// Without WebAssembly streams share nothing, at less than half of the speed.

import { createRequire } from "node:module";

const require = createRequire(import.meta.resolve("@libp2p/pnet"));
const scope = globalThis as { WebAssembly?: unknown };
const { WebAssembly } = scope;
scope.WebAssembly = undefined;
try {
  // It looks for WebAssembly once, when it is loaded.
  require("xsalsa20");
} finally {
  scope.WebAssembly = WebAssembly;
}
