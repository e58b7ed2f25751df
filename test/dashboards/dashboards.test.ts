// The dashboards as Grafana would read them: current, well formed, and asking only for what agents push.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse as parseYaml } from "yaml";
import { DASHBOARDS, fileOf, textOf } from "../../dashboards/main.ts";
import { COMMON_LABELS, METERS, type Meter } from "../../node/metrics/meters.ts";
import { annotationsOf, panelsOf, parse, queriesOf, resolve } from "./queries.ts";

/** As far as the grammar minds. */
const VARIABLES = {
  run_id: "r",
  base: "b",
  shift: "60",
  window: "1h",
  step: "1m",
  __rate_interval: "20s",
  __range: "5m",
};

const METER = new Map<string, Meter>(METERS.map((meter) => [meter.name, meter]));
const dashboards = Object.entries(DASHBOARDS).map(([name, build]) => [name, build()] as const);

it("the reader of queries sees what is wrong with one", () => {
  assert.notDeepEqual(parse(`sum(a{b="1"`).errors, []);
  assert.deepEqual(parse(`sum by(x, y) (rate(a{b="1"}[5m])) / last_over_time(c[15s])`), {
    errors: [],
    selectors: [
      { metric: "a", labels: ["b"], window: "5m" },
      { metric: "c", labels: [], window: "15s" },
    ],
    grouping: ["x", "y"],
  });
});

for (const [name, dashboard] of dashboards) {
  describe(`dashboard ${name}`, () => {
    const panels = panelsOf(dashboard);
    const drawn = panels.filter(({ type }) => type !== "row");
    const queries = [...queriesOf(dashboard), ...annotationsOf(dashboard)];

    it("the committed file is current (npm run dashboards)", () => {
      assert.equal(readFileSync(fileOf(name), "utf8"), textOf(dashboard));
    });

    it("every query is PromQL, with every variable known", () => {
      for (const { panel, expr } of queries) {
        const resolved = resolve(expr, VARIABLES);
        assert.doesNotMatch(resolved, /\$/, panel);
        assert.deepEqual(parse(resolved).errors, [], `${panel}: ${resolved}`);
      }
    });

    it("every query names metrics of the catalogue and labels they have", () => {
      for (const { panel, expr } of queries) {
        const { selectors, grouping } = parse(resolve(expr, VARIABLES));
        const meters = selectors.map(({ metric }) => METER.get(metric));
        selectors.forEach(({ metric, labels }, i) => {
          const meter = meters[i];
          assert.ok(meter !== undefined, `${panel}: ${metric}`);
          for (const label of labels)
            assert.ok([...COMMON_LABELS, ...meter.labels].includes(label), `${panel}: ${metric}{${label}}`);
        });
        const known = [...COMMON_LABELS, ...meters.flatMap((meter) => meter!.labels)];
        for (const label of grouping) assert.ok(known.includes(label), `${panel}: by(${label})`);
      }
    });

    it("every gauge is asked for as it was in the last 15 seconds: that of an agent that crashed is not drawn for longer", () => {
      for (const { panel, expr } of queriesOf(dashboard)) {
        for (const { metric, window } of parse(resolve(expr, VARIABLES)).selectors)
          if (METER.get(metric)!.type === "gauge") assert.equal(window, "15s", `${panel}: ${metric}`);
      }
    });

    it("what belongs to a run is asked for of one, but where the swarm is the subject", () => {
      if (name === "swarm-health") return;
      for (const { panel, expr } of queries) {
        for (const { metric, labels } of parse(resolve(expr, VARIABLES)).selectors) {
          if (METER.get(metric)!.labels.includes("run_id")) assert.ok(labels.includes("run_id"), `${panel}: ${metric}`);
        }
      }
    });

    it("every panel says what it is: title, description, unit, legend; and takes the data source that is chosen", () => {
      for (const { title, description = "", fieldConfig, datasource, targets = [], interval, type } of drawn) {
        assert.ok(title.length > 1 && description.length > 20, title);
        assert.notEqual(fieldConfig?.defaults.unit ?? "", "", title);
        assert.equal(datasource?.uid, "${datasource}", title);
        assert.equal(interval, "5s", title);
        for (const target of targets) {
          assert.equal(target.datasource.uid, "${datasource}", title);
          if (type === "timeseries") assert.notEqual(target.legendFormat ?? "", "", title);
        }
        assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
      }
    });

    it("no two panels have one id or lie on each other", () => {
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
      const cells = new Set<string>();
      for (const {
        title,
        gridPos: { x, y, w, h },
      } of panels) {
        assert.ok(x >= 0 && x + w <= 24, title);
        for (let column = x; column < x + w; column++) {
          for (let row = y; row < y + h; row++) {
            assert.ok(!cells.has(`${column},${row}`), `${title} lies on another panel`);
            cells.add(`${column},${row}`);
          }
        }
      }
    });
  });
}

it("every dashboard becomes a ConfigMap that Grafana finds", () => {
  const { generatorOptions, configMapGenerator } = parseYaml(
    readFileSync(new URL("../../dashboards/kustomization.yaml", import.meta.url), "utf8"),
  );
  assert.deepEqual(generatorOptions.labels, { grafana_dashboard: "1" });
  assert.deepEqual(
    configMapGenerator.map(({ files }: { files: string[] }) => files),
    dashboards.map(([name]) => [`json/${name}.json`]),
  );
});

it("every dashboard has an address of its own", () => {
  assert.equal(new Set(dashboards.map(([, { uid }]) => uid)).size, dashboards.length);
});
