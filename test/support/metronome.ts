// A thread that does nothing but keep time: what it misses, the machine took from everybody.

import { Worker } from "node:worker_threads";

const TICK_MS = 1;

const SOURCE = `
  const { workerData, parentPort } = require("node:worker_threads");
  const stalls = new Float64Array(workerData.memory);
  let last = Date.now();
  setInterval(() => {
    const now = Date.now();
    const second = Math.floor(last / 1000) % stalls.length;
    stalls[second] = Math.max(stalls[second], now - last - ${TICK_MS});
    last = now;
  }, ${TICK_MS});
`;

/** Seconds remembered. */
const SECONDS = 3600;

export class Metronome {
  readonly #memory = new SharedArrayBuffer(8 * SECONDS);
  readonly #worker = new Worker(SOURCE, { eval: true, workerData: { memory: this.#memory } });

  /** The longest stall that began in this second of the Unix epoch, milliseconds. */
  worstMs(epochSecond: number): number {
    return new Float64Array(this.#memory)[Math.floor(epochSecond) % SECONDS]!;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
