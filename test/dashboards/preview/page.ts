// An answered dashboard as one file that needs nothing else, and its picture.

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { AnsweredDashboard } from "./answers.ts";

const PLACES = [process.env["CHROMIUM"] ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
export const CHROMIUM = PLACES.find((path) => existsSync(path)) ?? null;

const WIDTH_PX = 1408;
/** Header of the page, and the height of a row of the grid, as draw.mjs has them. */
const HEADER_PX = 112;
const ROW_PX = 33;
const TIMEOUT_MS = 60_000;

const UPLOT = createRequire(import.meta.url).resolve("uplot").replace(/uPlot\.[a-z.]+$/, "");
const own = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

const STYLE = `
* { box-sizing: border-box; margin: 0; }
body { width: ${WIDTH_PX}px; padding: 8px; background: #f4f5f7; color: #1f2126; font: 12px "DejaVu Sans", sans-serif; }
header { height: ${HEADER_PX - 16}px; padding: 4px 6px; }
h1 { font-size: 20px; } header p { margin-top: 5px; } h2 { font-size: 13px; }
.variable { margin-right: 8px; padding: 2px 6px; background: #fff; border: 1px solid #d0d1d6; border-radius: 3px; }
.mark { margin-right: 14px; } .mark b { padding: 0 5px; color: #fff; border-radius: 3px; } .none { color: #9a9ca3; }
main { position: relative; }
section { position: absolute; padding: 5px 6px; background: #fff; border: 1px solid #dcdde1; border-radius: 3px; overflow: hidden; }
section.row { background: none; border: none; padding: 8px 2px 0; } section.row h2 { font-size: 15px; }
.description { color: #6a6d75; font-size: 10.5px; line-height: 13px; margin-top: 2px; }
.big { font-size: 30px; text-align: center; margin-top: 16px; }
.empty { color: #9a9ca3; text-align: center; margin-top: 40px; font-size: 15px; }
.legend { font-size: 11px; line-height: 15px; border-spacing: 0; margin-left: 70px; } .legend th { font-weight: normal; color: #3274d9; }
.legend td { padding: 0 14px 0 0; } .legend i { display: inline-block; width: 12px; height: 3px; vertical-align: 3px; } .more { color: #6a6d75; }
th { text-align: left; } .number { text-align: right; } .legend th { text-align: right; padding-right: 14px; }
.rows { width: 100%; margin-top: 8px; border-collapse: collapse; } .rows td, .rows th { padding: 4px 10px; border-bottom: 1px solid #e4e5e8; }
.rows th.number { text-align: right; } .scale { color: #6a6d75; font-size: 11px; margin-left: 74px; }
`;

export function pageOf(answered: AnsweredDashboard): string {
  // What agents call themselves and what plans call things stands in it: no text may end the script.
  const data = JSON.stringify(answered).replaceAll("<", "\\u003c");
  const format = `data:text/javascript;base64,${Buffer.from(own("format.mjs")).toString("base64")}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Loadswarm</title>
<style>${readFileSync(`${UPLOT}uPlot.min.css`, "utf8")}${STYLE}</style>
<script type="importmap">${JSON.stringify({ imports: { "./format.mjs": format } })}</script>
<script>${readFileSync(`${UPLOT}uPlot.iife.min.js`, "utf8")}
globalThis.uPlot = uPlot; globalThis.ANSWERED = ${data};</script></head>
<body><script type="module">${own("draw.mjs")}</script></body></html>
`;
}

/** Height of the page, from the grid of its panels. */
export function heightPx({ panels }: AnsweredDashboard): number {
  return HEADER_PX + ROW_PX * Math.max(...panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h)) + 8;
}

/** Takes a picture of a page, in 128 colours. The browser has a home of its own, which goes with it. */
export async function takePicture(page: string, file: string, heightPx: number): Promise<void> {
  if (CHROMIUM === null) throw new Error("Chromium is not installed (apt-get install chromium)");
  const home = mkdtempSync(join(tmpdir(), "loadswarm-chromium-"));
  try {
    const source = join(home, "page.html");
    writeFileSync(source, page);
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", `--user-data-dir=${join(home, "profile")}`];
    const picture = [`--window-size=${WIDTH_PX},${heightPx}`, "--virtual-time-budget=5000", `--screenshot=${file}`];
    await promisify(execFile)(CHROMIUM, [...flags, ...picture, pathToFileURL(source).href], { timeout: TIMEOUT_MS });
    await promisify(execFile)("pngquant", ["--force", "--output", file, "128", file], { timeout: TIMEOUT_MS });
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
