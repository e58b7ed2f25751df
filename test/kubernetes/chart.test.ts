// The Helm chart: by default it renders what Kustomize renders, object by object; values change what they say they do.
// Rendered in each way that there is here; in CI, where helm would take too long to be built, by its engine alone.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { newOperator } from "../../node/wire/permit.ts";
import { type Fields, find, K8S, kustomized, kustomizeMissing, type Manifest, nameOf, podsOf, templated as render, templates } from "./manifest.ts";
import { refusalsOf } from "./restricted.ts";
import { faultsOf } from "./validate.ts";

const OPERATOR = newOperator().operator;

/** Helm keeps its own records in the namespace, which has to be there before: k8s/base/namespace.yaml. */
const isInRelease = (object: Manifest): boolean => object.kind !== "Namespace";

function byName(objects: readonly Manifest[]): Fields {
  return Object.fromEntries(objects.map((object) => [nameOf(object), object]));
}

const agentOf = (objects: readonly Manifest[]): Fields => podsOf(objects)[0]!.spec["containers"][0];
const configOf = (objects: readonly Manifest[]): Fields => find(objects, "ConfigMap/loadswarm")["data"];

const ways = templates();
const missing = kustomizeMissing ?? (ways.size === 0 ? "there is neither helm nor go: test/kubernetes/tools.sh builds helm" : null);

it("there is something to render the chart with", { skip: process.env["CI"] === undefined && missing !== null ? missing : false }, () => {
  assert.equal(missing, null, "CI must have kubectl or kustomize, and go");
});

for (const [way, template] of missing === null ? ways : []) describe(`the chart, rendered by ${way}`, () => {
  const templated = (values: Fields = {}): Manifest[] => render(template, values);
  const same: readonly [string, Fields][] = [
    ["daemonset", {}],
    ["deployment", { "agents.mode": "deployment" }],
  ];
  for (const [overlay, values] of same) {
    it(`renders what overlays/${overlay} renders, object by object${overlay === "daemonset" ? ", by default" : ""}`, () => {
      const expected = kustomized(join(K8S, "overlays", overlay)).filter(isInRelease);
      const actual = templated(values);
      assert.equal(actual.length, expected.length);
      assert.deepEqual(byName(actual), byName(expected));
    });
  }

  const everything = {
    image: { repository: "registry.example.com/loadswarm", tag: "9", pullPolicy: "Always" },
    agents: { extraReplicas: 5, nodeSelector: { "loadswarm.io/pool": null, pool: "load" }, tolerations: [] },
    resources: { cpu: 15, memory: "4Gi" },
    "swarmKey.secret": "k",
    operators: [OPERATOR, OPERATOR],
    allowTargets: ["10.0.0.0/8", "shop.example.com"],
    logLevel: "debug",
    "remoteWrite.url": "http://metrics.example.com/api/v1/write",
    "target.url": "http://shop.example.com/hit",
    options: { LOADSWARM_NAME: "n" },
    secrets: "o",
    plan: "name: p\n",
    clusterDomain: "corp.example",
    podMonitor: true,
    priorityClass: true,
    "demo.enabled": true,
  };

  it("with every value set, renders objects that the API server and the restricted profile take", () => {
    const objects = templated(everything);
    assert.deepEqual(objects.flatMap(faultsOf), []);
    for (const { owner, spec } of podsOf(objects)) assert.deepEqual(refusalsOf(spec), [], owner);
    for (const name of ["PodMonitor/loadswarm", "PriorityClass/loadswarm", "Deployment/loadswarm-target", "Deployment/loadswarm-redis"]) {
      find(objects, name);
    }
  });

  it("puts every value where it belongs", () => {
    const objects = templated(everything);
    const { spec } = podsOf(objects).find(({ owner }) => owner === "DaemonSet/loadswarm")!;
    const agent = spec["containers"][0];
    assert.deepEqual([agent.image, agent.imagePullPolicy], ["registry.example.com/loadswarm:9", "Always"]);
    assert.deepEqual(agent.resources, { requests: { cpu: "15", memory: "4Gi" }, limits: { cpu: "15", memory: "4Gi" } });
    assert.deepEqual([spec["nodeSelector"], spec["tolerations"], spec["priorityClassName"]], [{ pool: "load" }, [], "loadswarm"]);
    assert.equal(spec["volumes"][0].secret.secretName, "k");
    assert.equal(spec["volumes"][1].secret.secretName, "o");
    const join = agent.env.find((each: Fields) => each["name"] === "LOADSWARM_JOIN_DNS").value;
    assert.equal(join, "loadswarm.$(POD_NAMESPACE).svc.corp.example.:7400");
    assert.equal(find(objects, "Deployment/loadswarm-extra")["spec"].replicas, 5);
    assert.deepEqual(configOf(objects), {
      LOADSWARM_ALLOW_TARGET: "10.0.0.0/8,shop.example.com",
      LOADSWARM_LOG_LEVEL: "debug",
      LOADSWARM_NAME: "n",
      LOADSWARM_OPERATORS: `${OPERATOR},${OPERATOR}`,
      LOADSWARM_PUBLISH: "/etc/loadswarm/plan/plan.yaml",
      LOADSWARM_REMOTE_WRITE_URL: "http://metrics.example.com/api/v1/write",
      LOADSWARM_TARGET_URL: "http://shop.example.com/hit",
    });
    assert.deepEqual(find(objects, "ConfigMap/loadswarm-plan")["data"], { "plan.yaml": "name: p\n" });
  });

  it("uses a Redis that is there already instead of one of its own", () => {
    const objects = templated({ "demo.enabled": true, "demo.redisHost": "redis.example.com" });
    const { spec } = podsOf(objects).find(({ owner }) => owner === "Deployment/loadswarm-target")!;
    assert.deepEqual(spec["containers"][0].env, [{ name: "REDIS_HOST", value: "redis.example.com" }]);
    assert.ok(!objects.some((object) => nameOf(object) === "Deployment/loadswarm-redis"));
  });

  it("a deployment of another size", () => {
    const objects = templated({ agents: { mode: "deployment", replicas: 7 } });
    assert.equal(find(objects, "Deployment/loadswarm")["spec"].replicas, 7);
    assert.equal(agentOf(objects)["image"], "loadswarm:0.1.0");
  });

  for (const [what, values] of [
    ["a value that there is not", { imagee: {} }],
    ["a mode that there is not", { "agents.mode": "statefulset" }],
    ["part of a core", { "resources.cpu": 1.5 }],
    ["an empty list of targets", { allowTargets: [] }],
    ["an operator who is none", { operators: ["ed25519:short"] }],
    ["an option that is none of ours", { options: { PATH: "/" } }],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => templated(values), /values don't meet the specifications of the schema/));
  }
});
