// Alarms with a resolution of a fifth of a millisecond: a pacer thread sleeps in the kernel and wakes the load threads.
//
// A load thread must not sleep in Atomics.wait: answers would lie unread, and durations would seem up to 18 times as
// long. Its own timers have a resolution of a millisecond. So another thread waits for it, and wakes it by notify.

import { monotonicMs } from "./clock.ts";

/** Shortest sleep of the pacer thread. Shorter costs it more CPU (0.15 of a core at 0.2 ms), and gains little. */
const TICK_MS = 0.2;
/** Longest sleep, so that a thread that has nothing to do is seen to live. */
const LONGEST_MS = 100;

/** Int32 fields: the bell of the pacer thread, then how often each load thread was woken. */
const BELL = 0;
const WOKEN = 1;

/** Memory for the alarms of so many load threads. */
export function allocateAlarms(threads: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(8 * (1 + threads) + 4 * (WOKEN + threads));
  new Float64Array(memory, 0, 1 + threads).fill(Number.POSITIVE_INFINITY);
  return memory;
}

interface Fields {
  /** Until when the pacer thread sleeps, then when each load thread wants to be woken. Monotonic milliseconds. */
  readonly atMs: Float64Array;
  readonly signals: Int32Array;
}

function fieldsOf(memory: SharedArrayBuffer): Fields {
  const threads = (memory.byteLength - 8 - 4 * WOKEN) / 12;
  return {
    atMs: new Float64Array(memory, 0, 1 + threads),
    signals: new Int32Array(memory, 8 * (1 + threads), WOKEN + threads),
  };
}

/** A full fence: what was written before is seen by others before what is read after was read. */
function fence(signals: Int32Array): number {
  return Atomics.add(signals, BELL, 0);
}

/** The alarm of one load thread. */
export class Alarm {
  readonly #fields: Fields;
  readonly #index: number;
  readonly #onAlarm: () => void;
  #isWaiting = false;

  /** `onAlarm` is called once the time has come, at the earliest when the event loop turns. */
  constructor(memory: SharedArrayBuffer, index: number, onAlarm: () => void) {
    this.#fields = fieldsOf(memory);
    this.#index = index;
    this.#onAlarm = onAlarm;
  }

  /** Instead of any time set before. Nothing comes of it while no pacer thread runs. */
  set(atMs: number): void {
    const { atMs: times, signals } = this.#fields;
    times[1 + this.#index] = atMs;
    this.#wait();
    fence(signals);
    if (atMs >= times[0]!) return;
    Atomics.add(signals, BELL, 1);
    Atomics.notify(signals, BELL);
  }

  #wait(): void {
    if (this.#isWaiting) return;
    const { signals } = this.#fields;
    const at = WOKEN + this.#index;
    const wait = Atomics.waitAsync(signals, at, Atomics.load(signals, at));
    // Never at once: nobody wakes a thread that has not set a time, and it has set none since it was woken.
    if (!wait.async) return;
    this.#isWaiting = true;
    void wait.value.then(() => {
      this.#isWaiting = false;
      this.#onAlarm();
    });
  }
}

/** What the pacer thread does, again and again: wakes those whose time has come and sleeps until the next one's. */
export class Ringer {
  readonly #fields: Fields;

  constructor(memory: SharedArrayBuffer) {
    this.#fields = fieldsOf(memory);
  }

  turn(): void {
    const { atMs: times, signals } = this.#fields;
    // Whoever sets a time from here on rings the bell, and then there is no sleep.
    times[0] = Number.POSITIVE_INFINITY;
    const bell = fence(signals);
    const nowMs = monotonicMs();
    let nextMs = nowMs + LONGEST_MS;
    for (let i = 1; i < times.length; i++) {
      const dueMs = times[i]!;
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
        continue;
      }
      times[i] = Number.POSITIVE_INFINITY;
      Atomics.add(signals, WOKEN + i - 1, 1);
      Atomics.notify(signals, WOKEN + i - 1);
    }
    times[0] = Math.max(nextMs, nowMs + TICK_MS);
    Atomics.wait(signals, BELL, bell, times[0] - nowMs);
  }
}
