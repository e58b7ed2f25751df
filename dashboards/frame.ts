// What is around the panels: variables, annotations, and the last touches that Grafana wants.

import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { DATASOURCE } from "./panels.ts";

export interface Row {
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

export interface Description {
  /** Fixed: links to the dashboard survive an update. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly from: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

type Variable = QueryVariableBuilder | TextBoxVariableBuilder;

/** A run, chosen by its id; the latest ones of the time that is shown. */
export function runVariable(name: string, label: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query: "label_values(loadswarm_run_info, run_id)", refId: "runs" })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalDesc);
}

export function textVariable(name: string, label: string, value: string): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder(name).label(label).defaultValue(value);
}

/** Each agent counts what it hears of, so the most that one of them heard is what happened … */
const ANYBODY = (event: string): string => `max by(event) (${event}) > 0`;
/** … but of a run an agent that joins hears late: what half of them hear of happens now. */
const HALF = (event: string): string => `quantile by(event) (0.5, ${event}) >= 1`;

/** Marks on every graph. */
const ANNOTATIONS: readonly (readonly [name: string, colour: string, events: string, heard: (event: string) => string])[] = [
  ["Published", "blue", "run_scheduled", HALF],
  ["Started and ended", "purple", "run_running|run_finished", HALF],
  ["Stopped", "red", "run_stopped|run_aborted", HALF],
  ["Joined", "green", "joined", ANYBODY],
  ["Left", "yellow", "left", ANYBODY],
  ["Crashed", "dark-red", "lost", ANYBODY],
  ["Shares changed", "semi-dark-blue", "resplit", ANYBODY],
];

/** Rebuilt from TypeScript, so Grafana's own changes to it would be lost: read only. */
export function dashboardOf(description: Description): Dashboard {
  const { uid, title, from, variables, rows } = description;
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description.description)
    .tags(["loadswarm"])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: "now" })
    .timezone("browser")
    .refresh("5s")
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"));
  for (const variable of variables) builder.withVariable(variable);
  for (const [name, colour, events, heard] of ANNOTATIONS) {
    const expr = heard(`increase(loadswarm_swarm_events_total{event=~"${events}"}[15s])`);
    const target = new DataqueryBuilder().expr(expr).refId("events").range();
    builder.annotation(
      new AnnotationQueryBuilder()
        .name(name)
        .datasource(DATASOURCE)
        .enable(true)
        .iconColor(colour)
        .target(target)
        .expr(expr)
        .step("5s")
        .titleFormat("{{event}}"),
    );
  }
  for (const { title, panels } of rows) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  return numbered(builder.build());
}

/** The SDK leaves out the ids of panels, which links and annotations refer to. */
function numbered(dashboard: Dashboard): Dashboard {
  return { ...dashboard, panels: (dashboard.panels ?? []).map((panel, i) => ({ ...panel, id: i + 1 })) };
}
