// How the process is: about ten series, not seventy.

import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { cpuQuota, throttling } from "./cgroup.ts";
import { HEALTH_METERS as M } from "./meters.ts";
import type { Reading } from "./reading.ts";
import { Sketch } from "./sketch.ts";

/** How often the event loop is asked. Every wake-up costs 0.1 ms of CPU: at 20 ms that was half of what an idle agent needed. */
const DELAY_TICK_MS = 100;
/** The same while no run is on, when it is most of the wake-ups that are left. */
const IDLE_TICK_MS = 1000;
/** Utilisation over less time than this is noise. */
const UTILIZATION_MS = 1000;

export class ProcessReadings {
  readonly #startMs = performance.timeOrigin;
  readonly #quota = cpuQuota();
  readonly #delay = Sketch.create();
  /** Whether there is load to be punctual for. */
  readonly #isBusy: () => boolean;
  #ticker: NodeJS.Timeout;
  #utilization: { readonly atMs: number; readonly since: EventLoopUtilization; readonly value: number } = {
    atMs: performance.now(),
    since: performance.eventLoopUtilization(),
    value: 0,
  };

  constructor(isBusy: () => boolean) {
    this.#isBusy = isBusy;
    this.#ticker = this.#tick();
  }

  stop(): void {
    clearTimeout(this.#ticker);
  }

  read(): Reading[] {
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    const throttled = throttling(this.#quota);
    const reading = (meter: Reading["meter"], value: Reading["value"]): Reading => ({
      meter,
      labels: [],
      value,
      startMs: this.#startMs,
    });
    return [
      reading(M.eventLoopDelay, this.#delay.extract()),
      reading(M.eventLoopUtilization, this.#busy()),
      ...(throttled === null ? [] : [reading(M.cpuThrottled, throttled.seconds)]),
      reading(M.cpu, (user + system) / 1e6),
      reading(M.residentMemory, memory.rss),
      reading(M.startTime, this.#startMs / 1000),
      reading(M.heapUsed, memory.heapUsed),
      reading(M.heapTotal, memory.heapTotal),
      reading(M.external, memory.external),
    ];
  }

  #tick(): NodeJS.Timeout {
    const waitMs = this.#isBusy() ? DELAY_TICK_MS : IDLE_TICK_MS;
    const expectedMs = performance.now() + waitMs;
    const ticked = () => {
      this.#delay.record(performance.now() - expectedMs);
      this.#ticker = this.#tick();
    };
    return setTimeout(ticked, waitMs).unref();
  }

  #busy(): number {
    const atMs = performance.now();
    if (atMs - this.#utilization.atMs >= UTILIZATION_MS) {
      const now = performance.eventLoopUtilization();
      this.#utilization = {
        atMs,
        since: now,
        value: performance.eventLoopUtilization(now, this.#utilization.since).utilization,
      };
    }
    return this.#utilization.value;
  }
}
