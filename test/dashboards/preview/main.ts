// `npm run dashboards:preview`: the four dashboards as a real run fills them, as pages and pictures. Five minutes; needs
// prometheus, chromium and pngquant from Debian. Not Grafana: the same queries, grid, units, thresholds and marks, drawn by uPlot.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DASHBOARDS, fileOf } from "../../../dashboards/main.ts";
import { prometheusMissing } from "../../support/prometheus.ts";
import { type AnsweredDashboard, answer } from "./answers.ts";
import { CHROMIUM, heightPx, pageOf, takePicture } from "./page.ts";
import { play, type Show } from "./show.ts";

const HELP = `npm run dashboards:preview [-- --out DIR] [--redraw]
  --out DIR   where the pictures go (docs/img)
  --redraw    draw the answers of the last time once more, without a run`;

/** Answers are kept, so that the drawing can be changed without another run. */
const KEPT = new URL("../../../node_modules/.cache/dashboards-preview.json", import.meta.url);
const BEFORE_S = 12;
const AFTER_S = 8;

async function answers({ prometheus, base, run }: Show): Promise<Record<string, AnsweredDashboard>> {
  const from = run.startS - BEFORE_S;
  const to = run.endS + AFTER_S;
  const windows: Readonly<Record<string, readonly [variables: Readonly<Record<string, string>>, from: number]>> = {
    "run-overview": [{ run_id: run.run }, from],
    "swarm-health": [{}, from],
    "run-comparison": [{ base: base.run, run_id: run.run, shift: String(Math.round(run.startS - base.startS)) }, base.startS - BEFORE_S],
    // A run of minutes instead of hours: windows and steps are smaller in the same proportion.
    endurance: [{ run_id: run.run, window: "45s", step: "15s" }, from],
  };
  const answered: Record<string, AnsweredDashboard> = {};
  for (const name of Object.keys(DASHBOARDS)) {
    const [variables, start] = windows[name]!;
    answered[name] = await answer(JSON.parse(readFileSync(fileOf(name), "utf8")), prometheus, variables, start, to);
  }
  return answered;
}

async function perform(): Promise<Record<string, AnsweredDashboard>> {
  if (prometheusMissing !== null) throw new Error(prometheusMissing);
  const show = await play((line) => console.log(line));
  try {
    return await answers(show);
  } finally {
    await show.stop();
  }
}

const { values } = parseArgs({ options: { out: { type: "string" }, redraw: { type: "boolean" }, help: { type: "boolean" } } });
if (values.help) console.log(HELP);
else {
  if (CHROMIUM === null) throw new Error("Chromium is not installed (apt-get install chromium)");
  const out = values.out ?? fileURLToPath(new URL("../../../docs/img", import.meta.url));
  mkdirSync(out, { recursive: true });
  const answered = values.redraw ? JSON.parse(readFileSync(KEPT, "utf8")) : await perform();
  mkdirSync(new URL(".", KEPT), { recursive: true });
  writeFileSync(KEPT, JSON.stringify(answered));
  for (const [name, one] of Object.entries<AnsweredDashboard>(answered)) {
    const file = join(out, `${name}.png`);
    await takePicture(pageOf(one), file, heightPx(one));
    console.log(`${file}: ${(readFileSync(file).length / 1000).toFixed(0)} kB`);
  }
}
