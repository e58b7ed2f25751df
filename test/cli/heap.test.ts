// The main thread of an agent does not let garbage lie; its load threads may.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { MALLOC } from "../../node/cli/heap.ts";

const HEAP = new URL("../../node/cli/heap.ts", import.meta.url).href;
/**
 * Makes garbage, and keeps some of it for a while. Returns the least MiB the young generation had in the second half:
 * what it falls back to after a collection. In between V8 lets it grow for as long as it marks, bounded or not.
 */
const CHURN = `
  const { getHeapSpaceStatistics } = process.getBuiltinModule("node:v8");
  let kept = [];
  let young = Infinity;
  for (let i = 0; i < 2e6; i++) {
    kept.push({ i, list: [i] });
    if (kept.length > 50_000) kept = [];
    if (i < 1e6 || i % 10_000 > 0) continue;
    const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    young = Math.min(young, space_size / 2 ** 20);
  }
`;

/** Of the main thread and of a worker, in a process of its own. */
function young(prepare: string): number[] {
  const program = `
    import { Worker } from "node:worker_threads";
    ${prepare}
    ${CHURN}
    const source = ${JSON.stringify(`${CHURN} process.getBuiltinModule("node:worker_threads").parentPort.postMessage(young);`)};
    new Worker(source, { eval: true }).on("message", (ofWorker) => console.log(JSON.stringify([young, ofWorker])));
  `;
  return JSON.parse(String(execFileSync(process.execPath, ["--input-type=module", "-e", program], { env: {} })));
}

describe("the heap of an agent", () => {
  it("does not grow for garbage, but in the load threads", () => {
    const [main, worker] = young(`const { boundHeap } = await import("${HEAP}"); boundHeap();`);
    assert.ok(main! <= 4, `${main} MiB`);
    assert.ok(worker! >= 16, `${worker} MiB`);
  });

  it("is begun with what malloc is told, from the command line and in containers", () => {
    const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
    const command = JSON.parse(read("package.json")).scripts.loadswarm;
    for (const [name, value] of Object.entries(MALLOC)) {
      assert.ok(command.startsWith(`${name}=${value} `));
      assert.match(read("Dockerfile"), new RegExp(`^ENV .*\\b${name}=${value}\\b`, "m"));
    }
  });

  it("would grow otherwise", () => {
    const [main] = young("");
    assert.ok(main! > 8, `${main} MiB`);
  });
});
