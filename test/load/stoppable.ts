// A process with a load engine of its own, told by its parent until when it has a lease; for tests that stop it.

import { CLOCK_BASE_MS } from "./support.ts";
import { LoadEngine } from "../../node/load/engine.ts";
import type { Assignment } from "../../node/plan/schedule.ts";

/** What the parent says; each is answered, in order. */
export type Order = { readonly assign: Assignment } | { readonly leaseUntilMs: number };

/** `done`: an order was carried out. `late`: arrivals dropped as late so far, once a second. */
export type Told = { readonly done: true } | { readonly late: number };

const tell = (told: Told) => process.send!(told);
const engine = new LoadEngine({
  member: "stoppable",
  workers: 2,
  clockBaseMs: CLOCK_BASE_MS,
  guard: { loopbackOnly: true },
  onSnapshot: ({ totals }) => tell({ late: totals.scenarios[0]!.dropped[0]! }),
  onFault: (error) => {
    throw error;
  },
});
await engine.prepare();
process.on("message", (order: Order) => {
  if ("assign" in order) engine.assign(order.assign);
  else engine.setLease(order.leaseUntilMs);
  tell({ done: true });
});
process.on("disconnect", () => process.exit());
tell({ done: true });
