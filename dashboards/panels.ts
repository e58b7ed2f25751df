// Panels as all dashboards draw them: one place for intervals, legends, thresholds and the look of lines.

import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import { type Panel, ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

/** The Prometheus that is chosen at the top of the dashboard. */
export const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

/** As often as agents push: with Grafana's own default, rates would be of a minute and hide the seconds that were bad. */
const INTERVAL = "5s";

/** The window of a rate, as wide as the zoom needs. */
export const W = "[$__rate_interval]";

/** Gauges: those of an agent that crashed are gone after 15 s instead of five minutes. */
export const latest = (selector: string): string => `last_over_time(${selector}[15s])`;

/**
 * What the plan wants of the agents of a run together. Each tells its own part: that of
 * an agent that crashed is told for 15 s more, while others have taken it over; dividing by all shares takes it out again.
 */
export const wanted = (run: string): string =>
  `sum(${latest(`loadswarm_target_rate{${run}}`)}) / (sum(${latest("loadswarm_swarm_share_ratio")} and on(instance) ${latest(`loadswarm_run_info{${run}}`)}) > 0)`;

export interface Query {
  readonly expr: string;
  /** What the line is called; `{{label}}` is its value. */
  readonly legend: string;
}

export interface Look {
  readonly title: string;
  /** For somebody who has never seen it: what it shows, and what a bad one means. */
  readonly description: string;
  /** Grafana's id of the unit: "s", "reqps", "percentunit". */
  readonly unit: string;
  /** Of 24. */
  readonly width?: number;
  readonly height?: number;
  /** [from this value on, colour]: dashed lines in graphs, colours of numbers. */
  readonly limits?: readonly (readonly [number, string])[];
  readonly decimals?: number;
  readonly max?: number;
  /** Values may be below 0. */
  readonly isSigned?: boolean;
}

/** Lines over time. */
export function line(look: Look, ...queries: readonly Query[]): timeseries.PanelBuilder {
  const panel = setUp(new timeseries.PanelBuilder(), look, queries, false)
    .drawStyle(common.GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(8)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(["mean", "max"]),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi));
  if (look.isSigned !== true) panel.min(0);
  if (look.limits === undefined) return panel;
  return panel.thresholdsStyle(
    new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
  );
}

/** Parts of a whole, one upon the other. */
export function stacked(look: Look, ...queries: readonly Query[]): timeseries.PanelBuilder {
  return line(look, ...queries)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal))
    .fillOpacity(40);
}

/** One number, of the whole time that is shown. */
export function number(look: Look, expr: string, legend = ""): stat.PanelBuilder {
  const panel = setUp(new stat.PanelBuilder(), { width: 4, height: 4, ...look }, [{ expr, legend }], true);
  return panel
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .graphMode(common.BigValueGraphMode.None);
}

/** Native histograms over time. */
export function heat(look: Look, expr: string): heatmap.PanelBuilder {
  return setUp(new heatmap.PanelBuilder(), look, [{ expr, legend: "" }], false)
    .calculate(false)
    .color(new heatmap.HeatmapColorOptionsBuilder().mode(heatmap.HeatmapColorMode.Scheme).scheme("Oranges").steps(64))
    .yAxis(new heatmap.YAxisConfigBuilder().unit(look.unit));
}

export interface Column {
  readonly name: string;
  readonly unit: string;
  readonly expr: string;
}

/** A row for each combination of labels, a column for each query. */
export function rows(look: Omit<Look, "unit">, ...columns: readonly Column[]): table.PanelBuilder {
  const queries = columns.map(({ expr, name }) => ({ expr, legend: name }));
  const renameByName = Object.fromEntries(columns.map(({ name }, i) => [`Value #${refId(i)}`, name]));
  const panel = setUp(new table.PanelBuilder(), { width: 24, unit: "short", ...look }, queries, true)
    .withTransformation({ id: "merge", options: {} })
    .withTransformation({ id: "organize", options: { excludeByName: { Time: true }, renameByName } });
  for (const { name, unit } of columns) panel.overrideByName(name, [{ id: "unit", value: unit }]);
  return panel;
}

/** What the builders of all kinds of panels can do. */
interface AnyPanelBuilder extends Builder<Panel> {
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  span(width: number): this;
  height(height: number): this;
  datasource(datasource: common.DataSourceRef): this;
  interval(interval: string): this;
  decimals(decimals: number): this;
  max(max: number): this;
  thresholds(thresholds: ThresholdsConfigBuilder): this;
  withTarget(target: Builder<Dataquery>): this;
}

function setUp<P extends AnyPanelBuilder>(panel: P, look: Look, queries: readonly Query[], isInstant: boolean): P {
  const { title, description, unit, width = 12, height = 8, limits, decimals, max } = look;
  panel
    .title(title)
    .description(description)
    .unit(unit)
    .span(width)
    .height(height)
    .datasource(DATASOURCE)
    .interval(INTERVAL);
  if (decimals !== undefined) panel.decimals(decimals);
  if (max !== undefined) panel.max(max);
  if (limits !== undefined) {
    const steps = limits.map(([value, color]) => ({ value, color }));
    panel.thresholds(
      new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: "green" }, ...steps]),
    );
  }
  queries.forEach(({ expr, legend }, i) => {
    const target = new prometheus.DataqueryBuilder()
      .expr(expr)
      .legendFormat(legend)
      .refId(refId(i))
      .datasource(DATASOURCE);
    panel.withTarget(isInstant ? target.instant().format(prometheus.PromQueryFormat.Table) : target.range());
  });
  return panel;
}

const refId = (index: number): string => String.fromCharCode(65 + index);
