// The judges of manifests.test.ts, judged: typos, wrong types and every breach of the profile are seen.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Fields, Manifest } from "./manifest.ts";
import { refusalsOf } from "./restricted.ts";
import { faultsOf } from "./validate.ts";

const pod = (): Fields => ({
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  containers: [
    { name: "a", image: "i", securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } },
  ],
});

function deployment(change: (object: Fields) => void = () => {}): Manifest {
  const labels = { app: "a" };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod() } };
  const object: Fields = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" }, spec };
  change(object);
  return object as Manifest;
}

describe("an object", () => {
  it("that is right has no faults", () => assert.deepEqual(faultsOf(deployment()), []));

  const cases: readonly [string, (object: Fields) => void, RegExp][] = [
    ["an unknown kind", (o) => (o["kind"] = "Deploymnet"), /there is no apps\/v1\/Deploymnet/],
    ["another version's kind", (o) => (o["apiVersion"] = "apps/v1beta1"), /there is no apps\/v1beta1\/Deployment/],
    ["a typo at the top", (o) => (o["sepc"] = {}), /\.sepc: there is no such field/],
    ["a typo deep down", (o) => (o["spec"].template.spec.containers[0].imagePullPolcy = "Always"), /containers\[0\]\.imagePullPolcy/],
    ["a text for a number", (o) => (o["spec"].replicas = "3"), /replicas: "3" is no integer/],
    ["half a number", (o) => (o["spec"].replicas = 1.5), /replicas: 1\.5 is no integer/],
    ["a number for a text", (o) => (o["metadata"].labels = { tier: 1 }), /labels\.tier: 1 is no string/],
    ["a list for an object", (o) => (o["spec"].selector = []), /selector: \[\] is no object/],
    ["an object for a list", (o) => (o["spec"].template.spec.containers = {}), /containers: \{\} is no array/],
    ["nothing where something must be", (o) => delete o["spec"].selector, /spec\.selector: is missing/],
    ["an empty value", (o) => (o["spec"].template.spec.nodeSelector = null), /nodeSelector: null is no object/],
    [
      "a quantity that is none",
      (o) => (o["spec"].template.spec.containers[0].resources = { limits: { memory: "1 GB" } }),
      /memory: "1 GB" is no quantity/,
    ],
  ];
  for (const [name, change, fault] of cases) {
    it(`${name} is a fault, with its path`, () => {
      const faults = faultsOf(deployment(change));
      assert.equal(faults.length, 1, faults.join("\n"));
      assert.match(faults[0]!, fault);
    });
  }
});

describe("the restricted profile", () => {
  it("takes what it is meant to take", () => assert.deepEqual(refusalsOf(pod()), []));

  const cases: readonly [string, (spec: Fields) => void, string][] = [
    ["the host's network", (s) => (s["hostNetwork"] = true), "hostNetwork"],
    ["the host's processes", (s) => (s["hostPID"] = true), "hostPID"],
    ["a folder of the host", (s) => (s["volumes"] = [{ name: "v", hostPath: { path: "/" } }]), "volume v is a hostPath"],
    ["an unsafe sysctl", (s) => (s["securityContext"].sysctls = [{ name: "net.core.somaxconn" }]), "sysctl net.core.somaxconn"],
    ["root, by default", (s) => delete s["securityContext"].runAsNonRoot, "a: runAsNonRoot is not true"],
    ["root, by number", (s) => (s["securityContext"].runAsUser = 0), "a: runAsUser is 0"],
    ["root, by number, in one container", (s) => (s["containers"][0].securityContext.runAsUser = 0), "a: runAsUser is 0"],
    ["no seccomp profile", (s) => delete s["securityContext"].seccompProfile, "a: no seccompProfile"],
    ["an open seccomp profile", (s) => (s["securityContext"].seccompProfile.type = "Unconfined"), "a: no seccompProfile"],
    ["escalation, by default", (s) => delete s["containers"][0].securityContext.allowPrivilegeEscalation, "a: allowPrivilegeEscalation is not false"],
    ["capabilities kept", (s) => delete s["containers"][0].securityContext.capabilities, "a: does not drop ALL capabilities"],
    ["a capability added", (s) => (s["containers"][0].securityContext.capabilities.add = ["NET_RAW"]), "a: adds NET_RAW"],
    ["a privileged container", (s) => (s["containers"][0].securityContext.privileged = true), "a: privileged"],
    ["a port of the host", (s) => (s["containers"][0].ports = [{ hostPort: 80 }]), "a: hostPort"],
    ["a container that begins so", (s) => (s["initContainers"] = [{ ...s["containers"][0], name: "b", securityContext: {} }]), "b: allowPrivilegeEscalation is not false"],
  ];
  for (const [name, change, refusal] of cases) {
    it(`refuses ${name}`, () => {
      const spec = pod();
      change(spec);
      assert.ok(refusalsOf(spec).includes(refusal), refusalsOf(spec).join("\n"));
    });
  }
});
