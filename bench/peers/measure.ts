// What a command costs: CPU time of the whole process tree as the kernel counts it, and the most memory it had.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Cost {
  /** User and system time, also of processes that it started and waited for. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** Most resident memory of each process, added up; looked at four times a second. */
  readonly peakMB: number;
  readonly exitCode: number | null;
  /** The end of what it printed. */
  readonly said: string;
}

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
}

const LOOKS_PER_SECOND = 4;
const SAID_CHARACTERS = 2000;

export interface Listener {
  /** Hears once a second what is resident in all of its processes, MB. */
  readonly onMemory?: (residentMB: number) => void;
  /** Hears all that it prints. */
  readonly onText?: (text: string) => void;
}

/** Killed, and judged by what it did until then, if it takes longer. */
export async function measure(command: Command, timeoutMs: number, { onMemory, onText }: Listener = {}): Promise<Cost> {
  // The shell's `time` asks the kernel what its children used, to the millisecond.
  const script = `exec 3>&2; TIMEFORMAT='cpu %3U %3S'; { time "$@" 2>&3; } 2>&1 >&3`;
  const child = spawn("bash", ["-c", script, "bash", ...command.argv], {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let times = "";
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (times += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_CHARACTERS);
    onText?.(text);
  });
  const peaks = new Map<number, number>();
  let looks = 0;
  const looking = setInterval(() => {
    const residentKB = look(child.pid!, peaks);
    if (++looks % LOOKS_PER_SECOND === 0) onMemory?.(residentKB / 1024);
  }, 1000 / LOOKS_PER_SECOND);
  const late = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), timeoutMs);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearInterval(looking);
  clearTimeout(late);
  const [, user, system] = /cpu ([\d.]+) ([\d.]+)/.exec(times) ?? [];
  const peakKB = [...peaks.values()].reduce((sum, peak) => sum + peak, 0);
  return { userSeconds: Number(user ?? NaN), systemSeconds: Number(system ?? NaN), peakMB: peakKB / 1024, exitCode, said };
}

/** Every process below this one; not itself, which is only the shell that measures. Returns what is resident in all, kB. */
function look(parent: number, peaks: Map<number, number>): number {
  let residentKB = 0;
  for (const pid of childrenOf(parent)) {
    const status = readIf(`/proc/${pid}/status`);
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(status);
    if (peak !== null) peaks.set(pid, Number(peak[1]));
    residentKB += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) + look(pid, peaks);
  }
  return residentKB;
}

function childrenOf(pid: number): number[] {
  return readIf(`/proc/${pid}/task/${pid}/children`).split(" ").filter((text) => text !== "").map(Number);
}

/** Empty if the process has gone. */
function readIf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
