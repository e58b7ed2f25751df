// An outcome as people read it in a terminal, as a page, and as data.

import { escaped, svgChart, terminalChart } from "./chart.ts";
import type { Finding } from "./judge.ts";
import { SAMPLE_MS } from "./meter.ts";
import type { Outcome } from "./run.ts";

/** The command that plays it again. */
export function replay({ scenario, agents, seed }: Outcome, without: readonly number[] = []): string {
  const left = without.length === 0 ? "" : ` --without ${without.join(",")}`;
  return `npm run -s sim -- --agents ${agents} --scenario ${scenario.name} --seed ${seed}${left}`;
}

/** The samples while the load was on. */
function samplesOf({ loads }: Outcome): { name: string; samples: number[] }[] {
  return loads.map(({ series, fromMs, untilMs }) => ({
    name: series.plan,
    samples: series.offered.slice(series.indexOf(fromMs), series.indexOf(untilMs)),
  }));
}

export function value(worst: number | null, unit: Finding["unit"]): string {
  if (worst === null) return "-";
  if (worst === Number.POSITIVE_INFINITY) return "never";
  if (unit === "ms") return `${(worst / 1000).toFixed(2)} s`;
  return unit === "x" ? worst.toFixed(3) : String(worst);
}

function bound({ promise, bound: at, unit }: Finding): string {
  const sign = promise === "seamless" ? "±" : promise === "one run" ? "" : "≤ ";
  return `${sign}${value(at, unit)}`;
}

export function outcomeText(outcome: Outcome): string {
  const { scenario, agents, seed, findings, timeline, eventHash, fromMs, held } = outcome;
  const lines = [`${scenario.name}: ${scenario.says}`, `${agents} agents, seed ${seed}`, ""];
  for (const { atMs, text } of timeline) lines.push(`${((atMs - fromMs) / 1000).toFixed(2).padStart(8)} s  ${text}`);
  lines.push("", `  ${"promise".padEnd(16)} ${"worst".padStart(9)}   bound`);
  for (const finding of findings) {
    const { promise, worst, unit, detail } = finding;
    const worstText = value(worst, unit).padStart(9);
    lines.push(`${finding.held ? "✔" : "✘"} ${promise.padEnd(16)} ${worstText}   ${bound(finding).padEnd(10)} ${detail}`.trimEnd());
  }
  for (const { name, samples } of samplesOf(outcome)) {
    lines.push("", `offered, as part of the rate of ${name}`, ...terminalChart(samples, SAMPLE_MS));
  }
  lines.push("", held ? "all promises held" : "NOT all promises held", `event hash ${eventHash}`, "");
  return lines.join("\n");
}

export function outcomeJson(outcome: Outcome): object {
  const { scenario, agents, seed, held, findings, timeline, eventHash, fromMs, frames, events } = outcome;
  return {
    scenario: scenario.name,
    says: scenario.says,
    agents,
    seed,
    held,
    // JSON has no Infinity: what never happened has no worst value.
    promises: findings.map((one) => ({ ...one, worst: Number.isFinite(one.worst) ? one.worst : null })),
    timeline: timeline.map(({ atMs, text }) => ({ t: (atMs - fromMs) / 1000, text })),
    frames,
    events,
    eventHash,
  };
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
svg{width:100%;font:11px system-ui,sans-serif;fill:#555}.offered{fill:#2468b2;stroke:#2468b2;stroke-width:1.2}
.target{stroke:#2a8a3e;stroke-dasharray:4 4}.mark{stroke:#d0d0d0}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #e4e4e4;font-variant-numeric:tabular-nums}
.no{color:#b3261e;font-weight:600}code{background:#f3f3f3;padding:.1rem .3rem}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}svg{fill:#aaa}code{background:#262626}
td,th{border-color:#333}.mark{stroke:#444}.offered{fill:#6ea8e8;stroke:#6ea8e8}.no{color:#ff8a80}}`;

/** A page that needs nothing else. */
export function outcomePage(outcome: Outcome): string {
  const { scenario, agents, seed, findings, timeline, eventHash, fromMs, held } = outcome;
  const marks = timeline.map(({ atMs, text }) => ({ atS: (atMs - fromMs) / 1000, text })).filter(({ atS }) => atS >= 0);
  const charts = samplesOf(outcome).map(({ name, samples }) => `<h2>${escaped(name)}</h2>${svgChart(samples, SAMPLE_MS, marks)}`);
  const rows = findings.map(
    (one) =>
      `<tr><td${one.held ? "" : ' class="no"'}>${one.held ? "held" : "broken"}</td><td>${one.promise}</td>` +
      `<td>${value(one.worst, one.unit)}</td><td>${bound(one)}</td><td>${escaped(one.detail)}</td></tr>`,
  );
  const happened = timeline.map(
    ({ atMs, text }) => `<tr><td>${((atMs - fromMs) / 1000).toFixed(2)} s</td><td>${escaped(text)}</td></tr>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${scenario.name}, ${agents} agents, seed ${seed}</title><style>${STYLE}</style>
<h1>${scenario.name}</h1><p>${escaped(scenario.says)}. ${agents} agents, seed ${seed}:
<b${held ? "" : ' class="no"'}>${held ? "all promises held" : "not all promises held"}</b>.</p>
${charts.join("\n")}
<h2>Promises</h2><table><tr><th></th><th>promise</th><th>worst</th><th>bound</th><th></th></tr>${rows.join("\n")}</table>
<h2>Timeline</h2><table>${happened.join("\n")}</table>
<p>Again: <code>${replay(outcome)}</code> · event hash <code>${eventHash}</code></p></html>
`;
}
