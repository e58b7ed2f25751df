// Which promises a phase broke, and the table of all phases.

import type { Row } from "./play.ts";

/** P2: in any second, whatever happens. */
const MOST = 1.05;
/** P5: from the stop until the last request of those who can hear of it. */
const STOP_S = 1;

/** What was promised and is not so, in words; empty if all was kept. */
export function broken(row: Row): string[] {
  const { worst, full, fullAgain, oneViewMs, usefulMs, stop, lostPackets } = row;
  const { promised } = row.phase;
  const faults: string[] = [];
  const within = (what: string, ms: number | null | undefined, limitS: number | undefined): void => {
    if (limitS === undefined || (ms ?? Infinity) <= 1000 * limitS) return;
    faults.push(`${what}: ${cell(ms)} (s), and promised within ${limitS}`);
  };
  if (worst.excused > MOST) faults.push(`${worst.excused.toFixed(3)} of the rate in a second, not ${MOST}`);
  if (lostPackets === 0) faults.push("the network lost nothing: this was no test");
  within("99 % of the rate from the fault on", full?.ms, promised.fullS);
  within("99 % of the rate from the end of the fault on", fullAgain?.ms, promised.fullAgainS);
  within("one view", oneViewMs, promised.oneViewS);
  within("the first request of a new agent", usefulMs, promised.usefulS);
  if (stop === undefined) return faults;
  within("the last request of those who could hear of the stop", stop.connectedMs, STOP_S);
  within("the last request", stop.anyMs, promised.stopS);
  return faults;
}

const HEADER = [
  "scenario",
  "agents",
  "fullest second, × rate",
  "sent twice",
  "emptiest second",
  "≥ 99 % after the fault, s",
  "≥ 99 % after its end, s",
  "one view, s",
  "new agents' first request, s",
  "last request after stop, s",
  "machine's longest stall, ms",
  "waiting for a core, %",
  "kept",
];

export const TABLE_HEAD = `${line(HEADER)}\n${line(HEADER.map(() => "---"))}`;

/** One line of the table. */
export function tableLine(row: Row): string {
  const { worst, full, fullAgain } = row;
  const ratio = worst.ratio.toFixed(2);
  const excused = worst.excused.toFixed(2);
  return line([
    `${row.scenario}: ${row.phase.name}`,
    String(row.agents),
    ratio === excused ? ratio : `${excused} (${ratio})`,
    String(row.twice),
    full === undefined ? "–" : Math.min(full.lowest, fullAgain?.lowest ?? 1).toFixed(2),
    cell(full && full.ms),
    cell(fullAgain && fullAgain.ms),
    cell(row.oneViewMs),
    cell(row.usefulMs),
    cell(row.stop?.anyMs),
    row.stallMs.toFixed(0),
    (100 * row.waited).toFixed(1),
    broken(row).length === 0 ? "yes" : "**no**",
  ]);
}

/** undefined = not to be measured here; null = not before the limit. */
function cell(ms: number | null | undefined): string {
  if (ms === undefined) return "–";
  return ms === null ? "never" : seconds(ms);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
