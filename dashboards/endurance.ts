// A run of hours: does it stay as it was, or does something leak, drift or wobble?

import { dashboardOf, type Row, runVariable, textVariable } from "./frame.ts";
import { latest, line, number, wanted } from "./panels.ts";

const F = `run_id="$run_id"`;
/** Of one step of the long view. */
const p99 = `histogram_quantile(0.99, sum(rate(loadswarm_request_duration_seconds{${F}}[$step])))`;
const rate = `sum(rate(loadswarm_iterations_total{${F}}[$step]))`;
const over = (fn: string, expr: string) => `${fn}((${expr})[$window:$step])`;

const TARGET: Row = {
  title: "The target",
  panels: [
    line(
      { title: "p99", description: "A line that rises over hours at an even rate: the target wears out.", unit: "s" },
      { expr: p99, legend: "p99" },
    ),
    line(
      {
        title: "Restlessness of the p99",
        description:
          "Standard deviation of the p99 over the window. Peaks: pauses of garbage collection, backups, neighbours.",
        unit: "s",
      },
      { expr: over("stddev_over_time", p99), legend: "deviation" },
    ),
    line(
      {
        title: "Failed requests",
        description: "Part of the requests of a step.",
        unit: "percentunit",
        limits: [[0.01, "red"]],
      },
      {
        expr: `(sum(rate(loadswarm_requests_total{${F},outcome="fail"}[$step])) or vector(0)) / sum(rate(loadswarm_requests_total{${F}}[$step]))`,
        legend: "failed",
      },
    ),
    line(
      {
        title: "Under way",
        description: "Iterations in flight: rising means that the target falls behind.",
        unit: "short",
      },
      { expr: `sum(${latest(`loadswarm_iterations_in_flight{${F}}`)})`, legend: "in flight" },
    ),
  ],
};

const OFFERED: Row = {
  title: "The load",
  panels: [
    line(
      {
        title: "Iterations per second",
        description: "Mean over the window, beside what the plan wants.",
        unit: "reqps",
      },
      { expr: over("avg_over_time", rate), legend: "offered" },
      { expr: wanted(F), legend: "wanted" },
    ),
    number(
      {
        title: "Short steps",
        description: "Steps in which less than 98 % of the wanted iterations were offered, in the time that is shown.",
        unit: "short",
        width: 6,
        height: 8,
        limits: [
          [1, "orange"],
          [10, "red"],
        ],
      },
      `sum_over_time((avg_over_time((${wanted(F)})[$step:5s]) > bool 1.02 * ${rate})[$__range:$step])`,
    ),
    number(
      {
        title: "Samples lost",
        description: "Rejected by the receiver or too old for it: gaps on these dashboards.",
        unit: "short",
        width: 6,
        height: 8,
        limits: [[1, "red"]],
      },
      `sum(max_over_time(loadswarm_remote_write_samples_total{result=~"rejected|expired"}[$__range]))`,
    ),
  ],
};

const SWARM: Row = {
  title: "The swarm",
  panels: [
    line(
      {
        title: "Growth of the heaps",
        description: "Bytes per second over the window and all agents. Above 0 for hours: a leak in the generator.",
        unit: "Bps",
        isSigned: true,
      },
      { expr: over("deriv", `sum(${latest(`nodejs_heap_size_used_bytes{job="loadswarm"}`)})`), legend: "heaps" },
    ),
    line(
      { title: "Memory", description: "Resident, of all agents together.", unit: "bytes" },
      { expr: `sum(${latest(`process_resident_memory_bytes{job="loadswarm"}`)})`, legend: "resident" },
    ),
    line(
      {
        title: "Changes of shares",
        description: "In each step, as the agent saw them that saw most: agents that come, go, or tire.",
        unit: "short",
      },
      { expr: `max(increase(loadswarm_swarm_resplits_total[$step]))`, legend: "changes" },
    ),
    line(
      { title: "Agents", description: "Who pushed something in the last 15 seconds.", unit: "short" },
      { expr: `count(${latest("loadswarm_agent_info")})`, legend: "agents" },
    ),
  ],
};

export const endurance = () =>
  dashboardOf({
    uid: "loadswarm-endurance",
    title: "Loadswarm / Endurance",
    description: "A run of hours or days. Every value is of one step; trends are of the window before it.",
    from: "now-12h",
    variables: [
      runVariable("run_id", "Run"),
      textVariable("window", "Window", "1h"),
      textVariable("step", "Step", "1m"),
    ],
    rows: [TARGET, OFFERED, SWARM],
  });
