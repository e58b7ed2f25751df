// The pacer thread of `precision: high`: it sleeps, and wakes the load threads in time (alarm.ts).

import { workerData } from "node:worker_threads";
import { Ringer } from "./alarm.ts";

const ringer = new Ringer((workerData as { readonly alarms: SharedArrayBuffer }).alarms);
// It never returns. The entry (thread.mjs) has something to do before.
setImmediate(() => {
  for (;;) ringer.turn();
});
