// What is in k8s/: every overlay renders, every object is what an API server takes, and every pod is what docs/kubernetes.md
// says of it. Wants kustomize or kubectl; skipped, visibly, where there is neither, and in CI a failure.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, describe, it } from "node:test";
import { TABLES } from "../../node/cli/tables.ts";
import { parsePlan } from "../../node/plan/parse.ts";
import { checkPlanAtStart } from "../../node/agent/publish-at-start.ts";
import { type Fields, find, K8S, kustomized, kustomizeMissing, type Manifest, nameOf, podsOf } from "./manifest.ts";
import { refusalsOf } from "./restricted.ts";
import { faultsOf } from "./validate.ts";

const OVERLAYS = [".", "overlays/daemonset", "overlays/deployment", "overlays/dev"];
const COMPONENTS = ["plan", "pod-monitor", "priority"];
/** Environment that agents read beside the options of the command line. */
const ENVIRONMENT = ["LOADSWARM_CONFIG"];

/** Secrets that users make: they are in no repository. */
const USERS_OWN = ["loadswarm-swarm-key"];

const skip = process.env["CI"] === undefined ? (kustomizeMissing ?? false) : false;
const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

const rendered = new Map<string, Manifest[]>();
function objects(overlay: string): Manifest[] {
  if (!rendered.has(overlay)) rendered.set(overlay, kustomized(join(K8S, overlay)));
  return rendered.get(overlay)!;
}

/** An overlay of a user's own, in a folder from which k8s/ is reached by `pathTo`. */
function ownOverlay(kustomization: (pathTo: (part: string) => string) => string): Manifest[] {
  // Beside k8s/, not in it: it must be reachable by a relative path, and others may be listing the folder.
  mkdirSync(join(K8S, "../node_modules/.cache"), { recursive: true });
  const folder = mkdtempSync(join(K8S, "../node_modules/.cache/overlay-"));
  folders.push(folder);
  writeFileSync(join(folder, "kustomization.yaml"), kustomization((part) => relative(folder, join(K8S, part))));
  return kustomized(folder);
}

function withComponents(components: readonly string[]): Manifest[] {
  return ownOverlay((pathTo) =>
    JSON.stringify({
      resources: [pathTo("overlays/daemonset")],
      components: components.map((name) => pathTo(`components/${name}`)),
    }),
  );
}

const homeless = (all: readonly Manifest[]) =>
  all.filter(({ kind, metadata }) => !["Namespace", "PriorityClass"].includes(kind) && metadata.namespace !== "loadswarm").map(nameOf);
const agentsOf = (all: readonly Manifest[]) => podsOf(all).filter(({ metadata }) => metadata["labels"]["loadswarm.io/agent"] === "true");
const containerOf = (spec: Fields): Fields => spec["containers"][0];

describe("every overlay", { skip }, () => {
  for (const overlay of OVERLAYS) {
    it(`${overlay}: every object is one that the API server takes, without unknown fields`, () => {
      assert.deepEqual(objects(overlay).flatMap(faultsOf), []);
    });

    it(`${overlay}: every pod is of the restricted profile`, () => {
      const pods = podsOf(objects(overlay));
      assert.ok(pods.length > 0);
      for (const { owner, spec } of pods) assert.deepEqual(refusalsOf(spec), [], owner);
    });

    it(`${overlay}: everything is in the namespace, whose policy it is to refuse other pods`, () => {
      assert.deepEqual(homeless(objects(overlay)), []);
      const { labels } = find(objects(overlay), "Namespace/loadswarm").metadata;
      assert.equal(labels["pod-security.kubernetes.io/enforce"], "restricted");
    });

    it(`${overlay}: what pods mount is there, optional, or the user's own`, () => {
      const there = new Set(objects(overlay).filter(({ kind }) => kind === "ConfigMap").map(({ metadata }) => metadata.name));
      const isThere = (source: Fields) =>
        source["configMap"] !== undefined ? source["configMap"].optional || there.has(source["configMap"].name)
        : source["secret"] !== undefined ? source["secret"].optional || USERS_OWN.includes(source["secret"].secretName)
        : source["projected"] === undefined || source["projected"].sources.every(isThere);
      for (const { owner, spec } of podsOf(objects(overlay))) {
        for (const volume of (spec["volumes"] ?? []) as Fields[]) assert.ok(isThere(volume), `${owner}: ${volume["name"]}`);
      }
    });

    it(`${overlay}: selectors find the pods that they mean, and no others`, () => {
      const pods = podsOf(objects(overlay));
      const owners = (selector: Fields) =>
        pods.filter(({ metadata }) => Object.entries(selector).every(([k, v]) => metadata["labels"][k] === v)).map(({ owner }) => owner);
      for (const object of objects(overlay)) {
        const selector = object["spec"]?.selector?.matchLabels ?? object["spec"]?.selector;
        if (object["spec"]?.template !== undefined) assert.deepEqual(owners(selector), [nameOf(object)]);
        else if (object.kind === "PodDisruptionBudget") assert.deepEqual(owners(selector), [`Deployment/${object.metadata.name}`]);
        else if (nameOf(object) === "Service/loadswarm") {
          assert.deepEqual(owners(selector), agentsOf(objects(overlay)).map(({ owner }) => owner));
        } else if (object.kind === "Service") assert.deepEqual(owners(selector), [`Deployment/${object.metadata.name}`]);
      }
    });
  }
});

describe("an agent's pod", { skip }, () => {
  const agents = () => OVERLAYS.flatMap((overlay) => agentsOf(objects(overlay)));

  it("is the same from a DaemonSet and from a Deployment, but for where it goes", () => {
    const places = ["nodeSelector", "tolerations", "topologySpreadConstraints"];
    const strip = (spec: Fields): Fields => Object.fromEntries(Object.entries(spec).filter(([name]) => !places.includes(name)));
    const [first, ...others] = [...agentsOf(objects("overlays/daemonset")), ...agentsOf(objects("overlays/deployment"))];
    assert.equal(others.length, 2);
    for (const other of others) assert.deepEqual(strip(other.spec), strip(first!.spec));
  });

  it("asks for whole cores, no more than it may use, and has one load thread per core", () => {
    for (const { spec } of agents()) {
      const { resources, env } = containerOf(spec);
      assert.deepEqual(resources.requests, resources.limits);
      assert.match(resources.limits.cpu, /^[1-9]\d*$/);
      const workers = env.find((each: Fields) => each["name"] === "LOADSWARM_WORKERS");
      assert.deepEqual(workers.valueFrom.resourceFieldRef, { containerName: "agent", resource: "limits.cpu" });
    }
  });

  it("has no token, and no variables that Services would bring", () => {
    for (const { spec } of agents()) {
      assert.deepEqual([spec["automountServiceAccountToken"], spec["enableServiceLinks"]], [false, false]);
    }
  });

  it("gets only options that an agent has", () => {
    const known = new Set(TABLES.agent.options.map(({ name }) => `LOADSWARM_${name.toUpperCase().replaceAll("-", "_")}`));
    for (const overlay of OVERLAYS) {
      const config = Object.keys(find(objects(overlay), "ConfigMap/loadswarm")["data"]);
      const pods = agentsOf(objects(overlay)).flatMap(({ spec }) => containerOf(spec)["env"].map((each: Fields) => each["name"]));
      const unknown = [...config, ...pods].filter((name) => name.startsWith("LOADSWARM_") && !known.has(name));
      assert.deepEqual(unknown.filter((name) => !ENVIRONMENT.includes(name)), []);
    }
  });

  it("has all three probes on the port that takes no commands, and opens no other but the swarm's", () => {
    for (const { spec } of agents()) {
      const agent = containerOf(spec);
      for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) assert.equal(agent[probe].httpGet.port, "health");
      assert.deepEqual(agent["ports"].map((port: Fields) => port["containerPort"]), [7400, 7481]);
    }
  });

  it("is given more time to leave than an agent takes", () => {
    for (const { spec } of agents()) assert.ok(spec["terminationGracePeriodSeconds"] >= 30);
  });

  it("mounts what is there, read-only but for /tmp", () => {
    for (const { spec } of agents()) {
      const volumes = spec["volumes"].map((volume: Fields) => volume["name"]);
      for (const { name, readOnly, mountPath } of containerOf(spec)["volumeMounts"]) {
        assert.ok(volumes.includes(name));
        assert.equal(readOnly === true, mountPath !== "/tmp");
      }
    }
  });
});

describe("scaling", { skip }, () => {
  it("the DaemonSet has beside it a Deployment of the same swarm, with nobody in it", () => {
    const all = objects("overlays/daemonset");
    assert.equal(find(all, "Deployment/loadswarm-extra")["spec"].replicas, 0);
    assert.deepEqual(find(all, "Service/loadswarm")["spec"].selector, { "app.kubernetes.io/name": "loadswarm" });
  });

  it("agents that are not ready can be found: that is how they find each other", () => {
    const { spec } = find(objects("."), "Service/loadswarm") as Fields;
    assert.deepEqual([spec.clusterIP, spec.publishNotReadyAddresses], ["None", true]);
  });
});

describe("an overlay of one's own", { skip }, () => {
  it("as docs/kubernetes.md shows it, does what is said there", () => {
    const docs = readFileSync(join(K8S, "../docs/kubernetes.md"), "utf8");
    const shown = /```yaml\n(.*?)```/s.exec(docs)![1]!.replaceAll(/^ {3}/gm, "");
    const all = ownOverlay((pathTo) => shown.replace("../k8s/overlays", pathTo("overlays")));
    assert.deepEqual(all.flatMap(faultsOf), []);
    assert.match(find(all, "ConfigMap/loadswarm")["data"].LOADSWARM_ALLOW_TARGET, /shop\.example\.com/);
    for (const { spec } of agentsOf(all)) {
      assert.deepEqual([containerOf(spec)["image"], containerOf(spec)["resources"].limits.cpu], ["REGISTRY/loadswarm:0.1.0", "15"]);
    }
  });
});

describe("components", { skip }, () => {
  for (const component of COMPONENTS) {
    it(`${component}: renders objects that the API server takes, where the others are`, () => {
      const all = withComponents([component]);
      assert.deepEqual(all.flatMap(faultsOf), []);
      assert.deepEqual(homeless(all), []);
    });
  }

  it("plan: a plan that agents may publish at their start is where they look for it", () => {
    const all = withComponents(["plan"]);
    const path = find(all, "ConfigMap/loadswarm")["data"].LOADSWARM_PUBLISH;
    const agent = containerOf(agentsOf(all)[0]!.spec);
    const mount = agent["volumeMounts"].find((each: Fields) => path === `${each["mountPath"]}/plan.yaml`);
    assert.equal(mount.name, "plan");
    const parsed = parsePlan(find(all, "ConfigMap/loadswarm-plan")["data"]["plan.yaml"]);
    assert.ok(parsed.ok);
    checkPlanAtStart(parsed);
  });

  it("pod-monitor: scrapes a port that agents have", () => {
    const all = withComponents(["pod-monitor"]);
    const { selector, podMetricsEndpoints } = find(all, "PodMonitor/loadswarm")["spec"];
    const { metadata, spec } = agentsOf(all)[0]!;
    for (const [label, value] of Object.entries(selector.matchLabels)) assert.equal(metadata["labels"][label], value);
    assert.ok(containerOf(spec)["ports"].some((port: Fields) => port["name"] === podMetricsEndpoints[0].port));
  });

  it("priority: every agent has the class, which evicts nobody", () => {
    const all = withComponents(["priority"]);
    assert.equal(find(all, "PriorityClass/loadswarm")["preemptionPolicy"], "Never");
    for (const { spec } of agentsOf(all)) assert.equal(spec["priorityClassName"], "loadswarm");
  });
});
