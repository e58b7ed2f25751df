// The pacer thread: there while a run wants `precision: high`.

import { Worker } from "node:worker_threads";
import { LoadswarmError } from "../plan/errors.ts";
import { allocateAlarms } from "./alarm.ts";

export class Precision {
  readonly alarms: SharedArrayBuffer;
  readonly #onFault: (error: Error) => void;
  readonly #runs = new Set<string>();
  #thread: Worker | null = null;

  /** Without the thread, load threads go by their own timers: what it cannot do is less precise, and shows as pacing error. */
  constructor(threads: number, onFault: (error: Error) => void) {
    this.alarms = allocateAlarms(threads);
    this.#onFault = onFault;
  }

  want(run: string): void {
    this.#runs.add(run);
    this.#thread ??= this.#start();
  }

  release(run: string): void {
    if (this.#runs.delete(run) && this.#runs.size === 0) void this.close();
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(new URL("./thread.mjs", import.meta.url), {
      workerData: { isPacer: true, alarms: this.alarms },
      name: "pacer",
    });
    thread.on("error", (error) => {
      if (this.#thread === thread) this.#thread = null;
      const message = `the pacer thread crashed, so iterations start to about a millisecond: ${String(error)}`;
      this.#onFault(new LoadswarmError("INTERNAL", message, "The pacing error of the summary tells how exact they were.", error));
    });
    return thread;
  }
}
