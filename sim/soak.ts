// `npm run sim:soak`: many seeds of many scenarios on all cores, and a table of the worst there was.

import { availableParallelism } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { EXIT, LoadswarmError } from "../node/plan/errors.ts";
import { runScenario } from "./run.ts";
import { SCENARIOS, scenarioNamed, whyNot } from "./scenarios/all.ts";
import { type Job, type Result, soakTable } from "./soak-table.ts";

const USAGE = `npm run -s sim:soak -- [--seeds K] [--from SEED] [--agents 20,40] [--scenario NAME,…] [--jobs J]

Runs K seeds of every scenario (or those named) with each number of agents, prints a table of the worst values and the
command that replays each failure. Exit code 1 if a promise was broken.
`;
/** Seeds that one thread runs before it tells: fewer tell sooner, more tell less often. */
const SHOW_EVERY = 20;

interface Wishes {
  readonly jobs: readonly Job[];
  readonly skipped: readonly string[];
  readonly threads: number;
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
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return null;
  const scenarios = values.scenario?.split(",").map(scenarioNamed) ?? SCENARIOS;
  const [seeds, from] = [whole("seeds", values.seeds, 1), whole("from", values.from, 0)];
  const jobs: Job[] = [];
  const skipped: string[] = [];
  for (const agents of values.agents.split(",").map((text) => whole("agents", text, 1))) {
    for (const scenario of scenarios) {
      const reason = whyNot(scenario, agents);
      if (reason !== null) skipped.push(`${scenario.name} with ${agents} agents: ${reason}`);
      else for (let i = 0; i < seeds; i++) jobs.push({ scenario: scenario.name, agents, seed: from + i });
    }
  }
  return { jobs, skipped, threads: Math.min(whole("jobs", values.jobs, 1), jobs.length) };
}

function whole(flag: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  throw new LoadswarmError("USAGE", `--${flag}: ${text} is not a whole number from ${least} on`, USAGE);
}

function play({ scenario, agents, seed }: Job): Result {
  try {
    const { held, findings } = runScenario({ scenario: scenarioNamed(scenario), agents, seed });
    return { scenario, agents, seed, held, findings, error: null };
  } catch (cause) {
    const error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    return { scenario, agents, seed, held: false, findings: [], error };
  }
}

function soak({ jobs, skipped, threads }: Wishes): void {
  const results: Result[] = [];
  let next = 0;
  let working = threads;
  const finish = (): void => {
    process.stdout.write(soakTable(results, skipped));
    process.exitCode = results.every(({ held }) => held) ? EXIT.pass : EXIT.internal;
  };
  if (jobs.length === 0) return finish();
  for (let i = 0; i < threads; i++) {
    const worker = new Worker(fileURLToPath(import.meta.url));
    const give = (): void => {
      const job = jobs[next++];
      if (job !== undefined) return worker.postMessage(job, []);
      void worker.terminate();
      if (--working === 0) finish();
    };
    worker.on("error", (error) => {
      throw error;
    });
    worker.on("message", (result: Result) => {
      results.push(result);
      if (results.length % SHOW_EVERY === 0) process.stderr.write(`${results.length} of ${jobs.length}\n`);
      give();
    });
    give();
  }
}

function main(): void {
  try {
    const wanted = wishes(process.argv.slice(2));
    if (wanted === null) process.stdout.write(USAGE);
    else soak(wanted);
  } catch (error) {
    const isUsage = error instanceof TypeError || error instanceof LoadswarmError;
    if (!isUsage) throw error;
    process.stderr.write(`${error.message}\n  ${error instanceof LoadswarmError ? error.hint : USAGE}\n`);
    process.exitCode = EXIT.invalid;
  }
}

if (isMainThread) main();
else parentPort?.on("message", (job: Job) => parentPort?.postMessage(play(job), []));
