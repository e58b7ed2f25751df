// Runs every generator in turn, round after round, each time in another order, and notes what each of them cost.

import { cpus, loadavg, release } from "node:os";
import { measure } from "./measure.ts";
import { pacingOf } from "./pacing.ts";
import { cores, keepAway, type Pin, pinned } from "./pin.ts";
import { type Comparison, perCpuSecond, type Sample } from "./results.ts";
import { Target } from "./target.ts";
import { type Column, COLUMNS, commandOf, CONNECTIONS, findTool, type Task, type Tool, TOOLS, versionOf } from "./tools.ts";

export interface Choice {
  readonly columns: readonly Column[];
  /** Names; null: all. */
  readonly tools: readonly string[] | null;
  readonly rounds: number;
  readonly seconds: number;
}

/** Beyond the time that was asked for: starting, and ending. */
const GRACE_MS = 30_000;
/** What starting and ending take on the average, for the estimate. */
const AROUND_SECONDS = 1.7;

interface Candidate {
  readonly tool: Tool;
  readonly path: string;
}

export async function compare(choice: Choice, note: (line: string) => void): Promise<Comparison> {
  const wanted = TOOLS.filter(({ name }) => choice.tools === null || choice.tools.includes(name));
  const candidates = wanted.flatMap((tool) => {
    const path = findTool(tool);
    return path === null ? [] : [{ tool, path }];
  });
  const missing = wanted.filter((tool) => findTool(tool) === null).map(({ name }) => name);
  if (missing.length > 0) note(`not installed, left out: ${missing.join(", ")} (bench/peers/install.sh gets them)`);
  const pins = cores();
  keepAway(pins);
  if (pins.generator === null) note("target and generators share the cores: the figures say little");
  const target = await Target.start(pins.target);
  const startedAt = new Date().toISOString();
  const loadBefore = loadavg()[0]!;
  const samples: Sample[] = [];
  try {
    const jobs = planned(choice, candidates);
    await warmUp(candidates, target);
    note(`${jobs.length} runs of ${choice.seconds} s, about ${Math.ceil((jobs.length * (choice.seconds + AROUND_SECONDS)) / 60)} minutes`);
    for (const [done, { round, column, candidate }] of jobs.entries()) {
      const sample = await once(candidate, { round, column, seconds: choice.seconds }, target, pins.generator, note);
      if (sample === null) continue;
      samples.push(sample);
      note(`${done + 1}/${jobs.length} round ${round} ${shown(sample)}`);
    }
  } finally {
    await target.stop();
  }
  return {
    schema: "loadswarm.bench/1",
    startedAt,
    machine: {
      cpu: cpus()[0]!.model.trim(),
      cores: cpus().length,
      kernel: release(),
      node: process.version,
      nginx: Target.version(),
      pinned: pins.generator !== null,
      loadBefore,
    },
    settings: { rounds: choice.rounds, seconds: choice.seconds, connections: CONNECTIONS },
    tools: candidates.map(({ tool, path }) => ({
      name: tool.name,
      version: versionOf(tool, path),
      rate: tool.rate ?? null,
      without: tool.without ?? "",
    })),
    missing,
    samples,
  };
}

/** Ours once, unmeasured: the first start of a new version fills the compile cache, every later one profits. */
async function warmUp(candidates: readonly Candidate[], target: Target): Promise<void> {
  const ours = candidates.find(({ tool }) => tool.binary === null);
  if (ours === undefined) return;
  const task: Task = { column: "bare", url: target.urls.plain, seconds: 1, rate: 0, target };
  await measure(commandOf(ours.tool, ours.path, task), GRACE_MS);
}

/** Each round has another one first, so that nobody is always the first or always behind the same. */
function planned({ columns, rounds }: Choice, candidates: readonly Candidate[]) {
  return Array.from({ length: rounds }, (_, i) => i + 1).flatMap((round) =>
    COLUMNS.filter((column) => columns.includes(column)).flatMap((column) => {
      const all = candidates.filter(({ tool }) => tool.columns.includes(column));
      return all.map((_, i) => ({ round, column, candidate: all[(i + round - 1) % all.length]! }));
    }),
  );
}

async function once(
  { tool, path }: Candidate,
  { round, column, seconds }: { readonly round: number; readonly column: Column; readonly seconds: number },
  target: Target,
  pin: Pin,
  note: (line: string) => void,
): Promise<Sample | null> {
  const { urls } = target;
  const url = { bare: urls.plain, tls: urls.tls, open: urls.logged, h2: urls.h2 }[column];
  const task: Task = { column, url, seconds, rate: tool.rate ?? 0, target };
  const command = commandOf(tool, path, task);
  target.takeLog();
  const before = await target.counted();
  const from = performance.now();
  const cost = await measure({ ...command, argv: pinned(pin, command.argv) }, seconds * 1000 + GRACE_MS);
  const wallSeconds = (performance.now() - from) / 1000;
  const requests = (await target.counted()) - before - 1;
  const times = target.takeLog();
  if (cost.exitCode === null || requests < seconds || Number.isNaN(cost.userSeconds)) {
    note(`${tool.name}, ${column}: of no use (exit code ${cost.exitCode}, ${requests} requests): ${lastOf(cost.said, 3)}`);
    return null;
  }
  if (cost.exitCode !== 0) note(`${tool.name}, ${column}: exit code ${cost.exitCode}: ${lastOf(cost.said, 1)}`);
  const { userSeconds, systemSeconds, peakMB, exitCode } = cost;
  const pacing = column === "open" && task.rate > 0 ? pacingOf(times, task.rate) : null;
  return { round, column, tool: tool.name, requests, wallSeconds, userSeconds, systemSeconds, peakMB, exitCode, pacing };
}

function lastOf(said: string, lines: number): string {
  return said.trim().split("\n").slice(-lines).join(" | ");
}

function shown(sample: Sample): string {
  const { column, tool, requests, userSeconds, systemSeconds, wallSeconds, peakMB } = sample;
  const cost = `${Math.round(perCpuSecond(sample)).toLocaleString("en-US").padStart(8)} requests/CPU-s`;
  const cpu = `${(userSeconds + systemSeconds).toFixed(2)} CPU-s of ${wallSeconds.toFixed(1)} s`;
  return `${column.padEnd(4)} ${tool.padEnd(10)} ${cost}  ${requests} in ${cpu}, ${peakMB.toFixed(0)} MB`;
}
