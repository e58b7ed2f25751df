// The summary as JUnit XML: every threshold and every check a test case, for CI systems to show.

import type { Summary } from "../core/summary-type.ts";
import { thresholdValue } from "./summary-text.ts";

interface Case {
  readonly name: string;
  /** null = passed. */
  readonly failure: string | null;
}

export function junit(summary: Summary): string {
  const thresholds = summary.thresholds.map(({ metric, expression, ok, value }): Case => ({
    name: `${metric}: ${expression}`,
    failure: ok ? null : `actual value ${thresholdValue(metric, expression, value)}`,
  }));
  const checks = Object.entries(summary.checks).map(([name, { passes, fails }]): Case => ({
    name,
    failure: fails === 0 ? null : `${fails} of ${passes + fails} failed`,
  }));
  const suites = [suite("thresholds", thresholds, summary), suite("checks", checks, summary)].join("");
  const cases = [...thresholds, ...checks];
  const counts = `tests="${cases.length}" failures="${cases.filter((each) => each.failure !== null).length}"`;
  const root = `<testsuites name="${escape(summary.plan)}" ${counts}>\n${suites}</testsuites>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}

function suite(name: string, cases: readonly Case[], summary: Summary): string {
  const lines = cases.map(({ name: caseName, failure }) => {
    const open = `    <testcase classname="${escape(`${summary.plan}.${name}`)}" name="${escape(caseName)}"`;
    return failure === null ? `${open}/>` : `${open}><failure message="${escape(failure)}"/></testcase>`;
  });
  const failures = cases.filter((each) => each.failure !== null).length;
  const time = summary.startedAt === null ? "" : ` timestamp="${escape(summary.startedAt)}"`;
  const counts = `tests="${cases.length}" failures="${failures}" time="${summary.durationSeconds}"${time}`;
  return `  <testsuite name="${name}" ${counts}>\n${lines.map((each) => `${each}\n`).join("")}  </testsuite>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML 1.0 has no way to write most control characters, so they are replaced. */
function escape(text: string): string {
  return text.replace(/[&<>"]/g, (each) => ENTITIES[each]!).replace(/[\u0000-\u001f\ufffe\uffff]/g, "\ufffd");
}
