// Entry of a load thread. Plain JavaScript on purpose: with the compile cache on before the first TypeScript file is
// loaded, Node need not start its type stripper, which takes 100 ms.

import { enableCompileCache, flushCompileCache } from "node:module";

enableCompileCache();
await import("./worker.ts");
// A thread is ended, it does not exit by itself: its part of the cache would never be written.
flushCompileCache();
