// What it costs to count: one duration in a sketch, and all that is counted of a request that succeeds.

import { allocateArena, Arena } from "../node/load/arena.ts";
import { BUCKETS, Sketch, STATS } from "../node/metrics/sketch.ts";
import { median } from "./peers/results.ts";

const VALUES = 1 << 16;
const TURNS = 60;
const ROUNDS = 9;

export interface RecordingCost {
  /** Nanoseconds beyond those of the loop, medians of rounds. */
  readonly sketchNs: number;
  readonly requestNs: number;
}

/** Durations as of requests: log-normal around a millisecond, so that the buckets are not guessed. */
const durations = Float64Array.from({ length: VALUES }, () => {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Math.exp(0.5 * normal);
});

export function measureRecording(): RecordingCost {
  const memory = new SharedArrayBuffer(BUCKETS * 4 + STATS * 8);
  const sketch = new Sketch(new Uint32Array(memory, STATS * 8, BUCKETS), new Float64Array(memory, 0, STATS));
  const shape = { scenarios: 1, steps: 1, checks: 0, intervals: 10 };
  const arena = new Arena(shape, allocateArena(shape));
  const sketches: number[] = [];
  const requests: number[] = [];
  let sum = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const loopNs = nsEach((ms) => void (sum += ms));
    sketches.push(nsEach((ms) => sketch.record(ms)) - loopNs);
    requests.push(nsEach((ms) => count(arena, ms)) - loopNs);
  }
  return { sketchNs: median(sketches), requestNs: median(requests) };
}

/** As an iteration of one request does. */
function count(arena: Arena, ms: number): void {
  arena.started(0, 3, ms / 10);
  arena.request(0, 3, false, 90, 220, 200);
  arena.status(200);
  arena.phases(0, null, ms / 100, 0);
  arena.timings(0, ms, ms * 1.1, ms * 0.9);
  arena.completed(0, ms);
}

/** Of this thread's own CPU time, so that it says something on a busy machine, too. */
function nsEach(record: (ms: number) => void): number {
  const from = process.threadCpuUsage();
  for (let turn = 0; turn < TURNS; turn++) for (let i = 0; i < VALUES; i++) record(durations[i]!);
  const { user, system } = process.threadCpuUsage(from);
  return ((user + system) * 1000) / (TURNS * VALUES);
}
