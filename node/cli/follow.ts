// Follows a run until it has ended, whoever executes it.

import type { Summary } from "../core/summary-type.ts";
import { EXIT } from "../plan/errors.ts";
import { exitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { checkOutputs, type OutputOptions, textStream, writeOutputs } from "./outputs.ts";
import { type Progress, startProgress } from "./progress.ts";

/** As often as agents report. */
const POLL_MS = 1000;
/** When this agent's part is over, the rest is a matter of moments. */
const ENDING_POLL_MS = 200;

/** Where the run is looked at and stopped: an agent in this process, or one behind its HTTP API. */
export interface RunSource {
  summary(): Promise<Summary>;
  stop(): Promise<void>;
  /** Resolves when the part of the agent in this process is over; absent where it cannot be told. */
  readonly ending?: Promise<void>;
}

export interface FollowOptions extends OutputOptions {
  /** What the first Ctrl-C does; the second one always leaves at once. */
  readonly onInterrupt: "stop" | "detach";
  /** Between two looks; tests have less time. */
  readonly pollMs?: number;
}

export interface Follower {
  /** Prints a message beside the progress. */
  note(text: string): void;
  /** Resolves to the exit code, after progress, summary and outputs have been written. */
  finish(source: RunSource): Promise<number>;
}

/**
 * Prepares to follow. @throws LoadswarmError USAGE if the outputs contradict each other, OUTPUT_FAILED if one cannot be
 * written
 */
export async function follower(options: FollowOptions, io: Io): Promise<Follower> {
  const text = textStream(options, io);
  checkOutputs(options);
  const progress = await startProgress(text, io);
  const finish = async (source: RunSource): Promise<number> => {
    const end = await untilEnded(source, options, io, progress).finally(() => progress.stop());
    if (end === null) return EXIT.interrupted;
    writeOutputs(end, options, io);
    return exitCode(end);
  };
  return { note: (text) => progress.note(text), finish };
}

/** The final summary; null if the user left before. */
async function untilEnded(
  source: RunSource,
  options: FollowOptions,
  io: Io,
  progress: Progress,
): Promise<Summary | null> {
  const interrupts = new Interrupts(io);
  let isEnding = false;
  void source.ending?.then(() => {
    isEnding = true;
    interrupts.lookAgain();
  });
  try {
    let stopping = false;
    for (;;) {
      const summary = await source.summary();
      progress.update(summary);
      if (summary.state !== "scheduled" && summary.state !== "running") return summary;
      const usualMs = options.pollMs ?? POLL_MS;
      // A look takes some milliseconds of a core that the load may need, and where the end is told none is needed for it.
      const nextMs = source.ending === undefined ? usualMs : Math.max(usualMs, Math.ceil(progress.untilNextMs()));
      await interrupts.wait(isEnding ? ENDING_POLL_MS : nextMs, stopping ? 2 : 1);
      if (interrupts.count >= 2 || (interrupts.count === 1 && options.onInterrupt === "detach")) {
        progress.note(`detached; run ${summary.run} goes on`);
        return null;
      }
      if (interrupts.count === 1 && !stopping) {
        stopping = true;
        progress.note("stopping; press Ctrl-C again to leave at once");
        await source.stop();
      }
    }
  } finally {
    interrupts.stop();
  }
}

/** Counts Ctrl-C, and lets a wait end at one. */
class Interrupts {
  count = 0;
  readonly stop: () => void;
  #until = 1;
  #wake: () => void = () => undefined;

  constructor(io: Io) {
    this.stop = io.onInterrupt(() => {
      this.count++;
      if (this.count >= this.#until) this.#wake();
    });
  }

  /** Ends a wait without an interrupt. */
  lookAgain(): void {
    this.#wake();
  }

  /** Resolves after `ms`, or as soon as `until` interrupts have been counted. */
  wait(ms: number, until: number): Promise<void> {
    if (this.count >= until) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#until = until;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
