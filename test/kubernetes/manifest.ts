// What Kubernetes objects look like to the tests, and how the folder k8s/ becomes objects: by the tools that users have. The
// chart has a second way, for where there is no helm, as it takes minutes to be built.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
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
  const folders = [join(TOOLS, "bin"), ...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/go/bin"];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

/** Go compiles its own library first. */
const NEVER_LONGER_MS = 300_000;

function run(file: string, args: readonly string[], cwd?: string): string {
  const options = { timeout: NEVER_LONGER_MS, ...(cwd === undefined ? {} : { cwd }) };
  return execFileSync(file, args, { ...options, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Why nothing can be rendered; null if it can. */
export const kustomizeMissing =
  (tool("kustomize") ?? tool("kubectl")) === null ? "there is no kustomize and no kubectl: test/kubernetes/tools.sh builds them" : null;

/** The objects of a folder with a kustomization.yaml. @throws with what the tool said */
export function kustomized(folder: string): Manifest[] {
  if (kustomizeMissing !== null) throw new Error(kustomizeMissing);
  const kustomize = tool("kustomize");
  return objectsOf(kustomize === null ? run(tool("kubectl")!, ["kustomize", folder]) : run(kustomize, ["build", folder]));
}

/** Renders a chart with `key=JSON` values for a namespace. @throws with what it said */
export type Template = (chart: string, namespace: string, values: readonly string[]) => string;

/** The ways to render a chart that there are here: helm's own, and the one of chart-renderer/. */
export function templates(): ReadonlyMap<string, Template> {
  const [helm, go] = [tool("helm"), tool("go")];
  const ways = new Map<string, Template>();
  if (helm !== null) {
    ways.set("helm", (chart, namespace, values) =>
      run(helm, ["template", "loadswarm", chart, "--namespace", namespace, ...values.flatMap((value) => ["--set-json", value])]),
    );
  }
  if (go !== null) ways.set("chart-renderer", (chart, namespace, values) => run(built(go), [chart, namespace, ...values]));
  return ways;
}

const RENDERER = fileURLToPath(new URL("chart-renderer", import.meta.url));

/** Go does nothing where it is built already. */
function built(go: string): string {
  const folder = join(K8S, "../node_modules/.cache");
  mkdirSync(folder, { recursive: true });
  run(go, ["build", "-buildvcs=false", "-o", join(folder, "chart-renderer"), "."], RENDERER);
  return join(folder, "chart-renderer");
}

/** The objects of our chart. @throws with what is wrong with the values */
export function templated(template: Template, values: Fields = {}): Manifest[] {
  const sets = Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return objectsOf(template(join(K8S, "chart"), "loadswarm", sets));
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
