// Draws an answered dashboard: a grid of panels as Grafana lays them out, graphs by uPlot. Runs in the page.

import { stack, text } from "./format.mjs";

const { uPlot, ANSWERED } = globalThis;
const COLUMN_PX = 58;
const ROW_PX = 33;
const GAP_PX = 6;
const LEGEND_ROWS = 6;
const PALETTE = ["#3274d9", "#e0752d", "#37872d", "#a352cc", "#c4162a", "#967302", "#5c9ead", "#e05fa0", "#6d7278", "#1f60c4"];
/** Grafana's names of colours. */
const COLOURS = {
  green: "#37872d",
  orange: "#fa6400",
  red: "#e02f44",
  blue: "#3274d9",
  purple: "#a352cc",
  yellow: "#b58900",
  "dark-red": "#a3000f",
  "semi-dark-blue": "#6b90c9",
};
/** A letter for each kind of mark, so that they can be told apart without colours. */
const LETTERS = { Published: "P", "Started and ended": "R", Stopped: "S", Joined: "J", Left: "L", Crashed: "X", "Shares changed": "c" };
const TICKS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const AXIS = { stroke: "#52545c", grid: { stroke: "#e4e5e8", width: 1 }, ticks: { stroke: "#d0d1d6", width: 1, size: 4 }, font: "11px DejaVu Sans" };

const colourOf = (name) => COLOURS[name] ?? name;

function element(parent, tag, className, content = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = content;
  parent.append(made);
  return made;
}

function header() {
  const { title, description, variables, marks } = ANSWERED;
  const top = element(document.body, "header", "");
  element(top, "h1", "", title);
  element(top, "p", "", description);
  const line = element(top, "p", "variables");
  for (const [name, value] of variables) element(line, "span", "variable", `${name} = ${value}`);
  const legend = element(top, "p", "marks", "Marks on the graphs: ");
  for (const { name, colour, times } of marks) {
    const mark = element(legend, "span", times.length > 0 ? "mark" : "mark none");
    element(mark, "b", "", LETTERS[name] ?? "?").style.background = colourOf(colour);
    mark.append(` ${name}${times.length > 0 ? "" : " (none)"}`);
  }
}

/** Dashed lines of thresholds, and marks of what happened. */
function overlays(limits) {
  return (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left - 6, bbox.top - 12, bbox.width + 12, bbox.height + 12);
    ctx.clip();
    ctx.lineWidth = 1;
    ctx.font = "bold 9px DejaVu Sans";
    for (const { name, colour, times } of ANSWERED.marks) {
      ctx.strokeStyle = ctx.fillStyle = colourOf(colour);
      for (const time of times) {
        const x = Math.round(u.valToPos(time, "x", true)) + 0.5;
        ctx.setLineDash([2, 3]);
        line(ctx, x, bbox.top, x, bbox.top + bbox.height);
        ctx.textAlign = "center";
        ctx.fillText(LETTERS[name] ?? "?", x, bbox.top - 2);
      }
    }
    ctx.lineWidth = 1.5;
    ctx.setLineDash([7, 4]);
    for (const { value, color } of limits) {
      const y = u.valToPos(value, "y", true);
      if (value === null || y < bbox.top) continue;
      ctx.strokeStyle = colourOf(color);
      line(ctx, bbox.left, y, bbox.left + bbox.width, y);
    }
    ctx.restore();
  };
}

function line(ctx, fromX, fromY, toX, toY) {
  ctx.beginPath();
  ctx.moveTo(fromX, fromY);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}

const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19);
const xAxis = () => ({ ...AXIS, incrs: [5, 10, 15, 30, 60, 120, 300, 600], space: 70, size: 22, gap: 2, values: (_, ticks) => ticks.map(clock) });
/** Bytes come in powers of two. */
const BINARY = Array.from({ length: 24 }, (_, i) => 2 ** (i + 10));
const yAxis = (unit) => ({ ...AXIS, ...(unit === "bytes" ? { incrs: BINARY } : {}), size: 74, gap: 3, values: (_, ticks) => ticks.map((tick) => text(unit, tick)) });
const timeRange = () => [ANSWERED.times[0], ANSWERED.times.at(-1)];
const common = (width, height) => ({ width, height, padding: [12, 30, 0, 0], legend: { show: false }, cursor: { show: false } });

/** Half as dark. */
function paler(colour) {
  return `#${[1, 3, 5].map((at) => (128 + (Number.parseInt(colour.slice(at, at + 2), 16) >> 1)).toString(16).padStart(2, "0")).join("")}`;
}

/** Limits far above all values would flatten the lines: they are drawn only if at most twice as high. */
function highest(values, limits, max) {
  const most = Math.max(0, ...values.filter((value) => value !== null));
  const drawn = limits.map(({ value }) => value).filter((value) => value !== null && value <= 2 * most);
  return max ?? (Math.max(most, ...drawn) * 1.08 || 1);
}

function graph(box, { panel, lines }, width, height) {
  const { unit, min, max, thresholds, custom } = panel.fieldConfig.defaults;
  const limits = thresholds?.steps.filter(({ value }) => value !== null) ?? [];
  const isStacked = custom?.stacking?.mode === "normal";
  const values = lines.map((one) => one.values);
  const drawn = isStacked ? stack(values) : values;
  const order = isStacked ? drawn.map((_, i) => drawn.length - 1 - i) : drawn.map((_, i) => i);
  const series = order.map((i) => {
    const stroke = PALETTE[i % PALETTE.length];
    // What is stacked covers what is below it, so it must not be seen through.
    return { stroke, width: 1.6, fill: isStacked ? paler(stroke) : `${stroke}14`, points: { show: false } };
  });
  // A point between two gaps is no line: shown as a point.
  series.forEach((one, s) => {
    const alone = drawn[order[s]].flatMap((v, i, all) => (v !== null && (all[i - 1] ?? null) === null && (all[i + 1] ?? null) === null ? [i] : []));
    if (alone.length > 0) one.points = { show: true, size: 5, fill: one.stroke, filter: () => alone };
  });
  new uPlot(
    {
      ...common(width, height),
      scales: { x: { time: false, range: timeRange }, y: { range: () => [min ?? Math.min(0, ...drawn.flat()), highest(drawn.flat(), limits, max)] } },
      axes: [xAxis(), yAxis(unit)],
      series: [{}, ...series],
      hooks: { draw: [overlays(limits)] },
    },
    [ANSWERED.times, ...order.map((i) => drawn[i])],
    box,
  );
  legend(box, unit, lines);
}

function legend(box, unit, lines) {
  const table = element(box, "table", "legend");
  const head = element(table, "tr", "");
  for (const name of ["", "mean", "max"]) element(head, "th", "", name);
  lines.slice(0, LEGEND_ROWS).forEach((one, i) => {
    const known = one.values.filter((value) => value !== null);
    const row = element(table, "tr", "");
    const name = element(row, "td", "");
    element(name, "i", "").style.background = PALETTE[i % PALETTE.length];
    name.append(` ${one.legend}`);
    const mean = known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
    for (const value of [mean, known.length === 0 ? null : Math.max(...known)]) element(row, "td", "number", text(unit, value));
  });
  if (lines.length > LEGEND_ROWS) element(element(table, "tr", ""), "td", "more", `and ${lines.length - LEGEND_ROWS} more`);
}

/** Darker where more requests fell into a bucket, from the palest at one request to the darkest at the most. */
function heatmap(box, { panel, cells }, width, height) {
  const filled = cells.filter(({ low, count }) => low > 0 && count > 0);
  const most = Math.max(...filled.map(({ count }) => count));
  const step = ANSWERED.times[1] - ANSWERED.times[0];
  const range = [Math.min(...filled.map(({ low }) => low)), Math.max(...filled.map(({ high }) => high))];
  const draw = (u) => {
    for (const { time, low, high, count } of filled) {
      const [x, y] = [u.valToPos(time - step, "x", true), u.valToPos(high, "y", true)];
      u.ctx.fillStyle = `hsl(${38 - 24 * (count / most)}, 95%, ${88 - 58 * Math.sqrt(count / most)}%)`;
      u.ctx.fillRect(Math.ceil(x), Math.ceil(y), Math.ceil(u.valToPos(time, "x", true) - x), Math.ceil(u.valToPos(low, "y", true) - y));
    }
  };
  const unit = panel.fieldConfig.defaults.unit;
  new uPlot(
    {
      ...common(width, height),
      scales: { x: { time: false, range: timeRange }, y: { distr: 3, range } },
      axes: [xAxis(), { ...yAxis(unit), splits: () => TICKS_S.filter((tick) => tick >= range[0] && tick <= range[1]), filter: (_, ticks) => ticks }],
      series: [{}, { show: false }],
      hooks: { drawAxes: [draw], draw: [overlays([])] },
    },
    [ANSWERED.times, ANSWERED.times.map(() => null)],
    box,
  );
  element(box, "p", "scale", `darkest: ${text("reqps", most)} in one bucket`);
}

function number(box, { panel, number: value }) {
  const { unit, decimals, thresholds } = panel.fieldConfig.defaults;
  const reached = (thresholds?.steps ?? []).filter((step) => step.value === null || value >= step.value).at(-1);
  element(box, "div", "big", text(unit, value, decimals)).style.color = colourOf(reached?.color ?? "#1f2126");
}

function table(box, { panel, rows, columns }) {
  const units = new Map((panel.fieldConfig.overrides ?? []).map(({ matcher, properties }) => [matcher.options, properties[0]?.value]));
  const made = element(box, "table", "rows");
  const head = element(made, "tr", "");
  for (const name of columns) element(head, "th", units.has(name) ? "number" : "", name);
  for (const values of rows) {
    const row = element(made, "tr", "");
    values.forEach((value, i) => {
      const unit = units.get(columns[i]);
      element(row, "td", unit === undefined ? "" : "number", unit === undefined ? String(value) : text(unit, value));
    });
  }
}

const DRAW = { timeseries: graph, heatmap, stat: number, table };

function panels() {
  const grid = element(document.body, "main", "");
  let bottom = 0;
  for (const answered of ANSWERED.panels) {
    const { type, title, description = "", gridPos } = answered.panel;
    const box = element(grid, "section", type);
    const [width, height] = [gridPos.w * COLUMN_PX - GAP_PX, gridPos.h * ROW_PX - GAP_PX];
    Object.assign(box.style, { left: `${gridPos.x * COLUMN_PX}px`, top: `${gridPos.y * ROW_PX}px`, width: `${width}px`, height: `${height}px` });
    bottom = Math.max(bottom, (gridPos.y + gridPos.h) * ROW_PX);
    element(box, "h2", "", title);
    if (type !== "row" && type !== "stat") element(box, "p", "description", description);
    const isEmpty = type !== "row" && answered.lines.length + answered.cells.length + answered.rows.length === 0 && answered.number === null;
    if (isEmpty) element(box, "p", "empty", "No data");
    else if (type !== "row") {
      const legendPx = type === "timeseries" ? 15 * (Math.min(answered.lines.length, LEGEND_ROWS + 1) + 1) : 16;
      const used = box.lastChild.offsetTop + box.lastChild.offsetHeight;
      DRAW[type](box, answered, width - 12, Math.max(90, height - used - legendPx - 8));
    }
  }
  grid.style.height = `${bottom}px`;
}

header();
panels();
