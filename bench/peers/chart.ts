// Bars of requests per CPU-second, a group for each column, on a scale by tens: peers differ by a factor of a hundred.

import { type Comparison, figuresOf, OURS } from "./results.ts";
import { TITLES } from "./table.ts";
import { COLUMNS } from "./tools.ts";

const WIDTH = 760;
const LEFT = 100;
const RIGHT = 120;
const BAR = 18;
const GAP = 5;
const TITLE = 34;
/** Where bars begin. */
const LEAST = 1000;

export function chart(comparison: Comparison): string {
  const groups = COLUMNS.map((column) => ({ column, figures: figuresOf(comparison, column) })).filter(({ figures }) => figures.length > 0);
  const most = Math.max(LEAST * 10, ...groups.flatMap(({ figures }) => figures.map(({ perCpuSecond }) => perCpuSecond)));
  const length = (value: number) =>
    Math.max(2, ((WIDTH - LEFT - RIGHT) * Math.log(Math.max(value, LEAST) / LEAST)) / Math.log(most / LEAST));
  let y = 0;
  const parts: string[] = [];
  for (const { column, figures } of groups) {
    y += TITLE;
    parts.push(`<text x="${LEFT}" y="${y - 10}" class="title">${TITLES[column]}</text>`);
    for (const { tool, perCpuSecond, ratio } of figures) {
      const middle = y + BAR / 2 + 4;
      const end = LEFT + length(perCpuSecond);
      const label = `${Math.round(perCpuSecond).toLocaleString("en-US")}${ratio === null ? "" : ` · ours ${ratio.median.toFixed(ratio.median < 10 ? 2 : 0)}x`}`;
      parts.push(
        `<text x="${LEFT - 8}" y="${middle}" text-anchor="end">${tool}</text>`,
        `<rect x="${LEFT}" y="${y}" width="${(end - LEFT).toFixed(1)}" height="${BAR}" class="${tool === OURS ? "ours" : "peer"}"/>`,
        `<text x="${(end + 6).toFixed(1)}" y="${middle}">${label}</text>`,
      );
      y += BAR + GAP;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 30}" role="img" aria-label="requests per CPU-second of load generators">
<style>text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 } .ours { fill: #1a7f64 } .peer { fill: #b8c4ce }</style>
<rect width="100%" height="100%" fill="#ffffff"/>
${parts.join("\n")}
<text x="${LEFT}" y="${y + 20}">requests per CPU-second; logarithmic, bars begin at ${LEAST.toLocaleString("en-US")}</text>
</svg>
`;
}
