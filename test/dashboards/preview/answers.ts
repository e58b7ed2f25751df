// What a committed dashboard asks, answered by Prometheus as Grafana would ask it: steps, windows, variables, marks.

import type { Prometheus, Result } from "../../support/prometheus.ts";
import { annotationsOf, panelsOf, resolve } from "../queries.ts";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";

/** As panels say: every five seconds. */
const STEP_S = 5;
/** Grafana's `$__rate_interval`: four times the interval of a panel that is zoomed in. */
const RATE_INTERVAL = "20s";
/** Legends of the committed pictures name what is there, not how Prometheus orders it. */
const byLegend = (a: { legend: string }, b: { legend: string }): number => (a.legend < b.legend ? -1 : 1);

export interface Line {
  readonly legend: string;
  /** One for each of `times`; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface Cell {
  readonly time: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

export interface AnsweredPanel {
  readonly panel: ReturnType<typeof panelsOf>[number];
  readonly lines: readonly Line[];
  readonly cells: readonly Cell[];
  readonly number: number | null;
  readonly rows: readonly (readonly (string | number | null)[])[];
  readonly columns: readonly string[];
}

export interface Mark {
  readonly name: string;
  readonly colour: string;
  readonly times: readonly number[];
}

export interface AnsweredDashboard {
  readonly title: string;
  readonly description: string;
  readonly variables: readonly (readonly [string, string])[];
  readonly times: readonly number[];
  readonly marks: readonly Mark[];
  readonly panels: readonly AnsweredPanel[];
}

/** `from` and `to` in seconds since the epoch. */
export async function answer(
  dashboard: Dashboard,
  prometheus: Prometheus,
  variables: Readonly<Record<string, string>>,
  from: number,
  to: number,
): Promise<AnsweredDashboard> {
  const start = Math.ceil(from / STEP_S) * STEP_S;
  const times = Array.from({ length: Math.floor((to - start) / STEP_S) + 1 }, (_, i) => start + i * STEP_S);
  const values = { ...variables, __rate_interval: RATE_INTERVAL, __range: `${Math.ceil(to - from)}s` };
  const range = (expr: string) => prometheus.range(resolve(expr, values), times[0]!, times.at(-1)!, STEP_S);
  const colours = new Map((dashboard.annotations.list ?? []).map(({ name, iconColor }) => [name, iconColor]));
  const marks: Mark[] = [];
  for (const { panel: name, expr } of annotationsOf(dashboard)) {
    marks.push({ name, colour: colours.get(name) ?? "gray", times: beginnings(await range(expr)) });
  }
  const panels: AnsweredPanel[] = [];
  for (const panel of panelsOf(dashboard)) {
    const now = (expr: string) => prometheus.query(resolve(expr, values), to);
    panels.push({ panel, lines: [], cells: [], number: null, rows: [], columns: [], ...(await answerPanel(panel, range, now, times)) });
  }
  const shown = Object.entries(variables).map(([name, value]) => [name, value] as const);
  return { title: dashboard.title ?? "", description: dashboard.description ?? "", variables: shown, times, marks, panels };
}

type Ask = (expr: string) => Promise<Result[]>;

async function answerPanel(
  { type, targets = [] }: AnsweredPanel["panel"],
  range: Ask,
  now: Ask,
  times: readonly number[],
): Promise<Partial<AnsweredPanel>> {
  const answers: (readonly [legend: string, results: readonly Result[]])[] = [];
  const ask = type === "stat" || type === "table" ? now : range;
  for (const { expr, legendFormat = "" } of targets) answers.push([legendFormat, await ask(expr)]);
  const results = answers.flatMap(([, results]) => results);
  switch (type) {
    case "timeseries":
      return { lines: answers.flatMap(([legend, results]) => results.map((one) => lineOf(one, legend, times)).sort(byLegend)) };
    case "heatmap":
      return { cells: results.flatMap(cellsOf) };
    case "table":
      return tableOf(answers);
    default:
      return { number: finite(Number(results[0]?.value?.[1])) };
  }
}

function lineOf({ metric, values = [] }: Result, legendFormat: string, times: readonly number[]): Line {
  const at = new Map(values.map(([time, text]) => [time, Number(text)]));
  const legend = legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? "");
  return { legend, values: times.map((time) => finite(at.get(time))) };
}

function cellsOf({ histograms = [] }: Result): Cell[] {
  type Bucket = readonly [rule: number, low: string, high: string, count: string];
  return (histograms as readonly (readonly [number, { readonly buckets?: readonly Bucket[] }])[]).flatMap(([time, { buckets = [] }]) =>
    buckets.map(([, low, high, count]) => ({ time, low: Number(low), high: Number(high), count: Number(count) })),
  );
}

/** A row for every set of labels, a column for every label and query: Grafana's transformation "merge". */
function tableOf(answers: readonly (readonly [string, readonly Result[]])[]): Pick<AnsweredPanel, "rows" | "columns"> {
  const labels = [...new Set(answers.flatMap(([, results]) => results.flatMap(({ metric }) => Object.keys(metric))))].sort();
  const byLabels = new Map<string, (string | number | null)[]>();
  answers.forEach(([, results], column) => {
    for (const { metric, value } of results) {
      const key = JSON.stringify(labels.map((label) => metric[label] ?? ""));
      const row = byLabels.get(key) ?? [...labels.map((label) => metric[label] ?? ""), ...answers.map(() => null)];
      row[labels.length + column] = finite(Number(value![1]));
      byLabels.set(key, row);
    }
  });
  const rows = [...byLabels].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return { rows, columns: [...labels, ...answers.map(([name]) => name)] };
}

/** Points that follow each other are one mark, where the first of them is. */
export function beginnings(results: readonly Result[]): number[] {
  const times = new Set<number>();
  for (const { values = [] } of results) {
    values.forEach(([time], i) => {
      if (i === 0 || time - values[i - 1]![0] > STEP_S) times.add(time);
    });
  }
  return [...times].sort((a, b) => a - b);
}

const finite = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) ? value : null);
