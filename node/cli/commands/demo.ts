// loadswarm demo: three agents share a rate, one is killed, a fourth joins; the target itself says what arrived.

import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_OPTIONS } from "../../../examples/target/options.ts";
import { type RunningTarget, startTarget } from "../../../examples/target/target.ts";
import type { Summary } from "../../core/summary-type.ts";
import { EXIT, LoadswarmError } from "../../plan/errors.ts";
import type { Invocation } from "../invocation.ts";
import { call, fetchSummary } from "../client.ts";
import { chartLine, judgeSpans } from "../demo-chart.ts";
import * as demo from "../demo-plan.ts";
import type { Io } from "../io.ts";
import { type OutputOptions, textStream, writeOutputs } from "../outputs.ts";
import { type AgentProcess, AgentProcesses, untilMembers } from "../spawn-agents.ts";

const POLL_MS = 200;
/** For three agents to find each other. */
const GATHER_MS = 20_000;
/** From the end of the load until the survivors agree on the result: graceful stop and a margin. */
const SETTLE_MS = 15_000;

interface TargetStats {
  readonly total_hits: number;
  readonly duplicates: number;
  readonly perSecond: readonly (readonly [number, number])[];
}

export async function command({ values, io }: Invocation<"demo">): Promise<number> {
  const text = textStream(values, io);
  const say = (line: string): void => void text.write(`${line}\n`);
  const interrupted = Promise.withResolvers<null>();
  const undo = io.onInterrupt(() => interrupted.resolve(null));
  const agents = new AgentProcesses();
  const target = await startTarget({ ...DEFAULT_OPTIONS, port: 0 });
  try {
    const playing = play(target, agents, io, values, say);
    // When the user leaves first, what the play still says is of no interest.
    playing.catch(() => undefined);
    return (await Promise.race([playing, interrupted.promise])) ?? EXIT.interrupted;
  } finally {
    undo();
    await agents.end();
    await target.close();
  }
}

async function play(
  target: RunningTarget,
  agents: AgentProcesses,
  io: Io,
  outputs: OutputOptions,
  say: (line: string) => void,
): Promise<number> {
  const start = (number: number, join: readonly string[]): Promise<AgentProcess> =>
    agents.start({ env: io.env, name: `agent-${number}`, join, flags: ["--workers", "1", "--log-level", "warn"] });
  say(`target   ${target.url}, counting for itself`);
  const first = await start(1, []);
  const others = await Promise.all(Array.from({ length: demo.AGENTS - 1 }, (_, i) => start(i + 2, [first.listen])));
  const survivor = others[0]!;
  for (const agent of [first, ...others]) say(`${agent.name}  ${agent.apiUrl}`);
  await Promise.all([first, ...others].map((agent) => untilMembers(agent.apiUrl, demo.AGENTS, GATHER_MS)));
  const { run, startsAt } = await call(first.apiUrl, {
    method: "POST",
    path: "/api/v1/runs",
    headers: { "content-type": "application/json" },
    body: demo.demoPlan(target.url),
  });
  if (typeof run !== "string" || typeof startsAt !== "string") {
    throw new LoadswarmError("INTERNAL", "the agent took the plan but does not say when it starts", "");
  }
  say(`run ${run}: ${demo.RATE_PER_SECOND}/s for ${demo.DURATION_S} s, published to ${first.name}\n`);
  const hits = await watchTarget(target.url, Date.parse(startsAt), say, [
    { atS: demo.KILL_AT_S, note: `${first.name}, which took the plan, killed`, happen: () => first.kill() },
    { atS: demo.JOIN_AT_S, note: "agent-4 started", happen: () => start(4, [survivor.listen]) },
  ]);
  const summary = await settled(survivor, run);
  say(`\nsummary by ${survivor.name}:`);
  writeOutputs(summary, outputs, io);
  return judge(summary, await statsOf(target.url), hits, say);
}

interface DemoEvent {
  readonly atS: number;
  readonly note: string;
  happen(): unknown;
}

/** Prints a line per whole second within the run and makes the events happen; resolves to the hits per second. */
async function watchTarget(
  url: string,
  startMs: number,
  say: (line: string) => void,
  events: readonly DemoEvent[],
): Promise<number[]> {
  const first = Math.ceil(startMs / 1000);
  const count = Math.floor(startMs / 1000 + demo.DURATION_S) - first;
  const hits: number[] = [];
  const pending = [...events];
  // A new agent takes a moment to start; whatever goes wrong with it must not be lost.
  const happening: Promise<unknown>[] = [];
  while (hits.length < count) {
    const next = pending[0];
    if (next !== undefined && Date.now() >= (first + next.atS) * 1000) {
      pending.shift();
      const outcome = Promise.resolve(next.happen());
      outcome.catch(() => undefined);
      happening.push(outcome);
    }
    const seconds = new Map((await statsOf(url)).perSecond);
    const now = Math.max(...seconds.keys());
    for (let i = hits.length; i < count && first + i < now; i++) {
      hits.push(seconds.get(first + i) ?? 0);
      const note = events.find((event) => event.atS === i)?.note ?? "";
      say(chartLine(i, hits[i]!, demo.RATE_PER_SECOND, note));
    }
    await sleep(POLL_MS);
  }
  await Promise.all(happening);
  return hits;
}

/** The final summary, from an agent that is still there. */
async function settled(agent: AgentProcess, run: string): Promise<Summary> {
  const sinceMs = performance.now();
  for (;;) {
    const summary = await fetchSummary((request) => call(agent.apiUrl, request), run);
    if (summary.state !== "scheduled" && summary.state !== "running") return summary;
    if (performance.now() - sinceMs > SETTLE_MS) {
      throw new LoadswarmError("INTERNAL", `run ${run} is still ${summary.state} long after its end`, "");
    }
    await sleep(POLL_MS);
  }
}

/** Says what held and what did not, and returns the exit code. */
function judge(summary: Summary, stats: TargetStats, hits: readonly number[], say: (line: string) => void): number {
  const problems: string[] = [];
  const busy = { late: summary.iterations.dropped.late ?? 0, mostLate: demo.MOST_LATE };
  const spans = judgeSpans(hits, demo.RATE_PER_SECOND, demo.demoSpans(hits.length), demo.TOLERANCE, busy);
  for (const { name, rate, held, tooBusyFor } of spans) {
    const remark = tooBusyFor === 0 ? "" : `; this machine was too busy for the other ${tooBusyFor}, dropped as late`;
    say(`  ${held ? "✓" : "✗"} ${name}: ${rate.toFixed(1)}/s of ${demo.RATE_PER_SECOND}/s${remark}`);
    if (!held) problems.push(`the rate did not hold (${name})`);
  }
  const { started } = summary.iterations;
  // What a killed agent did after its last report, at most a second old, is known to the target alone.
  const unreported = stats.total_hits - started;
  const bound = Math.ceil((1.1 * demo.RATE_PER_SECOND) / demo.AGENTS);
  const exact = Math.abs(unreported) <= bound;
  say(`  ${exact ? "✓" : "✗"} target counted ${stats.total_hits}, summary says ${started}; a crash may hide ${bound}`);
  if (!exact) problems.push("the summary does not agree with the target");
  say(`  ${stats.duplicates === 0 ? "✓" : "✗"} ${stats.duplicates} of ${stats.total_hits} iterations arrived twice`);
  if (stats.duplicates > 0) problems.push("iterations were done twice");
  if (summary.state !== "finished") problems.push(`the run was ${summary.state}`);
  if (problems.length > 0) {
    say(`\ndemo failed: ${problems.join("; ")}`);
    return spans.every((span) => span.held) ? EXIT.internal : EXIT.rateNotMet;
  }
  const failed = summary.thresholds.some((threshold) => !threshold.ok);
  const tooBusy = spans.some((span) => span.tooBusyFor > 0);
  say(failed ? "\ndemo failed: a threshold was crossed" : `\nthe rate held${tooBusy ? ", but for what this machine was too busy for" : ""}`);
  return failed ? EXIT.thresholdsFailed : EXIT.pass;
}

async function statsOf(url: string): Promise<TargetStats> {
  return (await call(url, { method: "GET", path: "/stats" })) as unknown as TargetStats;
}
