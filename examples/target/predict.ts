// A toy classifier: deterministic, so that a plan can check its answer.

import { createHash } from "node:crypto";

const CATEGORIES: readonly (readonly [string, RegExp])[] = [
  ["billing", /\b(invoice|bill|refund|price|payment)\b/i],
  ["support", /\b(help|broken|error|crash|bug)\b/i],
  ["praise", /\b(thanks|great|love|excellent)\b/i],
];

export interface Prediction {
  prediction_id: string;
  text: string;
  category: string;
}

/** The first category whose words occur in the text, else `other`; the id is a digest of the text. */
export function predict(text: string): Prediction {
  const category = CATEGORIES.find(([, words]) => words.test(text))?.[0] ?? "other";
  return { prediction_id: createHash("sha256").update(text).digest("hex").slice(0, 16), text, category };
}
