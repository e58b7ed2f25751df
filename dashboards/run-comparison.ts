// Two runs of one plan: what has become better or worse?

import { dashboardOf, runVariable, textVariable } from "./frame.ts";
import { line, rows, W } from "./panels.ts";

const NOW = `run_id="$run_id"`;
const THEN = `run_id="$base"`;
const BOTH = `run_id=~"$base|$run_id"`;
/** The base run is drawn as if it had begun with the other one. */
const SHIFT = "offset ${shift}s";

/** Each query of the run, and of the base run moved over it. */
const pair = (of: (selector: string, offset: string) => string) => [
  { expr: of(NOW, ""), legend: "run" },
  { expr: of(THEN, SHIFT), legend: "base" },
];

const quantile = (q: number) =>
  pair(
    (selector, offset) =>
      `histogram_quantile(${q}, sum(rate(loadswarm_request_duration_seconds{${selector}}${W} ${offset})))`,
  );
const rate =
  (name: string, more = "") =>
  (selector: string, offset: string) =>
    `sum(rate(${name}{${selector}${more}}${W} ${offset}))`;
const byRequest = (more: string) =>
  `sum by(run_id, request) (max_over_time(loadswarm_requests_total{${BOTH}${more}}[$__range]))`;

export const runComparison = () =>
  dashboardOf({
    uid: "loadswarm-compare",
    title: "Loadswarm / Run comparison",
    description:
      "Two runs over each other. Choose a time that shows both, and as shift the seconds from the start of the base run to that of the other.",
    from: "now-6h",
    variables: [
      runVariable("base", "Base"),
      runVariable("run_id", "Run"),
      textVariable("shift", "Shift (seconds)", "0"),
    ],
    rows: [
      {
        title: "Over each other",
        panels: [
          line({ title: "Median", description: "Half of the requests were faster.", unit: "s" }, ...quantile(0.5)),
          line({ title: "p99", description: "99 of 100 requests were faster.", unit: "s" }, ...quantile(0.99)),
          line(
            {
              title: "Requests per second",
              description: "Different lines: compare latencies with care.",
              unit: "reqps",
            },
            ...pair(rate("loadswarm_requests_total")),
          ),
          line(
            {
              title: "Failed requests per second",
              description: "Zero is not drawn: nothing has failed then.",
              unit: "reqps",
            },
            ...pair(rate("loadswarm_requests_total", `,outcome="fail"`)),
          ),
        ],
      },
      {
        title: "By request",
        panels: [
          rows(
            {
              title: "Both runs",
              description: "Of the whole time that is shown, a row for each run and request.",
              height: 12,
            },
            { name: "requests", unit: "short", expr: byRequest("") },
            { name: "failed", unit: "percentunit", expr: `(${byRequest(`,outcome="fail"`)} or 0 * ${byRequest("")}) / ${byRequest("")}` },
            ...[0.5, 0.95, 0.99].map((q) => ({
              name: `p${q * 100}`,
              unit: "s",
              expr: `histogram_quantile(${q}, sum by(run_id, request) (increase(loadswarm_request_duration_seconds{${BOTH}}[$__range])))`,
            })),
          ),
        ],
      },
    ],
  });
