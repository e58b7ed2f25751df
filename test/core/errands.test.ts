// Questions under way: whose answers count, and how often.

import assert from "node:assert/strict";
import { it } from "node:test";
import { isEmpty, listed, NOBODY, positionsOf } from "../../node/core/agreement/positions.ts";
import { Errand, Errands } from "../../node/core/errands.ts";
import { Outbox } from "../../node/core/outbox.ts";
import { NO_TOTALS } from "../../node/metrics/merge.ts";
import { viewOf } from "./gather-net.ts";

it("a part that comes twice counts once, though the first was passed on already", () => {
  const errands = new Errands(new Outbox());
  const errand = new Errand(viewOf(["a", "b", "c"], 1), { run: "run", have: [], fromPoint: 0, sinceMs: 0 });
  const ask = positionsOf([1, 2], 3);
  errands.ask(errand, "b", { lineage: "lineage", view: 1, ask, avoid: NOBODY, silent: NOBODY, patienceMs: 1000 }, 0);
  const heard = positionsOf([1], 3);
  const part = { heard, reported: heard, done: NOBODY, failed: NOBODY, totals: NO_TOTALS, intervals: [], isStale: false };
  errands.answered("b", { id: 1, more: true, part }, []);
  assert.deepEqual(listed(errand.takePart().heard), [1]);
  errands.answered("b", { id: 1, more: true, part }, []);
  assert.ok(isEmpty(errand.collected.heard));
});
