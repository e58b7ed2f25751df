// The JSON Schema of plans (draft 2020-12), made from the schema that the parser itself uses. Run as a program it
// writes docs/plan.schema.json. It stands with the tests because the converter is needed at development time only.

import { writeFileSync } from "node:fs";
import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";

import { PLAN } from "../../node/plan/schema.ts";

export const SCHEMA_FILE = new URL("../../docs/plan.schema.json", import.meta.url);

/** Text of docs/plan.schema.json as it should be. */
export function planJsonSchema(): string {
  const schema = toJsonSchema(PLAN as v.GenericSchema, {
    target: "draft-2020-12",
    // What only code can judge; the leaves carry its JSON Schema as metadata.
    ignoreActions: ["raw_check"],
  });
  const titled = { $schema: schema.$schema, title: "loadswarm plan", ...schema };
  return `${JSON.stringify(titled, null, 2)}\n`;
}

if (import.meta.main) writeFileSync(SCHEMA_FILE, planJsonSchema());
