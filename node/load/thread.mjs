// Entry of a load thread, and of the pacer thread. Plain JavaScript on purpose: with the compile cache on before the first
// TypeScript file is loaded, Node need not start its type stripper, which takes 100 ms.

import { enableCompileCache, flushCompileCache } from "node:module";
import { workerData } from "node:worker_threads";

enableCompileCache();
await (workerData.isPacer ? import("./pacer-thread.ts") : import("./worker.ts"));
// A thread is ended, it does not exit by itself: its part of the cache would never be written.
flushCompileCache();
