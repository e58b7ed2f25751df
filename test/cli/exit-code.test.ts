// Which exit code a summary stands for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCode } from "../../node/cli/exit-code.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { fullSummary } from "./summaries.ts";

const BROKEN = [{ metric: "http_req_duration", expression: "p(95)<1", ok: false, value: 2 }];
const dropped = (reasons: Record<string, number>): Summary["iterations"] => ({
  scheduled: 1000,
  started: 900,
  completed: 900,
  dropped: reasons,
  lost: 0,
});
const GOOD: Partial<Summary> = { thresholds: [], iterations: dropped({ late: 0 }), generator: { verdict: "ok" } };

const CASES: [name: string, change: Partial<Summary>, code: number][] = [
  ["all well", {}, 0],
  ["threshold failed", { thresholds: BROKEN }, 99],
  ["aborted beats the threshold that aborted it", { state: "aborted", thresholds: BROKEN }, 108],
  ["stopped by a person beats thresholds", { state: "stopped", thresholds: BROKEN }, 105],
  ["1 % dropped late is tolerated", { iterations: dropped({ late: 10 }) }, 0],
  ["more than 1 % dropped late is not", { iterations: dropped({ late: 11 }) }, 111],
  ["no connection is the generator's fault too", { iterations: dropped({ late: 5, no_connection: 6 }) }, 111],
  ["a reason not known here is the generator's fault", { iterations: dropped({ new_reason: 11 }) }, 111],
  ["max_vus is the plan's bound", { iterations: dropped({ max_vus: 500 }) }, 0],
  ["stopped iterations are a person's wish", { iterations: dropped({ stopped: 500 }) }, 0],
  [
    "a bottleneck that dropped more than one in a thousand",
    { generator: { verdict: "bottleneck" }, iterations: dropped({ late: 5 }) },
    111,
  ],
  ["a bottleneck that dropped a handful", { generator: { verdict: "bottleneck" }, iterations: dropped({ late: 4 }) }, 0],
  ["one of ten came late", { iterations: { ...dropped({ late: 1 }), scheduled: 10 } }, 0],
  ["more than a fifth of ten came late", { iterations: { ...dropped({ late: 3 }), scheduled: 10 } }, 111],
  ["one of ten was lost with its agent", { iterations: { ...dropped({}), scheduled: 10, lost: 1 } }, 0],
  ["the only one came late", { iterations: { ...dropped({ late: 1 }), scheduled: 1 } }, 111],
  [
    "a bottleneck that dropped a single one of very many",
    { generator: { verdict: "bottleneck" }, iterations: { ...dropped({ late: 1 }), scheduled: 10_000 } },
    0,
  ],
  ["a bottleneck that dropped nothing", { generator: { verdict: "bottleneck" } }, 0],
  ["strained is not a bottleneck", { generator: { verdict: "strained" }, iterations: dropped({ late: 1 }) }, 0],
  ["a failed threshold beats a rate not met", { thresholds: BROKEN, iterations: dropped({ late: 500 }) }, 99],
  ["1 % lost with a crashed agent is tolerated", { iterations: { ...dropped({ late: 0 }), lost: 10 } }, 0],
  ["more than 1 % dropped and lost is not", { iterations: { ...dropped({ late: 6 }), lost: 6 } }, 111],
  ["a run that never started, for want of agents", { startedAt: null, iterations: { ...dropped({}), scheduled: 0 } }, 111],
  ["nothing scheduled", { iterations: { ...dropped({}), scheduled: 0 } }, 0],
];

for (const [name, change, code] of CASES) {
  test(`${code}: ${name}`, () => assert.equal(exitCode(fullSummary({ ...GOOD, ...change })), code));
}
