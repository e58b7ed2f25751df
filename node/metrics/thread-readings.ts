// What the load threads of an agent showed of themselves in the last second, as readings of the catalogue.

import { RUN_METERS as M } from "./meters.ts";
import type { Reading } from "./reading.ts";
import { GENERATOR_VERDICTS, type GeneratorVerdict, worstVerdict } from "./self-diagnosis.ts";

/** More threads are told as one, by the worst of them: each is two series of every run that is on. */
export const MOST_THREADS = 32;

export interface Thread {
  readonly verdict: GeneratorVerdict;
  readonly utilization: number;
}

/** Threads are numbered from 1, as in the log. */
export function threadReadings(run: string, threads: readonly Thread[], startMs: number): Reading[] {
  const told: readonly (readonly [label: string, thread: Thread])[] =
    threads.length > MOST_THREADS ? [["worst", worstOf(threads)]] : threads.map((thread, i) => [String(i + 1), thread]);
  return told.flatMap(([label, { verdict, utilization }]) => [
    { meter: M.generatorVerdict, labels: [run, label], value: GENERATOR_VERDICTS.indexOf(verdict), startMs },
    { meter: M.threadUtilization, labels: [run, label], value: utilization, startMs },
  ]);
}

function worstOf(threads: readonly Thread[]): Thread {
  const utilization = Math.max(...threads.map((thread) => thread.utilization));
  return { verdict: worstVerdict(threads.map(({ verdict }) => verdict)), utilization };
}
