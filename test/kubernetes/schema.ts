// Makes schema.json: what the API server of Kubernetes takes for the kinds that k8s/ uses, strictly, out of its OpenAPI.
// node test/kubernetes/schema.ts k8s.io/kubernetes@v1.34.4/api/openapi-spec/swagger.json > test/kubernetes/schema.json

import { readFileSync } from "node:fs";

/** A definition of the OpenAPI document, as far as it is used here. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
}

export interface Schemas {
  readonly source: string;
  /** Kind as `apiVersion/kind` to its definition. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

const KINDS = [
  "io.k8s.api.core.v1.Namespace",
  "io.k8s.api.core.v1.ServiceAccount",
  "io.k8s.api.core.v1.ConfigMap",
  "io.k8s.api.core.v1.Secret",
  "io.k8s.api.core.v1.Service",
  "io.k8s.api.apps.v1.DaemonSet",
  "io.k8s.api.apps.v1.Deployment",
  "io.k8s.api.policy.v1.PodDisruptionBudget",
  "io.k8s.api.networking.v1.NetworkPolicy",
  "io.k8s.api.scheduling.v1.PriorityClass",
];

const POINTER = "#/definitions/";
/** What the server fills in; nobody writes it into a file. */
const SERVERS_OWN = new Set(["status", "managedFields"]);

function strip(schema: Schema, needed: (name: string) => void): Schema {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(POINTER.length);
    needed(name);
    return { $ref: name };
  }
  const { type, format, properties, required, items, additionalProperties } = schema;
  const entries = Object.entries(properties ?? {}).filter(([name]) => !SERVERS_OWN.has(name));
  return {
    ...(type === undefined ? {} : { type }),
    ...(format === undefined ? {} : { format }),
    ...(required === undefined ? {} : { required }),
    ...(items === undefined ? {} : { items: strip(items, needed) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: strip(additionalProperties, needed) }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(entries.map(([name, each]) => [name, strip(each, needed)])) }),
  };
}

function extract(file: string): Schemas {
  type GroupKind = { group: string; version: string; kind: string };
  type Document = { definitions: Record<string, Schema & { "x-kubernetes-group-version-kind"?: GroupKind[] }> };
  const { definitions } = JSON.parse(readFileSync(file, "utf8")) as Document;
  const kinds: Record<string, string> = {};
  const found: Record<string, Schema> = {};
  const need = (name: string): void => {
    if (name in found) return;
    found[name] = {};
    found[name] = strip(definitions[name]!, need);
  };
  for (const name of KINDS) {
    need(name);
    const { group, version, kind } = definitions[name]!["x-kubernetes-group-version-kind"]![0]!;
    kinds[`${group === "" ? "" : `${group}/`}${version}/${kind}`] = name;
  }
  return { source: `Kubernetes ${/@(v[^/]+)/.exec(file)?.[1] ?? "of unknown version"}`, kinds, definitions: found };
}

if (import.meta.main) {
  const schemas = extract(process.argv[2]!);
  const lines = Object.entries(schemas.definitions).map(([name, schema]) => `  ${JSON.stringify(name)}: ${JSON.stringify(schema)}`);
  const head = `"source": ${JSON.stringify(schemas.source)},\n"kinds": ${JSON.stringify(schemas.kinds)}`;
  process.stdout.write(`{\n${head},\n"definitions": {\n${lines.join(",\n")}\n}}\n`);
}
