// loadswarm status: who is in the swarm, and what it is doing.

import { EXIT } from "../../plan/errors.ts";
import type { Invocation } from "../invocation.ts";
import { type Call, fetchMembers, fetchRuns } from "../client.ts";
import { FailoverClient } from "../failover.ts";
import { percent, printable, trim } from "../format.ts";

export async function command({ values, io }: Invocation<"status">): Promise<number> {
  const client = new FailoverClient(values.to);
  const caller = (request: Call) => client.call(request);
  const swarm = await fetchMembers(caller);
  const runs = await fetchRuns(caller);
  if (values.json) {
    io.stdout.write(`${JSON.stringify({ ...swarm, runs }, null, 2)}\n`);
    return EXIT.pass;
  }
  const members = swarm.members.map(({ id, name, zone, state, weight, share, api }) => [
    `${id === swarm.self ? "*" : " "} ${name}`,
    zone || "-",
    state,
    trim(weight),
    percent(share),
    api || "-",
    id,
  ]);
  io.stdout.write(table(["  NAME", "ZONE", "STATE", "WEIGHT", "SHARE", "API", "ID"], members));
  io.stdout.write("\n");
  if (runs.length === 0) io.stdout.write("no runs\n");
  else {
    const rows = runs.map(({ run, plan, state, startsAt }) => [run, plan, state, startsAt ?? "-"]);
    io.stdout.write(table(["RUN", "PLAN", "STATE", "STARTS"], rows));
  }
  return EXIT.pass;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => printable(String(cell))));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
