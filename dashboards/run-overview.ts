// One run: did it offer what the plan wanted, and how did the target bear it?

import { dashboardOf, type Row, runVariable } from "./frame.ts";
import { heat, latest, line, number, rows, stacked, W, wanted } from "./panels.ts";

const F = `run_id="$run_id"`;
const duration = (more = "") => `rate(loadswarm_request_duration_seconds{${F}${more}}${W})`;
const quantile = (q: number) => ({ expr: `histogram_quantile(${q}, sum(${duration()}))`, legend: `p${q * 100}` });
const total = (name: string, more = "") => `sum(max_over_time(${name}{${F}${more}}[$__range]))`;
const FAILED = `,outcome="fail"`;

const IN_SHORT: Row = {
  title: "In short",
  panels: [
    number(
      { title: "Requests", description: "Requests that ended so far: the summary's number, exactly.", unit: "short" },
      total("loadswarm_requests_total"),
    ),
    number(
      {
        title: "Failed",
        description: "Part of the requests that failed: no answer, or a status the plan did not expect.",
        unit: "percentunit",
        decimals: 2,
        limits: [
          [0.001, "orange"],
          [0.01, "red"],
        ],
      },
      `(${total("loadswarm_requests_total", FAILED)} or vector(0)) / ${total("loadswarm_requests_total")}`,
    ),
    number(
      { title: "p95", description: "95 of 100 requests were faster, over the time that is shown.", unit: "s" },
      `histogram_quantile(0.95, sum(rate(loadswarm_request_duration_seconds{${F}}[$__range])))`,
    ),
    number(
      {
        title: "Dropped",
        description:
          "Part of the iterations that were due and did not start. If they are late, the generator was too slow and the run proves less than it seems.",
        unit: "percentunit",
        decimals: 2,
        limits: [
          [0.001, "orange"],
          [0.01, "red"],
        ],
      },
      `(${total("loadswarm_iterations_dropped_total")} or vector(0)) / (${total("loadswarm_iterations_total")} + (${total("loadswarm_iterations_dropped_total")} or vector(0)))`,
    ),
    number(
      { title: "Agents", description: "Agents that take part in the run now.", unit: "short" },
      `count(${latest(`loadswarm_run_info{${F}}`)}) or vector(0)`,
    ),
    number(
      { title: "Bytes received", description: "Sum over all agents, headers included.", unit: "bytes" },
      total("loadswarm_received_bytes_total"),
    ),
  ],
};

const LOAD: Row = {
  title: "Load",
  panels: [
    line(
      {
        title: "Iterations per second: wanted and offered",
        description:
          "Both lines should lie on each other. Offered below wanted: look at what was dropped, and at Swarm health.",
        unit: "reqps",
      },
      { expr: wanted(F), legend: "wanted" },
      { expr: `sum(rate(loadswarm_iterations_total{${F}}${W}))`, legend: "offered" },
    ),
    stacked(
      {
        title: "Dropped iterations",
        description:
          "late: the generator was too slow. max_vus: the target was so slow that the plan's virtual users were used up. stopped: the run ended.",
        unit: "reqps",
      },
      { expr: `sum by(reason) (rate(loadswarm_iterations_dropped_total{${F}}${W}))`, legend: "{{reason}}" },
    ),
    stacked(
      {
        title: "Answers by status",
        description: "Requests per second by class of status; none: no answer came.",
        unit: "reqps",
      },
      { expr: `sum by(status_class) (rate(loadswarm_requests_total{${F}}${W}))`, legend: "{{status_class}}" },
    ),
    line(
      {
        title: "Failed requests",
        description: "Part of the requests that failed.",
        unit: "percentunit",
        limits: [[0.01, "red"]],
      },
      {
        expr: `(sum(rate(loadswarm_requests_total{${F}${FAILED}}${W})) or vector(0)) / sum(rate(loadswarm_requests_total{${F}}${W}))`,
        legend: "failed",
      },
    ),
    stacked(
      {
        title: "Errors",
        description:
          "The ten most frequent reasons for which no whole answer came. generator is this swarm's own fault: ports, descriptors, memory.",
        unit: "reqps",
      },
      { expr: `topk(10, sum by(kind) (rate(loadswarm_errors_total{${F}}${W})))`, legend: "{{kind}}" },
    ),
    line(
      {
        title: "The generator's own verdict",
        description: "0: well. 1: strained. 2: the generator limits the test, and what you see is its speed, not the target's.",
        unit: "short",
        max: 2,
        limits: [
          [1, "orange"],
          [2, "red"],
        ],
      },
      { expr: `max by(instance) (${latest(`loadswarm_generator_verdict{${F}}`)})`, legend: "{{instance}}" },
    ),
    line(
      {
        title: "Load threads busy",
        description: "Part of the last second, of the ten busiest agents. Near 1: more agents or workers are needed.",
        unit: "percentunit",
        max: 1,
        limits: [[0.9, "red"]],
      },
      {
        expr: `topk(10, max by(instance) (${latest(`loadswarm_load_thread_utilization_ratio{${F}}`)}))`,
        legend: "{{instance}}",
      },
    ),
    line(
      {
        title: "Connections",
        description: "Open ones, requests that wait on them, and new ones per second. As many new ones as requests: the target closes each after one answer.",
        unit: "short",
      },
      { expr: `sum(${latest("loadswarm_connections_open")})`, legend: "open" },
      { expr: `sum(${latest("loadswarm_requests_in_flight")})`, legend: "requests in flight" },
      { expr: `sum(rate(loadswarm_connections_opened_total${W}))`, legend: "opened per second" },
    ),
    line(
      {
        title: "Under way",
        description:
          "Iterations that have started and not ended. A rising line means that the target answers slower than it is asked.",
        unit: "short",
      },
      { expr: `sum by(scenario) (${latest(`loadswarm_iterations_in_flight{${F}}`)})`, legend: "{{scenario}}" },
    ),
  ],
};

const LATENCY: Row = {
  title: "Latency",
  panels: [
    line(
      {
        title: "Duration of requests",
        description:
          "From the actual start to the last byte; of all agents' histograms together, never an average of percentiles.",
        unit: "s",
      },
      ...[0.5, 0.95, 0.99, 0.999].map(quantile),
    ),
    heat(
      {
        title: "Duration of requests, all of them",
        description: "Darker: more requests took so long. Two bands: two kinds of answers, like cached and not.",
        unit: "s",
      },
      `sum(${duration()})`,
    ),
    line(
      { title: "Duration by scenario (p95)", description: "Which part of the plan is slow.", unit: "s" },
      { expr: `histogram_quantile(0.95, sum by(scenario) (${duration()}))`, legend: "{{scenario}}" },
    ),
    line(
      {
        title: "Where the time goes (p95 of each part)",
        description:
          "waiting: the target's own time. blocked, connecting, tls_handshaking: before anything is sent, 0 on a connection that is kept. sending, receiving: the network.",
        unit: "s",
      },
      {
        expr: `histogram_quantile(0.95, sum by(phase) (rate(loadswarm_request_phase_duration_seconds{${F}}${W})))`,
        legend: "{{phase}}",
      },
    ),
    line(
      {
        title: "Late starts (p99)",
        description:
          "From the intended start of an iteration to its actual one. Above 2 ms the generator is strained; what is 50 ms late is dropped.",
        unit: "s",
        limits: [
          [0.002, "orange"],
          [0.05, "red"],
        ],
      },
      { expr: `histogram_quantile(0.99, sum(rate(loadswarm_request_start_delay_seconds{${F}}${W})))`, legend: "p99" },
    ),
    line(
      {
        title: "Slower than half a second",
        description: "Part of the requests: the complement of a service level of 500 ms.",
        unit: "percentunit",
        limits: [[0.01, "red"]],
      },
      { expr: `1 - histogram_fraction(0, 0.5, sum(${duration()}))`, legend: "above 500 ms" },
    ),
    line(
      { title: "Throughput", description: "Bits per second over all agents.", unit: "bps" },
      { expr: `8 * sum(rate(loadswarm_received_bytes_total{${F}}${W}))`, legend: "received" },
      { expr: `8 * sum(rate(loadswarm_sent_bytes_total{${F}}${W}))`, legend: "sent" },
    ),
    line(
      {
        title: "Thresholds",
        description: "1 while a threshold of the plan holds, 0 when it fails.",
        unit: "short",
        max: 1,
      },
      { expr: `min by(threshold) (${latest(`loadswarm_threshold_ok{${F}}`)})`, legend: "{{threshold}}" },
    ),
  ],
};

const counted = (more: string) =>
  `sum by(scenario, request) (max_over_time(loadswarm_requests_total{${F}${more}}[$__range]))`;
/** By the agent that tells it for all, or by those that have in turn. */
const countedForAll = (more: string) =>
  `sum by(request) (max by(request, outcome) (max_over_time(loadswarm_swarm_requests_total{${F}${more}}[$__range])))`;

const BY_REQUEST: Row = {
  title: "By request",
  panels: [
    rows(
      {
        title: "Requests",
        description:
          "Of the whole time that is shown. In swarms of more than 500 agents one of them tells requests by name, since the start of the run.",
      },
      {
        name: "requests",
        unit: "short",
        expr: `${counted("")} or ${countedForAll("")}`,
      },
      {
        name: "failed",
        unit: "short",
        expr: `${counted(FAILED)} or ${countedForAll(FAILED)} or 0 * ${counted("")}`,
      },
      ...[0.5, 0.95, 0.99].map((q) => ({
        name: `p${q * 100}`,
        unit: "s",
        expr: `histogram_quantile(${q}, sum by(scenario, request) (rate(loadswarm_request_duration_seconds{${F}}[$__range]))) or max by(request) (${latest(`loadswarm_swarm_request_duration_seconds{${F},quantile="${q}"}`)})`,
      })),
    ),
    rows(
      { title: "Checks", description: "How often each check of the plan held and failed." },
      {
        name: "passed",
        unit: "short",
        expr: `sum by(scenario, check) (max_over_time(loadswarm_checks_total{${F},result="pass"}[$__range]))`,
      },
      {
        name: "failed",
        unit: "short",
        expr: `sum by(scenario, check) (max_over_time(loadswarm_checks_total{${F},result="fail"}[$__range]))`,
      },
    ),
  ],
};

export const runOverview = () =>
  dashboardOf({
    uid: "loadswarm-run",
    title: "Loadswarm / Run overview",
    description: "One run: what the plan wanted, what was offered, and how the target answered.",
    from: "now-15m",
    variables: [runVariable("run_id", "Run")],
    rows: [IN_SHORT, LOAD, LATENCY, BY_REQUEST],
  });
