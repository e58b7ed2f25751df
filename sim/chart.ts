// Pictures of the offered rate over time: braille for a terminal, SVG for a page.

/** One point of a line: the least and the most in its stretch of time. */
export interface Bucket {
  readonly least: number;
  readonly most: number;
}

/** Cuts samples into `count` stretches. */
export function buckets(samples: readonly number[], count: number): Bucket[] {
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * samples.length) / count);
    const stretch = samples.slice(from, Math.max(from + 1, Math.floor(((i + 1) * samples.length) / count)));
    return { least: Math.min(...stretch), most: Math.max(...stretch) };
  });
}

/** The top of the scale: the plan's rate has room above it, and so has whatever exceeds it. */
export function scaleFor(samples: readonly number[]): number {
  const most = samples.reduce((highest, sample) => Math.max(highest, sample), 0);
  return most <= 1.2 ? 1.25 : Math.ceil(most * 4 + 0.5) / 4;
}

const COLUMNS = 60;
const ROWS = 8;
/** Dots of a braille character: two across, four down (Unicode 2800-28FF). */
const ACROSS = 2;
const DOWN = 4;
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** 60 x 8 characters, with the scale at the left and seconds below. The plan's rate is the dotted line. */
export function terminalChart(samples: readonly number[], sampleMs: number): string[] {
  const top = scaleFor(samples);
  const cells = Array.from({ length: ROWS }, () => new Array<number>(COLUMNS).fill(0));
  const height = ROWS * DOWN;
  const rowOf = (value: number): number => Math.min(height - 1, Math.max(0, Math.round((1 - value / top) * (height - 1))));
  const dot = (x: number, y: number): void => {
    cells[Math.floor(y / DOWN)]![Math.floor(x / ACROSS)]! |= DOTS[y % DOWN]![x % ACROSS]!;
  };
  for (let x = 0; x < COLUMNS * ACROSS; x += 4) dot(x, rowOf(1));
  buckets(samples, COLUMNS * ACROSS).forEach(({ least, most }, x) => {
    for (let y = rowOf(most); y <= rowOf(least); y++) dot(x, y);
  });
  const labels = new Map([
    [0, top],
    [Math.floor(rowOf(1) / DOWN), 1],
    [ROWS - 1, 0],
  ]);
  const lines = cells.map((row, y) => {
    const label = labels.get(y)?.toFixed(2) ?? "";
    return `${label.padStart(6)} ${label === "" ? "│" : "┤"}${row.map((cell) => String.fromCodePoint(0x2800 + cell)).join("")}`;
  });
  const seconds = `${Math.round((samples.length * sampleMs) / 1000)} s`;
  return [...lines, `${"0".padStart(9)}${seconds.padStart(COLUMNS - 1)}`];
}

const WIDTH = 960;
const HEIGHT = 260;
const LEFT = 48;
const BOTTOM = 24;

/** `marks`: seconds and what to write at them. */
export function svgChart(samples: readonly number[], sampleMs: number, marks: readonly { atS: number; text: string }[]): string {
  const top = scaleFor(samples);
  const lengthS = (samples.length * sampleMs) / 1000;
  const x = (seconds: number): string => (LEFT + (seconds / lengthS) * (WIDTH - LEFT)).toFixed(1);
  const y = (value: number): string => (4 + (1 - value / top) * (HEIGHT - BOTTOM - 4)).toFixed(1);
  const points = buckets(samples, Math.min(samples.length, 1200));
  const band = [
    ...points.map(({ most }, i) => `${x(((i + 0.5) / points.length) * lengthS)},${y(most)}`),
    ...points.map(({ least }, i) => `${x(((i + 0.5) / points.length) * lengthS)},${y(least)}`).reverse(),
  ];
  const ticks = Array.from({ length: Math.floor(lengthS / 5) + 1 }, (_, i) => 5 * i);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="offered rate over time">`,
    ...marks.map(({ atS, text }) => `<line class="mark" x1="${x(atS)}" x2="${x(atS)}" y1="4" y2="${y(0)}"><title>${escaped(text)}</title></line>`),
    ...[0, 0.5, 1, ...(top > 1.3 ? [top] : [])].map((value) => `<text x="4" y="${y(value)}" dy="4">${value.toFixed(2)}</text>`),
    ...ticks.map((tick) => `<text x="${x(tick)}" y="${HEIGHT - 6}">${tick} s</text>`),
    `<line class="target" x1="${LEFT}" x2="${WIDTH}" y1="${y(1)}" y2="${y(1)}"/>`,
    `<polygon class="offered" points="${band.join(" ")}"/>`,
    `</svg>`,
  ].join("\n");
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
