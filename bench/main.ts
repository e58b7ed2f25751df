// `npm run bench`: what the load costs beside the peers; with a word, other figures.

import { parseArgs } from "node:util";
import { printFigures } from "./figures.ts";
import { runGarbage } from "./garbage.ts";
import { runMemory } from "./memory.ts";
import { runReceiver } from "./receiver.ts";
import { runPeers, type PeersFlags, writeDocs } from "./peers/command.ts";
import { runSteady } from "./steady.ts";

const USAGE = `npm run bench [-- WHAT] [flags]
  peers     (default) ours and every peer that is installed, against the same nginx: requests per CPU-second
              --only bare,tls,open,h2   columns      --tools loadswarm,wrk,…   --rounds 5   --seconds 10   --json FILE
  docs FILE   makes docs/benchmarks.md and its chart of what peers wrote to FILE
  steady      --rate 20000 --seconds 60 --precision normal|high   counts, pacing and evenness by nginx's log
  memory      --rate 20000 --seconds 600   the slope of resident memory
  garbage     --rate 20000 --seconds 10    what part of its CPU time goes into garbage
  receiver    200 agents push into one Prometheus for 50 s: its CPU and memory, and the senders'
  figures     those of the README and of docs/metrics.md: splitting, starting, an idle agent, summaries, pushes`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    tools: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string" },
    rate: { type: "string", default: "20000" },
    precision: { type: "string", default: "normal" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const [what = "peers", file] = positionals;

if (values.help) console.log(USAGE);
else if (what === "peers") await runPeers(values as PeersFlags);
else if (what === "docs" && file !== undefined) writeDocs(file);
else if (what === "steady") process.exitCode = (await runSteady(values)) ? 0 : 1;
else if (what === "memory") process.exitCode = (await runMemory(values)) ? 0 : 1;
else if (what === "garbage") process.exitCode = (await runGarbage(values)) ? 0 : 1;
else if (what === "receiver") await runReceiver();
else if (what === "figures") await printFigures();
else {
  console.error(USAGE);
  process.exitCode = 1;
}
