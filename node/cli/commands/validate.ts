// loadswarm validate: everything wrong with a plan, or what it will do.

import { EXIT } from "../../plan/errors.ts";
import type { Invocation } from "../invocation.ts";
import { describePlan, descriptionText } from "../describe-plan.ts";
import { FaultsError } from "../faults-error.ts";
import { loadPlan } from "../plan-file.ts";

export async function command({ values, positionals, io }: Invocation<"validate">): Promise<number> {
  const [file] = positionals as [string];
  try {
    const description = describePlan(loadPlan(file, values["target-url"]).plan);
    const json = JSON.stringify({ ok: true, faults: [], ...description });
    io.stdout.write(values.json ? `${json}\n` : descriptionText(file, description));
    return EXIT.pass;
  } catch (error) {
    if (!(values.json && error instanceof FaultsError)) throw error;
    io.stdout.write(`${JSON.stringify({ ok: false, faults: error.faults })}\n`);
    return error.exitCode;
  }
}
