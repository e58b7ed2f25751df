// The threads in which V8 compiles and collects garbage, four for the whole process: they yield to whoever makes the load.

import { readdirSync, readFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/**
 * By how much they are nicer than the process; that needs no privilege. 0: while the code of a run is being compiled, four of
 * them take four fifths of a core from the load thread that shares it, and arrivals of the first second are dropped. 10 and
 * more: a load thread that waits for one of them in a garbage collection waits for as long as others keep the cores busy
 * (measured with two threads at their limit on two cores: 12 to 20 ms at most with 5, 31 to 144 ms with 10, 470 ms with 19).
 */
export const NICER_BY = 5;

const NICEST = 19;
const TASKS = "/proc/self/task";
/** Part of their name, which was `V8Worker` and `node-V8Worker` so far. */
const HELPER = "V8Worker";

/** Lowers their priority. Where that is not possible nothing happens: the load goes on, a little less evenly. */
export function lowerHelperThreads(): void {
  if (process.platform !== "linux") return;
  try {
    const nice = Math.min(NICEST, getPriority() + NICER_BY);
    // On Linux each thread has its own nice value, and its id is taken for that of a process.
    for (const task of readdirSync(TASKS)) if (nameOf(task).includes(HELPER)) setPriority(Number(task), nice);
  } catch {}
}

function nameOf(task: string): string {
  try {
    return readFileSync(`${TASKS}/${task}/comm`, "latin1");
  } catch {
    return "";
  }
}
