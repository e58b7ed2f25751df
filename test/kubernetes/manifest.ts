// What Kubernetes objects look like to the tests, and how the folder k8s/ becomes objects: by the tools that users have.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

export const K8S = fileURLToPath(new URL("../../k8s", import.meta.url));
/** Where test/kubernetes/tools.sh puts what it builds. */
export const TOOLS = process.env["LOADSWARM_KUBERNETES_TOOLS"] ?? join(process.env["HOME"] ?? "/root", ".cache/loadswarm-kubernetes");

// An object's fields are what the tests are about.
export type Fields = Record<string, any>;

export interface Manifest extends Fields {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string } & Fields;
}

/** A tool's path; null if it is neither built nor installed. */
export function tool(name: string): string | null {
  const folders = [join(TOOLS, "bin"), ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

const NEVER_LONGER_MS = 60_000;

function run(file: string, args: readonly string[]): string {
  return execFileSync(file, args, { encoding: "utf8", timeout: NEVER_LONGER_MS, stdio: ["ignore", "pipe", "pipe"] });
}

/** Why nothing can be rendered; null if it can. */
export const kustomizeMissing =
  (tool("kustomize") ?? tool("kubectl")) === null ? "there is no kustomize and no kubectl: test/kubernetes/tools.sh builds them" : null;
export const helmMissing = tool("helm") === null ? "there is no helm: test/kubernetes/tools.sh builds it" : null;

/** The objects of a folder with a kustomization.yaml. @throws with what the tool said */
export function kustomized(folder: string): Manifest[] {
  const kustomize = tool("kustomize");
  return objectsOf(kustomize === null ? run(tool("kubectl")!, ["kustomize", folder]) : run(kustomize, ["build", folder]));
}

/** The objects of the chart. @throws with what helm said */
export function templated(values: Fields = {}): Manifest[] {
  const sets = Object.entries(values).flatMap(([key, value]) => ["--set-json", `${key}=${JSON.stringify(value)}`]);
  return objectsOf(run(tool("helm")!, ["template", "loadswarm", join(K8S, "chart"), "--namespace", "loadswarm", ...sets]));
}

/** Of a stream of YAML documents, as Kubernetes reads them. */
export function objectsOf(text: string): Manifest[] {
  return parseAllDocuments(text, { version: "1.1" })
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
}

/** `kind/name`, by which an object is found. */
export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.name}`;
}

export function find(objects: readonly Manifest[], name: string): Manifest {
  const found = objects.find((object) => nameOf(object) === name);
  if (found === undefined) throw new Error(`no ${name} among ${objects.map(nameOf).join(", ")}`);
  return found;
}

/** The pod templates among the objects, with the name of who makes them. */
export function podsOf(objects: readonly Manifest[]): { readonly owner: string; readonly metadata: Fields; readonly spec: Fields }[] {
  return objects.flatMap((object) => {
    const template = object["spec"]?.template;
    return template === undefined ? [] : [{ owner: nameOf(object), metadata: template.metadata, spec: template.spec }];
  });
}
