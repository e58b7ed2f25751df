// The catalogue: every metric an agent pushes and serves, on one page. docs/metrics.md is made of it.

export type MeterType = "counter" | "gauge" | "histogram";

export interface Meter {
  /** As Prometheus stores it. */
  readonly name: string;
  readonly type: MeterType;
  /** Base unit; "" where there is none. */
  readonly unit: "" | "seconds" | "bytes" | "ratio";
  /** In the order in which a reading gives their values. Those every series has are COMMON_LABELS. */
  readonly labels: readonly string[];
  readonly help: string;
}

/** Labels of every series that is pushed; on /metrics the scraper adds its own. Empty ones are left out. */
export const COMMON_LABELS = ["job", "instance", "node", "zone"] as const;

const RUN = ["run_id"] as const;
const SCENARIO = ["run_id", "scenario"] as const;
const REQUEST = ["run_id", "scenario", "request"] as const;

function meter(name: string, type: MeterType, labels: readonly string[], help: string): Meter {
  const unit = /_(seconds|bytes|ratio)(_total)?$/.exec(name)?.[1] ?? "";
  return { name, type, unit: unit as Meter["unit"], labels, help };
}

const counter = (name: string, labels: readonly string[], help: string) => meter(`loadswarm_${name}_total`, "counter", labels, help);
const gauge = (name: string, labels: readonly string[], help: string) => meter(`loadswarm_${name}`, "gauge", labels, help);
const histogram = (name: string, labels: readonly string[], help: string) => meter(`loadswarm_${name}`, "histogram", labels, help);

/** What a run does. Its counters start at 0, so that whole-run totals need no increase(). */
export const RUN_METERS = {
  runInfo: gauge("run_info", [...RUN, "plan"], "1 for every run this agent takes part in"),
  planVersion: gauge("plan_version", RUN, "Number of the latest word on a run (published, started, stopped) that this agent has heard; different ones at once: somebody has yet to hear"),
  targetRate: gauge("target_rate", SCENARIO, "Iterations per second that the plan asks of this agent now"),
  iterations: counter("iterations", SCENARIO, "Iterations started"),
  iterationsCompleted: counter("iterations_completed", SCENARIO, "Iterations that came to their end"),
  iterationsDropped: counter("iterations_dropped", [...SCENARIO, "reason"], "Iterations that were due and did not start"),
  iterationsInFlight: gauge("iterations_in_flight", SCENARIO, "Iterations under way"),
  generatorVerdict: gauge("generator_verdict", [...RUN, "thread"], "How a load thread judged itself in the last second: 0 ok, 1 strained, 2 it limits the test"),
  threadUtilization: gauge("load_thread_utilization_ratio", [...RUN, "thread"], "Part of the last second in which a load thread was busy"),
  requests: counter("requests", [...REQUEST, "status_class", "outcome"], "Requests that ended; outcome is ok or fail"),
  requestDuration: histogram("request_duration_seconds", [...REQUEST, "outcome"], "From the actual start of a request to its last byte"),
  requestPhase: histogram("request_phase_duration_seconds", [...SCENARIO, "phase"], "Parts of a request: blocked, connecting, tls_handshaking, sending, waiting (last byte written to first byte read), receiving"),
  startDelay: histogram("request_start_delay_seconds", SCENARIO, "From the intended start of an iteration to its actual start"),
  errors: counter("errors", [...REQUEST, "kind"], "Requests that got no whole answer"),
  sentBytes: counter("sent_bytes", SCENARIO, "Bytes sent, headers and framing included"),
  receivedBytes: counter("received_bytes", SCENARIO, "Bytes received, headers and framing included"),
  thresholdOk: gauge("threshold_ok", [...RUN, "threshold"], "1 while a threshold of the plan holds, else 0; told by one agent of the swarm"),
  checks: counter("checks", [...SCENARIO, "check", "result"], "Checks of answers; result is pass or fail"),
  swarmRequests: counter("swarm_requests", [...RUN, "request", "outcome"], "Requests of the whole swarm, told by one agent where agents leave their names out; read it by max, not by sum"),
  swarmRequestDuration: gauge("swarm_request_duration_seconds", [...RUN, "request", "quantile"], "Quantiles of their durations since the start of the run, from all agents' histograms together; likewise"),
} as const satisfies Readonly<Record<string, Meter>>;

/** How the swarm is, as this agent sees it. */
export const SWARM_METERS = {
  agentInfo: gauge("agent_info", ["version"], "1 for every agent that is up"),
  members: gauge("swarm_members", ["state"], "Members of the agreed view by state"),
  share: gauge("swarm_share_ratio", [], "Part of the swarm's rate that this agent carries, 0 to 1"),
  view: gauge("swarm_view_id", [], "Number of the agreed view; different numbers at once: a change, or a split"),
  resplits: counter("swarm_resplits", [], "Times that this agent's share changed"),
  events: counter("swarm_events", ["event"], "What happened: members joined, left and lost, resplit, apart (another swarm was met that has runs on too), and run_ with the new state of a run"),
  clockOffset: gauge("clock_offset_seconds", [], "Swarm time minus this agent's own clock"),
  unmetRate: gauge("unmet_rate", [], "Arrivals per second due at this agent that it could not send in time; its share is moving, or nobody has room"),
  connectionsOpen: gauge("connections_open", [], "Connections to targets that are open"),
  connectionsOpened: counter("connections_opened", [], "Connections to targets that were asked for; far fewer than requests where they are kept alive"),
  requestsInFlight: gauge("requests_in_flight", [], "Requests of all runs that wait for their answers, or for a connection"),
  gossipMessages: counter("gossip_messages", ["topic", "direction"], "Messages to and from other agents: frames on links, runs by gossip"),
  gossipBytes: counter("gossip_bytes", ["topic", "direction"], "Their bytes, before encryption"),
  gossipDuplicates: counter("gossip_duplicates", [], "Gossip messages that had come before, by way of another agent; about as many as there are ways"),
  gossipPeers: gauge("gossip_peers", ["kind"], "Agents on the gossip's topic as this one sees it: kind topic all of them, mesh those that hand it every message"),
  gossipDelivery: histogram("gossip_delivery_seconds", [], "From the publishing of a run at another agent until this one heard of it, in swarm time"),
  links: gauge("links", [], "Links to other agents that are up"),
  framesDropped: counter("frames_dropped", [], "Frames that went nowhere, and gossip messages beyond a source's rate"),
  framesRefused: counter("frames_refused", [], "Frames and gossip messages that no agent sends"),
  membersRefused: counter("members_refused", [], "Records of members that those had not signed"),
  framesUnheard: counter("frames_unheard", [], "Frames in which others than members spoke for members; newcomers do for a moment"),
  runsRefused: counter("runs_refused", [], "Records of runs with impossible times, one too many, that no operator permits, or of a version to come"),
  connectionsRefused: counter("connections_refused", [], "Connections one too many: of one address, or of peers that are no members"),
  peersRefused: counter("peers_refused", [], "Times that a peer was shut out for a minute for nonsense"),
  dropped: counter("swarm_dropped", ["what"], "What this agent let go because of a bound of its own: ballots, roll_calls (opinions on who is excluded), members (long gone), runs (long over), reports (results of others, also those that cannot be theirs), gathers (questions for results, answered with its own only)"),
} as const satisfies Readonly<Record<string, Meter>>;

/** How the process and the export are. */
export const HEALTH_METERS = {
  eventLoopDelay: histogram("event_loop_delay_seconds", [], "How late timers of the main thread fire; the load has threads of its own"),
  eventLoopUtilization: gauge("event_loop_utilization_ratio", [], "Part of the time in which the main thread was busy"),
  cpuThrottled: counter("cpu_throttled_seconds", [], "Time for which the container had no CPU left; absent without a cgroup"),
  remoteWritePushes: counter("remote_write_pushes", [], "Pushes that were made, this one included: where a number is missing, a push is"),
  remoteWriteSamples: counter("remote_write_samples", ["result"], "Samples by what became of them: sent, rejected by the receiver, expired"),
  remoteWriteRequests: counter("remote_write_requests", ["code"], "Pushes by HTTP status; code none: no answer came"),
  remoteWriteQueue: gauge("remote_write_queue_samples", [], "Samples that wait to be pushed"),
  remoteWriteHighest: gauge("remote_write_highest_sent_timestamp_seconds", [], "Time of the latest sample that the receiver has taken"),
  remoteWriteRefused: gauge("remote_write_series_refused", [], "Series that found no room: names that are counted together as __other__, and gauges of runs that are left out"),
  otlpExports: counter("otlp_exports", ["result"], "Exports by OTLP by what became of them: taken or failed; absent where nothing is exported so"),
  cpu: meter("process_cpu_seconds_total", "counter", [], "User and system CPU time"),
  residentMemory: meter("process_resident_memory_bytes", "gauge", [], "Resident memory"),
  startTime: meter("process_start_time_seconds", "gauge", [], "When the process started, since the Unix epoch"),
  heapUsed: meter("nodejs_heap_size_used_bytes", "gauge", [], "Heap of the main thread in use"),
  heapTotal: meter("nodejs_heap_size_total_bytes", "gauge", [], "Heap of the main thread"),
  external: meter("nodejs_external_memory_bytes", "gauge", [], "Memory outside the heaps: buffers, and the arenas of results"),
} as const satisfies Readonly<Record<string, Meter>>;

/** All of them, in the order in which the documentation shows them. */
export const METERS: readonly Meter[] = [RUN_METERS, SWARM_METERS, HEALTH_METERS].flatMap((group) => Object.values<Meter>(group));
