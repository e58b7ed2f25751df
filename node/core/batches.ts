// Runs cut into batches that fit into frames.

import type { RunRecord } from "./events.ts";
import { BATCH_CHARACTERS } from "./limits.ts";

/** Runs in one frame at most; the wire refuses frames of more than 200. */
const BATCH_RUNS = 100;

/** Split so that the plans of each batch fit into a frame with room to spare. */
export function inBatches(runs: readonly RunRecord[]): RunRecord[][] {
  const batches: RunRecord[][] = [];
  let room = 0;
  for (const run of runs) {
    const size = run.spec.document.length;
    if (size > room || batches.length === 0 || batches.at(-1)!.length >= BATCH_RUNS) {
      batches.push([]);
      room = BATCH_CHARACTERS;
    }
    batches.at(-1)!.push(run);
    room -= size;
  }
  return batches;
}
