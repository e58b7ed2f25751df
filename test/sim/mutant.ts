// Attacks the simulator's copy in a folder of its own, seed after seed, until a promise breaks. Run by mutations.test.ts.

import { pathToFileURL } from "node:url";

const [folder = "", scenario = "", agents = "", seeds = ""] = process.argv.slice(2);
const { runScenario } = await import(pathToFileURL(`${folder}/sim/run.ts`).href);
const { scenarioNamed } = await import(pathToFileURL(`${folder}/sim/scenarios/all.ts`).href);

for (let seed = 1; seed <= Number(seeds); seed++) {
  const outcome = runScenario({ scenario: scenarioNamed(scenario), agents: Number(agents), seed });
  if (outcome.held) continue;
  const broken = outcome.findings.filter((finding: { held: boolean }) => !finding.held);
  console.log(`seed ${seed}: ${broken.map((finding: { promise: string }) => finding.promise).join(", ")}`);
  process.exit(0);
}
console.log(`not caught by ${seeds} seeds`);
process.exit(1);
