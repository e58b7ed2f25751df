// Values as people read them, by Grafana's names of units. Runs in the page.

const STEPS = {
  si: [
    [1e9, " G"],
    [1e6, " M"],
    [1e3, " k"],
    [1, " "],
  ],
  iec: [
    [2 ** 30, " Gi"],
    [2 ** 20, " Mi"],
    [2 ** 10, " Ki"],
    [1, " "],
  ],
  time: [
    [3600, " h"],
    [60, " min"],
    [1, " s"],
    [1e-3, " ms"],
    [1e-6, " µs"],
  ],
};
const SUFFIX = { reqps: "req/s", wps: "/s", mps: "msg/s", Bps: "B/s", bps: "b/s", bytes: "B" };

/** At least three digits that mean something, and no zeros that mean nothing. */
function digits(value, decimals) {
  const size = Math.abs(value);
  return String(Number(value.toFixed(decimals ?? (size >= 100 ? 0 : size >= 10 ? 1 : 2))));
}

/** `unit` is one of those of dashboards/; null and undefined are a dash. */
export function text(unit, value, decimals) {
  if (value === null || value === undefined) return "–";
  if (unit === "percentunit") return `${digits(100 * value, decimals)} %`;
  if (unit === "short" || unit === "") return scaled(STEPS.si, value, decimals).trim();
  if (unit === "s") return value === 0 ? "0 s" : scaled(STEPS.time, value, decimals);
  return scaled(unit === "bytes" ? STEPS.iec : STEPS.si, value, decimals) + (SUFFIX[unit] ?? unit);
}

function scaled(steps, value, decimals) {
  const size = Math.abs(value);
  const [factor, name] = steps.find(([factor]) => size >= factor * 0.9995) ?? (steps === STEPS.time ? steps.at(-1) : [1, " "]);
  return digits(value / factor, decimals) + name;
}

/** Each line with all those below it added: what Grafana draws for stacks. Where there is nothing, nothing is added. */
export function stack(lines) {
  const sums = new Array(lines[0]?.length ?? 0).fill(0);
  return lines.map((values) => values.map((value, i) => (value === null ? null : (sums[i] += value))));
}
