// The load threads of an agent: each in its place, watched, and replaced when it crashes or hangs.

import { Worker } from "node:worker_threads";
import { LoadswarmError } from "../plan/errors.ts";
import { monotonicMs } from "./clock.ts";
import { lowerHelperThreads } from "./helper-threads.ts";
import { OpenCount, type OpenCounts } from "./open-count.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { Watchdog, type Watched } from "./watchdog.ts";

/** A worker that crashes again within this time waits for the rest of it, so that crashes cannot follow like sparks. */
const RESPAWN_INTERVAL_MS = 1000;
/** A place whose threads crashed so often before any of them was up will not have one: `prepare` gives up. */
const HOPELESS_CRASHES = 3;

/**
 * Room for the young objects of a load thread, MB: three times the four of a semi-space. What a request leaves is dead when the
 * next thousand are; with the 16 that V8 goes up to by and by a thread seems to leak for its first quarter of an hour, and holds
 * 25 MB more. Less would have requests in flight copied twice.
 */
const YOUNG_MB = 12;

/** Makes a load thread. */
export type SpawnWorker = (settings: WorkerSettings) => Worker;

export function spawnThread(settings: WorkerSettings): Worker {
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MB };
  return new Worker(new URL("./thread.mjs", import.meta.url), { workerData: settings, name: "load", resourceLimits });
}

/** A worker thread's place; the thread in it may be replaced. */
interface Slot {
  readonly index: number;
  worker: Worker | null;
  spawnedAtMs: number;
  respawn: NodeJS.Timeout | null;
  /** Resolved when the first thread in this place was up. */
  readonly ready: PromiseWithResolvers<void>;
  /** Threads that crashed in this place. */
  crashes: number;
  /** Of all threads that were in this place. */
  readonly connections: OpenCount;
}

export interface ThreadsOptions {
  readonly workers: number;
  readonly settings: Omit<WorkerSettings, "pulse" | "connections" | "index">;
  readonly spawn: SpawnWorker;
  onMessage(index: number, message: FromWorker): void;
  /** Nothing of what it did goes on. */
  onCrash(index: number): void;
  /** Another thread is in its place, and knows nothing. */
  onReplaced(index: number): void;
  onFault(error: Error): void;
}

export class LoadThreads {
  readonly #options: ThreadsOptions;
  readonly #watchdog = new Watchdog();
  #slots: readonly Slot[] = [];
  #closed = false;

  /** No thread runs before `start`. */
  constructor(options: ThreadsOptions) {
    this.#options = options;
  }

  /** Threads there are or will be. */
  get count(): number {
    return this.#options.workers;
  }

  /** Does nothing if they run already. */
  start(): void {
    if (this.#slots.length > 0) return;
    lowerHelperThreads();
    this.#slots = Array.from({ length: this.#options.workers }, (_, index) => this.#slot(index));
  }

  /** Resolves when all are up and warm; rejects if one cannot be started. */
  async prepare(): Promise<void> {
    this.start();
    await Promise.all(this.#slots.map((slot) => slot.ready.promise));
  }

  /** One that is being replaced does not hear of it. */
  post(index: number, message: ToWorker): void {
    this.#slots[index]?.worker?.postMessage(message);
  }

  /** The thread in a place; null while it is being replaced. */
  at(index: number): Worker | null {
    return this.#slots[index]?.worker ?? null;
  }

  /** Connections that are open, how many were made since the start, and requests that wait for their answers. */
  openCounts(): OpenCounts {
    const sum = (of: (count: OpenCount) => number) => this.#slots.reduce((total, slot) => total + of(slot.connections), 0);
    return { open: sum((count) => count.open), made: sum((count) => count.made), requests: sum((count) => count.requests) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watchdog.stop();
    const workers = this.#slots.flatMap(({ worker }) => (worker === null ? [] : [worker]));
    for (const slot of this.#slots) if (slot.respawn !== null) clearTimeout(slot.respawn);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #slot(index: number): Slot {
    const slot: Slot = { index, worker: null, spawnedAtMs: 0, respawn: null, ready: Promise.withResolvers(), crashes: 0, connections: new OpenCount() };
    // Whoever does not wait for it hears of the crashes by onFault.
    slot.ready.promise.catch(() => {});
    this.#populate(slot);
    return slot;
  }

  #populate(slot: Slot): void {
    const { settings, spawn, onMessage } = this.#options;
    const pulse = new SharedArrayBuffer(4);
    const worker = spawn({ ...settings, index: slot.index, pulse, connections: slot.connections.memory });
    slot.worker = worker;
    slot.spawnedAtMs = monotonicMs();
    let fault: Error | null = null;
    const watched: Watched = {
      pulse,
      isUp: false,
      hung: () => {
        fault = new Error("it hung; does a capture's regular expression backtrack without end?");
        void worker.terminate();
      },
    };
    this.#watchdog.watch(watched);
    worker.on("message", (message: FromWorker) => {
      if (message.kind !== "ready") return onMessage(slot.index, message);
      watched.isUp = true;
      slot.ready.resolve();
    });
    worker.on("error", (error) => {
      fault = error instanceof Error ? error : new Error(String(error));
    });
    worker.on("exit", (code) => {
      this.#watchdog.unwatch(watched);
      this.#crashed(slot, fault ?? new Error(`load thread exited with code ${code}`));
    });
  }

  #crashed(slot: Slot, error: Error): void {
    slot.connections.endAll();
    if (this.#closed) return;
    slot.worker = null;
    if (++slot.crashes >= HOPELESS_CRASHES) slot.ready.reject(error);
    this.#options.onCrash(slot.index);
    const message = `load thread ${slot.index + 1} crashed and is replaced: ${error.message}`;
    const hint = "If this repeats, run the agent with fewer --workers or a smaller plan.";
    const waitMs = slot.spawnedAtMs + RESPAWN_INTERVAL_MS - monotonicMs();
    slot.respawn = setTimeout(() => this.#respawn(slot), Math.max(0, waitMs));
    this.#options.onFault(new LoadswarmError("INTERNAL", message, hint, error));
  }

  #respawn(slot: Slot): void {
    slot.respawn = null;
    this.#populate(slot);
    this.#options.onReplaced(slot.index);
  }
}
