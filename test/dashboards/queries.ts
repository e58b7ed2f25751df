// What a dashboard asks Prometheus, and the same with its variables filled in as Grafana does.

import { parser } from "@prometheus-io/lezer-promql";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";

export interface PanelQuery {
  readonly panel: string;
  readonly type: string;
  readonly expr: string;
}

/** As much of a panel as the tests look at. */
export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly interval?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat?: string;
    readonly refId: string;
    readonly datasource: { readonly uid: string };
  }[];
}

export const panelsOf = (dashboard: Dashboard): PanelJson[] => (dashboard.panels ?? []) as unknown as PanelJson[];

export function queriesOf(dashboard: Dashboard): PanelQuery[] {
  return panelsOf(dashboard).flatMap(({ title, type, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, type, expr })),
  );
}

/** Marks on graphs are empty where nothing happened. */
export function annotationsOf(dashboard: Dashboard): PanelQuery[] {
  return (dashboard.annotations.list ?? []).flatMap(({ name, expr }) =>
    expr === undefined ? [] : [{ panel: name, type: "annotation", expr }],
  );
}

export function resolve(expr: string, variables: Readonly<Record<string, string>>): string {
  return expr.replace(/\$\{?(\w+)\}?/g, (all, name: string) => variables[name] ?? all);
}

export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
  /** Of which time values are taken, like "15s"; "" = the latest one. */
  readonly window: string;
}

export interface Parsed {
  /** Positions at which the grammar was lost. */
  readonly errors: readonly number[];
  /** Vector selectors with the labels they match by. */
  readonly selectors: readonly Selector[];
  /** Labels of by(…). */
  readonly grouping: readonly string[];
}

export function parse(expr: string): Parsed {
  const errors: number[] = [];
  const selectors: { metric: string; labels: string[]; window: string }[] = [];
  const grouping: string[] = [];
  let isGrouping = false;
  parser.parse(expr).iterate({
    enter({ name, from, to, type }) {
      const text = expr.slice(from, to);
      if (type.isError) errors.push(from);
      else if (name === "VectorSelector") selectors.push({ metric: "", labels: [], window: "" });
      else if (name === "GroupingLabels") isGrouping = true;
      else if (name === "Identifier" && selectors.at(-1)?.metric === "") selectors.at(-1)!.metric = text;
      else if (name === "LabelName" && isGrouping) grouping.push(text);
      else if (name === "LabelName") selectors.at(-1)?.labels.push(text);
    },
    leave({ name, from, to }) {
      if (name === "GroupingLabels") isGrouping = false;
      if (name === "MatrixSelector") selectors.at(-1)!.window = /\[([^\]]*)\]$/.exec(expr.slice(from, to))?.[1] ?? "";
    },
  });
  return { errors, selectors, grouping };
}
