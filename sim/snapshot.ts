// The report of a simulated engine: every request took no time and succeeded.

import type { Snapshot } from "../node/metrics/results.ts";

const NO_SKETCH = { index: [], count: [], sum: 0, min: 0, max: 0 };

export interface Counted {
  readonly run: string;
  readonly member: string;
  readonly sequence: number;
  readonly atMs: number;
  readonly done: boolean;
  readonly started: number;
  readonly late: number;
  readonly stopped?: number;
}

export function snapshotOf({ started, late, stopped = 0, ...head }: Counted): Snapshot {
  const sketches = { iterationDuration: NO_SKETCH, pacing: NO_SKETCH, phases: [] };
  const iterations = { scheduled: started + late + stopped, started, completed: started, interrupted: 0 };
  const bytes = { bytesSent: 0, bytesReceived: 0 };
  const times = { duration: NO_SKETCH, latency: NO_SKETCH, waiting: NO_SKETCH };
  return {
    ...head,
    totals: {
      scenarios: [{ ...iterations, dropped: late + stopped === 0 ? [] : [late, 0, 0, stopped], ...sketches }],
      steps: [{ requests: started, failed: 0, ...bytes, ...times }],
      checks: [],
      status: [[200, started]],
      errors: [],
    },
    points: [],
  };
}
