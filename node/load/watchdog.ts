// Notices load threads that hang: a capture's regular expression that backtracks for ever stops everything in its thread.

/** How often a thread says that its event loop turns. */
export const PULSE_MS = 250;

const LOOK_MS = 1000;
/**
 * Silent looks in a row after which a thread counts as hung. Fewer would kill threads of a machine that is merely
 * starved; a process that was stopped as a whole is no matter, because its looks stop as well.
 */
const SILENT_LOOKS = 5;

/** What is watched of a thread: memory it counts up in, whether it is up, and what to do when it hangs. */
export interface Watched {
  readonly pulse: SharedArrayBuffer;
  isUp: boolean;
  hung(): void;
}

export class Watchdog {
  readonly #silent = new Map<Watched, { last: number; looks: number }>();
  #timer: NodeJS.Timeout | null = null;

  watch(thread: Watched): void {
    this.#silent.set(thread, { last: -1, looks: 0 });
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  unwatch(thread: Watched): void {
    this.#silent.delete(thread);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #look(): void {
    for (const [thread, seen] of this.#silent) {
      const count = new Int32Array(thread.pulse)[0]!;
      seen.looks = thread.isUp && count === seen.last ? seen.looks + 1 : 0;
      seen.last = count;
      if (seen.looks < SILENT_LOOKS) continue;
      this.unwatch(thread);
      thread.hung();
    }
  }
}
