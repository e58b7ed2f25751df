// `npm run sim:soak`: many seeds of many scenarios on all cores, and a table of the worst there was.

import { availableParallelism } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { EXIT, LoadswarmError } from "../node/plan/errors.ts";
import { codeVersion, type Kept, Keeper, lineOf, readKept, summed } from "./kept.ts";
import { runScenario } from "./run.ts";
import { SCENARIOS, scenarioNamed, whyNot } from "./scenarios/all.ts";
import { failure, type Job, keyOf, keysOf, type Result, soakTable } from "./soak-table.ts";

const USAGE = `npm run -s sim:soak -- [--seeds K] [--from SEED] [--agents 20,40] [--scenario NAME,…] [--jobs J] [--keep FILE]
npm run -s sim:soak -- --table FILE [--table FILE]…
npm run -s sim:soak -- --worst FILE [--worst FILE]…
npm run -s sim:soak -- --sum FILE [--sum FILE]…

Runs K seeds of every scenario (or those named) with each number of agents, prints a table of the worst values and the
command that replays each failure. Exit code 1 if a promise was broken.

--keep   Appends each result to FILE, and does not run again what is in it already, run by the very same code with
         the scenario as it is. May be killed at any moment and started again. The table is then of everything that FILE
         has of this code.
--table  Runs nothing: prints the table of files, for the code that their last line comes from.
--worst  The same with one row for each scenario: the worst with any number of agents.
--sum    Runs nothing: prints what files have of that code in few lines, one for all seeds in a row. They serve as such a file.
`;
/**
 * Room for objects of each thread. Young ones have sixteen times the default: frames on their way are collected once they are
 * dead, not copied. Old ones more too: a split of 1,500 agents needs more than 4 GB.
 */
const ROOM = { maxYoungGenerationSizeMb: 1536, maxOldGenerationSizeMb: 8192 };
/** Octets outside of the heap, as sets of members are, count as part of it: else 64 MB more of them cost a full collection. */
const COUNT_ALL_OCTETS = "--external-memory-accounted-in-global-limit";
/** How often it is told how far it is. */
const SHOW_EVERY_MS = 10_000;

interface Wishes {
  readonly jobs: readonly Job[];
  readonly skipped: readonly string[];
  readonly threads: number;
  readonly keep: string | null;
  /** Files to print the table of; then nothing is run. */
  readonly table: readonly string[];
  /** The same, a row for each scenario. */
  readonly worst: readonly string[];
  /** Files to print the sum of; the same. */
  readonly sum: readonly string[];
}

function wishes(argv: readonly string[]): Wishes | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seeds: { type: "string", default: "10" },
      from: { type: "string", default: "1" },
      agents: { type: "string", default: "20" },
      scenario: { type: "string" },
      jobs: { type: "string", default: String(availableParallelism()) },
      keep: { type: "string" },
      table: { type: "string", multiple: true, default: [] },
      worst: { type: "string", multiple: true, default: [] },
      sum: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return null;
  const scenarios = values.scenario?.split(",").map(scenarioNamed) ?? SCENARIOS;
  const [seeds, from] = [whole("seeds", values.seeds, 1), whole("from", values.from, 0)];
  const jobs: Job[] = [];
  const skipped: string[] = [];
  for (const agents of values.agents.split(",").map((text) => whole("agents", text, 1))) {
    const sensible = scenarios.filter((scenario) => whyNot(scenario, agents) === null);
    for (const scenario of scenarios) {
      const reason = whyNot(scenario, agents);
      if (reason !== null) skipped.push(`${scenario.name} with ${agents} agents: ${reason}`);
    }
    // Seed by seed, so that every scenario has been seen soon.
    for (let i = 0; i < seeds; i++) for (const { name } of sensible) jobs.push({ scenario: name, agents, seed: from + i });
  }
  const threads = whole("jobs", values.jobs, 1);
  const ways = ["keep", "table", "worst", "sum"].filter((way) => (values[way as "keep"]?.length ?? 0) > 0);
  if (ways.length > 1) throw new LoadswarmError("USAGE", `--${ways.join(" and --")} do not go together`, USAGE);
  return { jobs, skipped, threads, keep: values.keep ?? null, table: values.table, worst: values.worst, sum: values.sum };
}

function whole(flag: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  throw new LoadswarmError("USAGE", `--${flag}: ${text} is not a whole number from ${least} on`, USAGE);
}

function run({ scenario, agents, seed }: Job): Result {
  try {
    const { held, findings } = runScenario({ scenario: scenarioNamed(scenario), agents, seed });
    return { scenario, agents, seed, held, findings, error: null };
  } catch (cause) {
    const error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    return { scenario, agents, seed, held: false, findings: [], error };
  }
}

function soak({ jobs, skipped, threads, keep }: Wishes): void {
  setFlagsFromString(COUNT_ALL_OCTETS);
  const version = codeVersion();
  const kept = keep === null ? [] : readKept([keep], version).results;
  const keeper = keep === null ? null : keeperOf(keep, version);
  const known = new Set(kept.flatMap(keysOf));
  const open = jobs.filter((job) => !known.has(keyOf(job)));
  const results = [...kept];
  if (known.size > 0) say(`${known.size} results are in ${keep} already; ${open.length} of ${jobs.length} runs are to be played`);
  const progress = new Progress(open.length);
  play(open, threads, (result) => {
    keeper?.add(result);
    results.push(result);
    progress.add(result);
  }, () => finish(results, skipped));
}

function keeperOf(file: string, version: string): Keeper {
  try {
    return new Keeper(file, version);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LoadswarmError("USAGE", `--keep: ${why}`, "Name a file in a folder that exists and can be written.", cause);
  }
}

function finish(results: readonly Result[], skipped: readonly string[], bySize = true): void {
  process.stdout.write(soakTable(results, skipped, bySize));
  process.exitCode = results.every(({ held }) => held) ? EXIT.pass : EXIT.internal;
}

/** Gives the jobs to threads one by one. */
function play(jobs: readonly Job[], threads: number, played: (result: Result) => void, done: () => void): void {
  let next = 0;
  let working = 0;
  const start = (): void => {
    let job = jobs[next++];
    if (job === undefined) return working === 0 ? done() : undefined;
    const worker = new Worker(fileURLToPath(import.meta.url), { resourceLimits: ROOM });
    working++;
    worker.on("message", (result: Result) => {
      played(result);
      job = jobs[next++];
      if (job !== undefined) return worker.postMessage(job, []);
      void worker.terminate();
      if (--working === 0) done();
    });
    // Above all of memory: the others are played all the same, by a new thread.
    worker.on("error", (error) => {
      working--;
      played({ ...job!, held: false, findings: [], error: String(error) });
      start();
    });
    worker.postMessage(job, []);
  };
  for (let i = Math.max(1, Math.min(threads, jobs.length)); i > 0; i--) start();
}

/** Tells failures at once, and now and then how far it is. */
class Progress {
  readonly #total: number;
  readonly #beganMs = 1000 * process.uptime();
  #shownMs = 1000 * process.uptime();
  #done = 0;
  #failed = 0;

  constructor(total: number) {
    this.#total = total;
  }

  add(result: Result): void {
    this.#done++;
    if (!result.held) {
      this.#failed++;
      say(`FAILED ${failure(result)}`);
    }
    const nowMs = 1000 * process.uptime();
    if (nowMs < this.#shownMs + SHOW_EVERY_MS) return;
    this.#shownMs = nowMs;
    const leftMinutes = ((nowMs - this.#beganMs) / this.#done) * ((this.#total - this.#done) / 60_000);
    say(`${this.#done}/${this.#total} done, ${this.#failed} failed, about ${Math.ceil(leftMinutes)} min to go`);
  }
}

function table(files: readonly string[], bySize: boolean): void {
  finish(read(files).results, [], bySize);
}

function sum(files: readonly string[]): void {
  const { results, version } = read(files);
  for (const one of summed(results)) process.stdout.write(`${lineOf(version, one)}\n`);
}

function read(files: readonly string[]): Kept {
  const kept = readKept(files);
  const { results, version, torn, others } = kept;
  const runs = new Set(results.flatMap(keysOf)).size;
  if (runs === 0) throw new LoadswarmError("USAGE", `there are no results in ${files.join(", ")}`, "Name files that --keep has written.");
  say(`code ${version || "unknown"}: ${runs} results; ${others} lines of other code, and ${torn} torn or of other scenarios, left out`);
  return kept;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function main(): void {
  try {
    const wanted = wishes(process.argv.slice(2));
    if (wanted === null) process.stdout.write(USAGE);
    else if (wanted.table.length > 0) table(wanted.table, true);
    else if (wanted.worst.length > 0) table(wanted.worst, false);
    else if (wanted.sum.length > 0) sum(wanted.sum);
    else soak(wanted);
  } catch (error) {
    const isUsage = error instanceof TypeError || error instanceof LoadswarmError;
    if (!isUsage) throw error;
    process.stderr.write(`${error.message}\n  ${error instanceof LoadswarmError ? error.hint : USAGE}\n`);
    process.exitCode = EXIT.invalid;
  }
}

if (isMainThread) main();
else parentPort?.on("message", (job: Job) => parentPort?.postMessage(run(job), []));
