// Writes the dashboards as Grafana reads them: npm run dashboards.

import { writeFileSync } from "node:fs";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { endurance } from "./endurance.ts";
import { runComparison } from "./run-comparison.ts";
import { runOverview } from "./run-overview.ts";
import { swarmHealth } from "./swarm-health.ts";

export const DASHBOARDS: Readonly<Record<string, () => Dashboard>> = {
  "run-overview": runOverview,
  "swarm-health": swarmHealth,
  "run-comparison": runComparison,
  endurance,
};

export const fileOf = (name: string): URL => new URL(`json/${name}.json`, import.meta.url);

export const textOf = (dashboard: Dashboard): string => `${JSON.stringify(dashboard, null, 2)}\n`;

if (import.meta.main)
  for (const [name, build] of Object.entries(DASHBOARDS)) writeFileSync(fileOf(name), textOf(build()));
