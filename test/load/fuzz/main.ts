// `npm run fuzz [-- CASES [SEED]]`: a million random answers, judged by our client and by undici's parser.

import { Random } from "../../support/random.ts";
import { compare } from "./compare.ts";
import { conversation } from "./generate.ts";
import { Oracle } from "./oracle.ts";

const CASES = Number(process.argv[2] ?? 1_000_000);
const FROM = Number(process.argv[3] ?? Date.now() % 1_000_000_000);

// Errors are what most of this makes; nobody reads where they come from.
Error.stackTraceLimit = 0;
const oracle = new Oracle();
const reasons = new Map<string, number>();
let agreed = 0;
for (let seed = FROM; seed < FROM + CASES; seed++) {
  let reason: string | null;
  try {
    reason = compare(oracle, conversation(new Random(seed)));
  } catch (error) {
    console.error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
  if (reason === null) agreed++;
  else reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  // Timers and immediates of the clients want their turn.
  if (seed % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
}
console.log(`${CASES} answers from seed ${FROM}: ${agreed} judged alike, the others for a reason:`);
for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1])) console.log(`${String(count).padStart(8)}  ${reason}`);
process.exit(0);
