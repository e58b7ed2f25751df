// The swarm itself: is it one, does everybody carry their share, and is the generator the bottleneck?

import { dashboardOf, type Row } from "./frame.ts";
import { latest, line, number, rows, stacked, W } from "./panels.ts";

const rateBy = (label: string) => `sum by(${label}) (rate(loadswarm_requests_total${W}))`;

const ONE_SWARM: Row = {
  title: "One swarm",
  panels: [
    number(
      { title: "Agents", description: "Agents that pushed something in the last 15 seconds.", unit: "short" },
      `count(${latest("loadswarm_agent_info")})`,
    ),
    number(
      {
        title: "Views",
        description:
          "1: all agents agree who is in the swarm. More for longer than some seconds: the network is split.",
        unit: "short",
        limits: [[2, "red"]],
      },
      `count(count_values("view", ${latest("loadswarm_swarm_view_id")}))`,
    ),
    number(
      {
        title: "Shares together",
        description:
          "1: the swarm offers the plan's rate. Below: shares are moving, or part of the swarm is quiet because it sees no majority.",
        unit: "percentunit",
        decimals: 1,
      },
      `sum(${latest("loadswarm_swarm_share_ratio")})`,
    ),
    number(
      {
        title: "Unmet rate",
        description:
          "Iterations per second that agents could not send in time. Above 0 for long: the swarm needs more agents.",
        unit: "reqps",
        limits: [[1, "red"]],
      },
      `sum(${latest("loadswarm_unmet_rate")})`,
    ),
    number(
      {
        title: "Clock offset",
        description: "The largest correction of an agent's clock to the swarm's time.",
        unit: "s",
      },
      `max(abs(${latest("loadswarm_clock_offset_seconds")}))`,
    ),
    number(
      {
        title: "Push lag",
        description: "Age of the oldest agent's latest sample: how old what you see may be.",
        unit: "s",
        limits: [[15, "red"]],
      },
      `time() - min(${latest("loadswarm_remote_write_highest_sent_timestamp_seconds")})`,
    ),
    line(
      {
        title: "Members as agents see them",
        description: "Both lines lie on each other while the agents agree.",
        unit: "short",
      },
      { expr: `min(sum by(instance) (${latest("loadswarm_swarm_members")}))`, legend: "fewest" },
      { expr: `max(sum by(instance) (${latest("loadswarm_swarm_members")}))`, legend: "most" },
    ),
    line(
      {
        title: "What happened",
        description: "Events per ten seconds, by the agent that heard of most of them.",
        unit: "short",
      },
      { expr: `max by(event) (increase(loadswarm_swarm_events_total[10s]))`, legend: "{{event}}" },
      { expr: `max(increase(loadswarm_swarm_resplits_total[10s]))`, legend: "shares changed" },
    ),
    line(
      {
        title: "Links",
        description: "Links to other agents; each agent holds about ten, fewer in a small swarm.",
        unit: "short",
      },
      { expr: `min(${latest("loadswarm_links")})`, legend: "fewest" },
      { expr: `max(${latest("loadswarm_links")})`, legend: "most" },
      { expr: `min(${latest(`loadswarm_gossip_peers{kind="mesh"}`)})`, legend: "for gossip, fewest" },
    ),
    line(
      {
        title: "What agents say to each other",
        description: "Bytes per second, before encryption: frames to neighbours, and runs by gossip.",
        unit: "Bps",
      },
      { expr: `sum by(topic, direction) (rate(loadswarm_gossip_bytes_total${W}))`, legend: "{{topic}} {{direction}}" },
    ),
    line(
      {
        title: "News of runs",
        description:
          "Gossip messages per second: those that were new, and those that came again by another way, which is what makes gossip safe.",
        unit: "mps",
      },
      { expr: `sum(rate(loadswarm_gossip_messages_total{topic="runs",direction="in"}${W}))`, legend: "new" },
      { expr: `sum(rate(loadswarm_gossip_duplicates_total${W}))`, legend: "again" },
    ),
    line(
      {
        title: "How long news of runs took (p99)",
        description: "From the publishing of a run until an agent heard of it, over the last five minutes; nothing is drawn where no run was published.",
        unit: "s",
        limits: [[1, "red"]],
      },
      { expr: `histogram_quantile(0.99, sum(increase(loadswarm_gossip_delivery_seconds[5m])))`, legend: "p99" },
    ),
    line(
      {
        title: "Different words on one run",
        description: "1: all agents have heard the latest word on each run. More for longer than a second or two: a start or a stop has not reached everybody.",
        unit: "short",
        limits: [[2, "orange"]],
      },
      {
        expr: `max(count by(run_id) (count_values by(run_id) ("version", ${latest("loadswarm_plan_version")})))`,
        legend: "most",
      },
    ),
    line(
      {
        title: "Refused and dropped in the mesh",
        description:
          "Frames, records and connections that came to nothing. A few when members come and go; many: an agent too slow, or somebody who does not belong.",
        unit: "short",
      },
      ...[
        "frames_dropped",
        "frames_refused",
        "frames_unheard",
        "members_refused",
        "runs_refused",
        "connections_refused",
        "peers_refused",
        "swarm_dropped",
      ].map((name) => ({
        expr: `sum(rate(loadswarm_${name}_total${W}))`,
        legend: name.replaceAll("_", " "),
      })),
    ),
  ],
};

const SHARES: Row = {
  title: "Shares",
  panels: [
    line(
      {
        title: "Furthest from their share",
        description:
          "The ten agents whose iterations per second are furthest from what the plan asks of them; 0 is perfect.",
        unit: "percentunit",
        limits: [[0.05, "orange"]],
      },
      {
        expr: `topk(10, abs(1 - sum by(instance) (rate(loadswarm_iterations_total${W})) / (sum by(instance) (avg_over_time(loadswarm_target_rate[15s])) > 0)))`,
        legend: "{{instance}}",
      },
    ),
    line(
      {
        title: "Unmet rate by agent",
        description: "Which agents cannot send what is due; their shares move to the others.",
        unit: "reqps",
      },
      { expr: `topk(10, ${latest("loadswarm_unmet_rate")})`, legend: "{{instance}}" },
    ),
    stacked(
      { title: "Requests by zone", description: "Where the load comes from.", unit: "reqps" },
      { expr: rateBy("zone"), legend: "{{zone}}" },
    ),
    line(
      { title: "Requests by machine", description: "The ten machines that send most.", unit: "reqps" },
      { expr: `topk(10, ${rateBy("node")})`, legend: "{{node}}" },
    ),
  ],
};

const GENERATOR: Row = {
  title: "The generator",
  panels: [
    line(
      { title: "CPU", description: "Cores in use, of the ten busiest agents.", unit: "short" },
      { expr: `topk(10, rate(process_cpu_seconds_total{job="loadswarm"}${W}))`, legend: "{{instance}}" },
    ),
    line(
      {
        title: "CPU denied",
        description:
          "Time for which a container had used up its CPU limit. Anything above 0 makes starts late: raise the limit. Nothing is drawn where there is none.",
        unit: "percentunit",
        limits: [[0.01, "red"]],
      },
      { expr: `topk(10, rate(loadswarm_cpu_throttled_seconds_total${W}))`, legend: "{{instance}}" },
    ),
    line(
      {
        title: "Main thread busy",
        description: "Results, links and metrics; the load has threads of its own.",
        unit: "percentunit",
        max: 1,
        limits: [[0.8, "red"]],
      },
      { expr: `topk(10, ${latest("loadswarm_event_loop_utilization_ratio")})`, legend: "{{instance}}" },
    ),
    line(
      {
        title: "Main thread late (p99)",
        description: "How late its timers fire. Beyond a second others think the agent is gone.",
        unit: "s",
        limits: [[1, "red"]],
      },
      {
        expr: `topk(10, histogram_quantile(0.99, sum by(instance) (rate(loadswarm_event_loop_delay_seconds${W}))))`,
        legend: "{{instance}}",
      },
    ),
    line(
      { title: "Memory", description: "Resident memory of the ten largest agents.", unit: "bytes" },
      { expr: `topk(10, ${latest(`process_resident_memory_bytes{job="loadswarm"}`)})`, legend: "{{instance}}" },
    ),
  ],
};

const PUSH: Row = {
  title: "The push of metrics",
  panels: [
    line(
      {
        title: "Samples",
        description: "What became of samples. rejected and expired ones are missing on these dashboards.",
        unit: "wps",
      },
      { expr: `sum by(result) (rate(loadswarm_remote_write_samples_total${W}))`, legend: "{{result}}" },
    ),
    line(
      {
        title: "Answers of the receiver",
        description: "Pushes per second by HTTP status; none: no answer.",
        unit: "reqps",
      },
      { expr: `sum by(code) (rate(loadswarm_remote_write_requests_total${W}))`, legend: "{{code}}" },
    ),
    line(
      {
        title: "What waits, and what has no room",
        description: "Samples are kept for twelve minutes while the receiver is away. Series beyond 1,000 of an agent are counted together as __other__.",
        unit: "short",
      },
      { expr: `sum(${latest("loadswarm_remote_write_queue_samples")})`, legend: "samples that wait" },
      { expr: `sum(${latest("loadswarm_remote_write_series_refused")})`, legend: "series without room" },
    ),
    rows(
      { title: "Agents", description: "Who is there, with which version.", width: 12 },
      { name: "up", unit: "short", expr: `max by(instance, node, zone, version) (${latest("loadswarm_agent_info")})` },
    ),
  ],
};

export const swarmHealth = () =>
  dashboardOf({
    uid: "loadswarm-swarm",
    title: "Loadswarm / Swarm health",
    description: "The agents and how they hang together: if these are well, the numbers of a run are the target's.",
    from: "now-15m",
    variables: [],
    rows: [ONE_SWARM, SHARES, GENERATOR, PUSH],
  });
