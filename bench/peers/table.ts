// A comparison as text for the terminal, and as the page docs/benchmarks.md.

import { GOALS } from "./goals.ts";
import { type Comparison, type Figure, figuresOf, OURS } from "./results.ts";
import { type Column, COLUMNS } from "./tools.ts";

export const TITLES: Readonly<Record<Column, string>> = {
  bare: "GET, closed loop, HTTP/1.1",
  tls: "the same over TLS",
  open: "open loop, a template in every request, every body checked",
  h2: "GET, closed loop, HTTP/2 over TLS",
};

export function textTable(column: Column, figures: readonly Figure[]): string {
  const header = ["", "requests/CPU-s", "ours is", "(least–most)", "goal", "user us", "sys us", "requests/s", "MB", "late p50/p99 ms", "CV of 10 ms"];
  const rows = [header, ...figures.map((figure) => cells(column, figure))];
  const widths = header.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const lines = rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "));
  return `\n${TITLES[column]}\n${lines.join("\n")}`;
}

function cells(column: Column, figure: Figure): string[] {
  const { tool, perCpuSecond, ratio, userMicros, systemMicros, perSecond, peakMB, pacing } = figure;
  return [
    tool,
    whole(perCpuSecond),
    ratio === null ? "" : times(ratio.median),
    ratio === null ? "" : `(${times(ratio.least)}–${times(ratio.most)})`,
    goal(column, figure),
    userMicros.toFixed(1),
    systemMicros.toFixed(1),
    whole(perSecond),
    whole(peakMB),
    pacing === null ? "" : `${pacing.p50Ms.toFixed(1)} / ${pacing.p99Ms.toFixed(1)}`,
    pacing === null ? "" : pacing.variation.toFixed(3),
  ];
}

export function documentOf(comparison: Comparison): string {
  const { machine, settings, startedAt, missing, tools } = comparison;
  const columns = COLUMNS.filter((column) => figuresOf(comparison, column).length > 0);
  const absent = missing.length === 0 ? "" : ` Not installed there: ${missing.join(", ")}.`;
  const versions = tools.filter(({ name }) => name !== OURS).map(({ name, version }) => `${name} ${version}`.trim());
  return `# Beside the peers

What a request costs each load generator: **requests per CPU-second**, user and system time of the whole process from its
start to its end; ours is \`loadswarm run PLAN --workers 1\`. The more, the better. "Ours is" says how many times as many
requests ours makes of the same CPU time: the median of ${settings.rounds === 1 ? "one round" : `${settings.rounds} rounds`}, each against the other's run of the same round.

![requests per CPU-second](benchmarks.svg)

${columns.map((column) => section(comparison, column)).join("\n")}
## What was measured

- On ${startedAt.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node.slice(1)}, ${machine.nginx}; load average before it ${machine.loadBefore.toFixed(2)}.
- nginx with one worker${machine.pinned ? " on one core, the generator on another (`taskset`)" : "; **no core of their own for target and generator**"}; ${settings.connections} connections, keep-alive, an answer of 51 octets.
- ${settings.rounds === 1 ? "One round" : `${settings.rounds} rounds`} of ${settings.seconds} s, all generators in each of them, every time in another order; medians.
- Requests are counted by nginx, not by the generators. CPU time is the kernel's, memory the most that was resident.
- "Late" and "CV" are nginx's: how long after its time on an even schedule each request was answered, and the standard
  deviation of the requests in each 10 ms by their mean. Its log has milliseconds. What is dropped makes all that comes
  after it late by this measure: ours drops what it could not begin within 50 ms, and says so.
- ${versions.join(", ")}.${absent}

## Where the time goes

Of a load thread that does nothing but bare requests, 55 to 60 % is the system call that writes, 8 to 10 % Node's streams
around it, 15 to 18 % our own code (parser, connection, iteration), 2 % recording, 2 % garbage collection; \`--cpu-prof\`
shows it. A CPU-second of a run is start-up, compiling and the main thread, whatever the load: of a run of ten seconds on one
core that is a tenth, which wrk does not have. Looking at the clock three times a request instead of eight, making no
closures and keeping users in no sets took a third off our own part. Writing past Node's streams by its internal handle was
tried and made no difference that could be told from noise, nor did larger or smaller young generations, collecting with one
thread, or leaving out the middle compiler.

Over TLS most of what wrk does not have is Node's: a loop that does nothing but write the same octets to \`node:tls\` whenever
something has come made 0.89 to 0.91 of wrk's requests per CPU-second beside it, and over plain TCP 0.91 to 1.12 (three rounds
of four seconds). Nothing that is written in TypeScript on Node comes above that.

## A minute at 20,000 requests/s

\`npm run bench -- steady\`, one worker, all threads of the process on one core, three runs: in two of them 1,200,000 requests were
scheduled, started, reported and in nginx's log, none dropped; pacing error 0.7 ms in the median, 10 and 12 ms at the 99th
percentile, the requests in each 10 ms with a coefficient of variation of 0.19 and 0.21. In the third 3,555 came too late to be
sent, and were counted as dropped. In three runs of 20 s in a better hour nothing was dropped, the 99th percentile was 3.5 to
6.2 ms and the variation 0.09 to 0.13, 0.05 in quiet seconds. The goal is 1.5 ms, and 0.9 with \`precision: high\` (6.0 there).

What keeps it from that is mostly the machine: the hypervisor kept 8.3 % of the core from the second of these runs, by the
kernel's count; a loop that does nothing but look at the clock is stopped 1 to 2.5 % of the time while both cores are busy, for up
to 15 ms at once. The rest is the main thread, 3 ms of every second and 15 ms of every fifth, and V8's own.

Memory over ten minutes of it: 115 to 122 MB in the first five, 129 to 133 in the last four; in between the machine stood still,
19,406 requests were dropped and a thousand connections more opened. A line through all of it rises by 3.0 MB a minute.

## What it does not tell

- **Loopback is no network.** Sending over it includes the receiver's half of TCP in the sender's system time; a network
  card costs otherwise, and large answers were not measured. Trust the ratios, and those only for small requests.
- One load thread on one core. How it scales over many cores is not in here.
- Generators differ in what they do with an answer: ours records it in eight histograms and counts its status, wrk in one.
- k6, Locust and Artillery run a script in a language for each request; that is what their users want of them.
- Starting up is part of it, as it is of every run: about half a CPU-second of ours, two of Artillery's.

Again: \`bench/peers/install.sh && npm run bench -- --json FILE && npm run bench -- docs FILE\`.
`;
}

function section(comparison: Comparison, column: Column): string {
  const figures = figuresOf(comparison, column);
  const paced = column === "open";
  const head = ["", "requests/CPU-s", "ours is", "least–most", "goal", "user µs", "system µs", "requests/s", "memory"];
  const rows = figures.map((figure) => {
    const [tool, perCpu, ours, range, wanted, user, system, perSecond, memory, late, variation] = cells(column, figure);
    return [tool, perCpu, ours, range!.replace(/[()]/g, ""), wanted, user, system, perSecond, `${memory} MB`, ...(paced ? [late, variation] : [])];
  });
  const header = paced ? [...head, "late p50 / p99", "CV"] : head;
  const lines = [header, header.map((_, i) => (i === 0 ? "---" : "---:")), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return `## ${TITLES[column][0]!.toUpperCase()}${TITLES[column].slice(1)}\n\n${lines.join("\n")}\n${paced ? openNote(comparison) : ""}`;
}

/** What ours should be beside it, and whether it is. */
function goal(column: Column, { tool, ratio }: Figure): string {
  const least = GOALS[column][tool];
  if (least === undefined || ratio === null) return "";
  return `${least} ${ratio.median >= least ? "reached" : "missed"}`;
}

/** Not everybody can do what is asked for. */
function openNote({ tools }: Comparison): string {
  const paced = tools.filter(({ rate }) => rate !== null && rate > 0).map(({ name, rate }) => `${name} ${whole(rate!)}`);
  const less = tools.filter(({ without }) => without !== "").map(({ name, without }) => `${name}: ${without}`);
  return `\nRequests per second asked for: ${paced.join(", ")}. ${less.length > 0 ? `Some do less than ours here. ${less.join("; ")}.` : ""}\n`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function times(value: number): string {
  return value < 10 ? `${value.toFixed(2)}x` : `${value.toFixed(0)}x`;
}
