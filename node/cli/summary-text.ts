// The end-of-run summary in k6's layout: thresholds, checks, HTTP, execution, network; then the ledger and the errors.

import type { Summary, Trend } from "../core/summary-type.ts";
import { bytes, duration, percent, perSecond, trim } from "./format.ts";

/** Width to which names are padded with dots. */
const NAME_WIDTH = 30;
const STATISTICS = ["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)"] as const;

interface Paint {
  good(text: string): string;
  bad(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

/** The whole text, ending with a line feed. `colour` adds ANSI colours. */
export function summaryText(summary: Summary, colour: boolean): string {
  const ansi = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const paint: Paint = { good: ansi(32), bad: ansi(31), strong: ansi(1), faint: ansi(2) };
  const sections = [
    header(summary, paint),
    thresholds(summary, paint),
    [`  ${paint.strong("█ TOTAL RESULTS")}`],
    checks(summary, paint),
    http(summary, paint),
    execution(summary, paint),
    network(summary, paint),
    ledger(summary, paint),
    errors(summary, paint),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => `${lines.join("\n")}\n`);
  return `\n${text.join("\n")}\n`;
}

function header(summary: Summary, paint: Paint): string[] {
  const { planned, reported, lost, coverage } = summary.agents;
  const agents = `agents ${reported} of ${planned} reported`;
  const notes = [lost > 0 ? `${lost} lost` : "", coverage < 1 ? `coverage ${percent(coverage)}` : ""].filter(Boolean);
  const fully = notes.length === 0 ? agents : paint.bad([agents, ...notes].join(", "));
  const lasted = duration(summary.durationSeconds * 1000);
  return [`  run ${paint.strong(summary.run)}   plan ${summary.plan}   ${summary.state} after ${lasted}   ${fully}`];
}

function thresholds(summary: Summary, paint: Paint): string[] {
  if (summary.thresholds.length === 0) return [];
  const lines = [`  ${paint.strong("█ THRESHOLDS")}`];
  for (const [metric, results] of Map.groupBy(summary.thresholds, (threshold) => threshold.metric)) {
    lines.push("", `    ${metric}`);
    for (const { ok, expression, value } of results) {
      const actual = `${aggregatorOf(expression)}=${thresholdValue(metric, expression, value)}`;
      lines.push(`    ${ok ? paint.good("✓") : paint.bad("✗")} '${expression}' ${paint.faint(actual)}`);
    }
  }
  return lines;
}

function aggregatorOf(expression: string): string {
  return /^\s*([a-z]+\s*(?:\([^)]*\))?)/.exec(expression)?.[1] ?? "value";
}

/** The actual value of a threshold in the unit its metric and aggregator have; `no data` if there was none. */
export function thresholdValue(metric: string, expression: string, value: number | null): string {
  if (value === null) return "no data";
  const name = metric.replace(/\{.*/, "");
  const aggregator = aggregatorOf(expression);
  if (aggregator === "rate") return /^(http_req_failed|checks)$/.test(name) ? percent(value) : `${trim(value)}/s`;
  if (aggregator === "count") return name.startsWith("data_") ? bytes(value) : trim(value);
  return duration(value);
}

function checks(summary: Summary, paint: Paint): string[] {
  const all = Object.entries(summary.checks);
  if (all.length === 0) return [];
  const passes = all.reduce((sum, [, check]) => sum + check.passes, 0);
  const total = all.reduce((sum, [, check]) => sum + check.passes + check.fails, 0);
  const lines = [
    line("checks_total", `${total}   ${perSecond(total, summary.durationSeconds)}`),
    line("checks_succeeded", shareOf(passes, total)),
    line("checks_failed", shareOf(total - passes, total)),
    "",
  ];
  for (const [name, check] of all) {
    lines.push(`    ${check.fails === 0 ? paint.good("✓") : paint.bad("✗")} ${name}`);
    if (check.fails === 0) continue;
    const share = percent(check.passes / (check.passes + check.fails));
    lines.push(paint.bad(`      ↳  ${share} — ✓ ${check.passes} / ✗ ${check.fails}`));
  }
  return lines;
}

function http(summary: Summary, paint: Paint): string[] {
  const { total, failed } = summary.requests;
  const trends: [string, Trend][] = Object.entries(summary.metrics).filter(([name]) => name.startsWith("http_"));
  const steps = Object.entries(summary.steps);
  if (steps.length > 1) {
    const at = trends.findIndex(([name]) => name === "http_req_duration") + 1;
    trends.splice(at, 0, ...steps.map(([name, step]): [string, Trend] => [`  { name:${name} }`, step.duration]));
  }
  const status = Object.entries(summary.status).map(([code, count]) => `${code}: ${count}`);
  const failures = shareOf(failed, total);
  return [
    `    ${paint.strong("HTTP")}`,
    ...trendLines(trends),
    line("http_req_failed", failed > 0 ? paint.bad(failures) : failures),
    line("http_reqs", `${total}   ${perSecond(total, summary.durationSeconds)}`),
    ...(status.length === 0 ? [] : [line("http_status", status.join("   "))]),
  ];
}

function execution(summary: Summary, paint: Paint): string[] {
  const { started, completed, dropped } = summary.iterations;
  const droppedTotal = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  const droppedText = `${droppedTotal}   ${perSecond(droppedTotal, summary.durationSeconds)}`;
  const { verdict } = summary.generator;
  const trends = Object.entries(summary.metrics).filter(([name]) => !name.startsWith("http_"));
  return [
    `    ${paint.strong("EXECUTION")}`,
    ...(droppedTotal === 0 ? [] : [line("dropped_iterations", paint.bad(droppedText))]),
    ...trendLines(trends),
    line("iterations", `${completed}   ${perSecond(completed, summary.durationSeconds)}`),
    ...(started > completed ? [line("iterations_interrupted", String(started - completed))] : []),
    line("generator", verdict === "ok" ? paint.good(verdict) : paint.bad(verdict)),
  ];
}

function network(summary: Summary, paint: Paint): string[] {
  const { bytesReceived, bytesSent } = summary.requests;
  const text = (sizeBytes: number): string => {
    const rate = summary.durationSeconds === 0 ? 0 : sizeBytes / summary.durationSeconds;
    return `${bytes(sizeBytes)}   ${bytes(rate)}/s`;
  };
  return [
    `    ${paint.strong("NETWORK")}`,
    line("data_received", text(bytesReceived)),
    line("data_sent", text(bytesSent)),
  ];
}

/** scheduled = started + dropped + lost, by name, so that nothing that was due goes unmentioned. */
function ledger(summary: Summary, paint: Paint): string[] {
  const { scheduled, started, dropped, lost } = summary.iterations;
  const reasons = Object.entries(dropped).filter(([, count]) => count > 0);
  const sum = reasons.reduce((total, [, count]) => total + count, 0);
  const named = reasons.length === 0 ? "" : ` (${reasons.map(([reason, count]) => `${count} ${reason}`).join(", ")})`;
  return [
    `  ${paint.strong("ledger")}  scheduled ${scheduled} = started ${started} + dropped ${sum}${named} + lost ${lost}`,
  ];
}

/** What to do about an error that says nothing of the load. */
const ADVICE: Readonly<Record<string, string>> = {
  version: "the target offers only HTTP/1.1; with `http: { version: auto }` it may choose, with 1.1 it is not asked",
};

function errors(summary: Summary, paint: Paint): string[] {
  if (summary.errors.length === 0) return [];
  const all = summary.errors.toSorted((a, b) => b.count - a.count).map(({ kind, count }) => `${kind}: ${count}`);
  const advice = summary.errors.flatMap(({ kind }) => (kind in ADVICE ? [`          ${kind}: ${ADVICE[kind]}`] : []));
  return [`  ${paint.bad("errors")}  ${all.join("   ")}`, ...advice];
}

/** Statistics under one another, each column as wide as its widest value. */
function trendLines(trends: readonly (readonly [string, Trend])[]): string[] {
  const measured = trends.filter(([, trend]) => trend.count > 0);
  const widths = STATISTICS.map((name) => Math.max(0, ...measured.map(([, trend]) => duration(trend[name]).length)));
  return measured.map(([name, trend]) => {
    const columns = STATISTICS.map((each, i) => `${each}=${duration(trend[each]).padEnd(widths[i]!)}`);
    return line(name, columns.join(" ").trimEnd());
  });
}

function shareOf(part: number, total: number): string {
  return `${percent(total === 0 ? 0 : part / total)}   ${part} out of ${total}`;
}

function line(name: string, value: string): string {
  return `    ${name.padEnd(NAME_WIDTH, ".")}: ${value}`;
}
