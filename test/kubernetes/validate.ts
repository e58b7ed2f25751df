// Whether an object is what the API server takes, strictly: unknown fields are faults, as with fieldValidation=Strict.

import { readFileSync } from "node:fs";
import { type Fields, type Manifest, nameOf } from "./manifest.ts";
import type { Schema, Schemas } from "./schema.ts";

const SCHEMAS = JSON.parse(readFileSync(new URL("schema.json", import.meta.url), "utf8")) as Schemas;

const QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const QUANTITY_TEXT = /^[+-]?(\d+(\.\d*)?|\.\d+)(m|[kMGTPE]i?|[eE][+-]?\d+)?$/;

/** Kinds that come with CustomResourceDefinitions; after github.com/prometheus-operator, as far as it is used here. */
const CUSTOM: Readonly<Record<string, Schema>> = {
  "monitoring.coreos.com/v1/PodMonitor": {
    type: "object",
    required: ["spec"],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { $ref: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" },
      spec: {
        type: "object",
        required: ["selector"],
        properties: {
          selector: { $ref: "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector" },
          podMetricsEndpoints: {
            type: "array",
            items: {
              type: "object",
              properties: { port: { type: "string" }, path: { type: "string" }, interval: { type: "string" } },
            },
          },
        },
      },
    },
  },
};

/** Everything wrong with it, each with its path; none if it is right. */
export function faultsOf(object: Manifest): string[] {
  const kind = `${object.apiVersion}/${object.kind}`;
  const definition = SCHEMAS.kinds[kind];
  const schema = definition === undefined ? CUSTOM[kind] : { $ref: definition };
  if (schema === undefined) return [`${nameOf(object)}: there is no ${kind}`];
  const faults: string[] = [];
  check(object, schema, nameOf(object), faults);
  return faults;
}

function check(value: unknown, schema: Schema, path: string, faults: string[]): void {
  if (schema.$ref === QUANTITY) {
    if (!QUANTITY_TEXT.test(String(value))) faults.push(`${path}: ${JSON.stringify(value)} is no quantity`);
    return;
  }
  if (schema.$ref !== undefined) return check(value, SCHEMAS.definitions[schema.$ref]!, path, faults);
  const wanted = schema.format === "int-or-string" ? "int-or-string" : (schema.type ?? "object");
  if (!isOf(wanted, value)) {
    faults.push(`${path}: ${JSON.stringify(value)} is no ${wanted}`);
    return;
  }
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) check(item, schema.items!, `${path}[${i}]`, faults);
  } else if (typeof value === "object") checkObject(value as Fields, schema, path, faults);
}

function checkObject(value: Fields, schema: Schema, path: string, faults: string[]): void {
  for (const name of schema.required ?? []) if (!(name in value)) faults.push(`${path}.${name}: is missing`);
  for (const [name, each] of Object.entries(value)) {
    const of = schema.properties?.[name] ?? schema.additionalProperties;
    if (of === undefined) faults.push(`${path}.${name}: there is no such field`);
    else check(each, of, `${path}.${name}`, faults);
  }
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case "int-or-string":
      return Number.isInteger(value) || typeof value === "string";
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
