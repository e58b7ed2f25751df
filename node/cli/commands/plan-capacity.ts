// loadswarm plan-capacity: how many agents a plan needs, and which limit breaks first.

import { EXIT } from "../../plan/errors.ts";
import { formatDuration } from "../../plan/units.ts";
import { type Capacity, capacityFor, type Limit } from "../capacity.ts";
import { type Demand, peakDemand } from "../demand.ts";
import { bytes } from "../format.ts";
import type { Invocation } from "../invocation.ts";
import { loadPlan } from "../plan-file.ts";

export async function command({ values, positionals, io }: Invocation<"plan-capacity">): Promise<number> {
  const [file] = positionals as [string];
  const demand = peakDemand(loadPlan(file, values["target-url"]).plan, values.latency);
  const capacity = capacityFor(demand, {
    nodeCores: values["node-cores"],
    nodes: values.nodes,
    requestsPerCore: values["requests-per-core"],
    targetAddresses: values["target-addresses"],
    exchangeBytes: values["exchange-bytes"],
    nodeGbps: values["node-gbps"],
    ports: values.ports,
    conntrack: values.conntrack,
  });
  io.stdout.write(values.json ? `${JSON.stringify({ demand, ...capacity })}\n` : text(file, demand, capacity, values["node-cores"]));
  return capacity.fits ? EXIT.pass : EXIT.rateNotMet;
}

function text(file: string, demand: Demand, { agents, workers, fits, perAgent, metrics, limits }: Capacity, cores: number): string {
  const first = limits[0]!;
  const outcome = fits
    ? `first to break: ${first.name}, at ${number(1 / first.used)} times this rate`
    : `does not fit: ${limits.filter(({ used }) => used > 1).map(({ name }) => name).join(", ")}`;
  const rows = [["limit", "need", "there is", "used", "where the numbers come from"], ...limits.map(cells)];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map((row) => `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]!) : i < 4 ? cell.padStart(widths[i]!) : cell)).join("  ")}`);
  return `${[
    `${file}, ${formatDuration(Math.round(demand.atMs))} after its start: ${number(demand.requestsPerSecond)} requests/s in ${number(demand.iterationsPerSecond)} iterations/s, ${number(demand.connections)} connections`,
    `  ${number(agents)} agents of ${workers} load threads, on nodes of ${cores} cores`,
    `  each  ${number(perAgent.requestsPerSecond)} requests/s, ${number(perAgent.connections)} connections, ${number(perAgent.megabitsPerSecond)} Mbit/s; memory limit ${number(perAgent.memoryMiB)} MiB`,
    `  remote write  ${number(metrics.samplesPerSecond)} samples/s, ${bytes(metrics.bytesPerSecond)}/s (${metrics.seriesPerAgent} series an agent)`,
    "",
    ...table,
    "",
    `  ${outcome}`,
  ].join("\n")}\n`;
}

function cells({ name, need, limit, used, origin }: Limit): string[] {
  return [name, number(need), number(limit), `${number(used * 100)} %`, origin];
}

/** With commas; two digits where it is small. */
function number(value: number): string {
  return value < 100 ? String(Number(value.toPrecision(2))) : Math.round(value).toLocaleString("en-US");
}
