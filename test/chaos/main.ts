// npm run chaos: every scenario, one after the other, and the table of what the target saw.
//
// CHAOS_AGENTS: agents at most (40). CHAOS_ONLY: only scenarios whose name contains this. CHAOS_TABLE: file for the
// table. CHAOS_LOGS: folder for the agents' logs. CHAOS_SLOWER: all processes' time passes so many times more slowly, for more
// agents than the cores can feed.

import { writeFileSync } from "node:fs";
import { again, faketimeMissing, mustSlowDown } from "../support/dilation.ts";
import { agentsWanted, chaosMissing, openPlace } from "./place.ts";
import { play, type Row } from "./play.ts";
import { FULL } from "./scenarios.ts";
import { broken, TABLE_HEAD, tableLine } from "./verdict.ts";

async function main(): Promise<number> {
  const missing = chaosMissing() ?? (mustSlowDown() ? faketimeMissing() : null);
  if (missing !== null) {
    console.error(`skipped: ${missing}`);
    return process.env["CI"] === undefined ? 0 : 1;
  }
  if (mustSlowDown()) return again();
  const only = process.env["CHAOS_ONLY"] ?? "";
  const rows: Row[] = [];
  let unplayed = 0;
  const place = await openPlace(agentsWanted(40));
  console.log(TABLE_HEAD);
  try {
    for (const scenario of FULL.filter(({ name }) => name.includes(only))) {
      // A scenario that could not be played to its end says so, and the others still tell something.
      const played = await play(scenario, place).catch((error: Error) => error);
      if (played instanceof Error) {
        unplayed++;
        console.error(`  ${scenario.name}: ${played.message}`);
        continue;
      }
      for (const row of played) {
        rows.push(row);
        console.log(tableLine(row));
        for (const fault of broken(row)) console.error(`  broken: ${fault}`);
      }
    }
  } finally {
    await place.close();
  }
  const file = process.env["CHAOS_TABLE"];
  if (file !== undefined) writeFileSync(file, `${[TABLE_HEAD, ...rows.map(tableLine)].join("\n")}\n`);
  return unplayed > 0 || rows.some((row) => broken(row).length > 0) ? 1 : 0;
}

process.exitCode = await main();
