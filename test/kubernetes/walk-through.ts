// docs/kubernetes.md walked through on a real API server with 200 nodes that KWOK plays. Prints what was typed and what came.
// test/kubernetes/tools.sh && node test/kubernetes/walk-through.ts > test/kubernetes/walk-through.txt

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadswarm } from "../support/cli.ts";
import { Cluster, type Said } from "./cluster.ts";
import { type Fields, K8S } from "./manifest.ts";

const NODES = 200;
const SETTLE_MS = 240_000;
/** Lines of one command's output that are shown, and such as tell nothing. */
const SHOWN = 14;
const UNSHOWN = /symbolic link|^LAST DEPLOYED|^TEST SUITE|^\s*$/;

export class WalkThrough {
  readonly #cluster: Cluster;
  readonly #print: (line: string) => void;

  constructor(cluster: Cluster, print: (line: string) => void) {
    this.#cluster = cluster;
    this.#print = print;
  }

  async walk(): Promise<void> {
    await this.#nodes();
    await this.#install();
    await this.#placement();
    await this.#scaling();
    this.#refusals();
    await this.#draining();
    await this.#helm();
    await this.#deployment();
  }

  #title(text: string): void {
    this.#print(`\n# ${text}`);
  }

  /** Types a command, shows what it says, and expects it to succeed or to be refused. */
  #type(line: string, expected: "done" | "refused" = "done"): Said {
    const [program, ...args] = line.split(" ") as ["kubectl" | "helm", ...string[]];
    this.#print(`$ ${line.replaceAll(`${K8S}/`, "k8s/").replaceAll(K8S, "k8s").replaceAll(this.#cluster.folder, "~")}`);
    const said = this.#cluster[program](...args);
    const text = said.text.trimEnd().replaceAll(this.#cluster.folder, "~");
    const lines = text.split("\n").filter((each) => !UNSHOWN.test(each));
    for (const each of lines.slice(0, SHOWN)) this.#print(each);
    if (lines.length > SHOWN) this.#print(`(and ${lines.length - SHOWN} lines more)`);
    if (said.code !== 0) this.#print(`exit code ${said.code}`);
    assert.equal(said.code === 0 ? "done" : "refused", expected, `${line}: ${said.text}`);
    return said;
  }

  #fact(text: string): void {
    this.#print(`-> ${text}`);
  }

  async #until(what: string, look: () => boolean): Promise<void> {
    const sinceMs = performance.now();
    while (!look()) {
      assert.ok(performance.now() - sinceMs < SETTLE_MS, `never: ${what}`);
      await sleep(500);
    }
    this.#fact(`${what} (after ${((performance.now() - sinceMs) / 1000).toFixed(0)} s)`);
  }

  #pods(selector = "app.kubernetes.io/name=loadswarm", namespace = "loadswarm"): Fields[] {
    const { items } = this.#cluster.get("pods", "-n", namespace, "-l", selector) as { items: Fields[] };
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  #ready(selector?: string, namespace?: string): number {
    const isReady = ({ status }: Fields) => status.conditions?.some((each: Fields) => each["type"] === "Ready" && each["status"] === "True");
    return this.#pods(selector, namespace).filter(isReady).length;
  }

  async #nodes(): Promise<void> {
    this.#title(`${NODES} nodes of 16 cores in three zones, and three for other things`);
    const nodes = Array.from({ length: NODES + 3 }, (_, i) => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: i < NODES ? `pool-${i}` : `other-${i - NODES}`,
        labels: {
          "kubernetes.io/hostname": i < NODES ? `pool-${i}` : `other-${i - NODES}`,
          "topology.kubernetes.io/zone": `zone-${i % 3}`,
          ...(i < NODES ? { "loadswarm.io/pool": "true" } : {}),
        },
      },
      status: { capacity: SIZE, allocatable: SIZE },
    }));
    const file = join(this.#cluster.folder, "nodes.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: nodes }));
    this.#type("kubectl version");
    assert.equal(this.#cluster.kubectl("create", "-f", file).code, 0);
    await this.#until(`${NODES + 3} nodes are ready`, () => {
      const { items } = this.#cluster.get("nodes") as { items: Fields[] };
      return items.filter(({ status }) => status.conditions?.some((each: Fields) => each["type"] === "Ready" && each["status"] === "True")).length === NODES + 3;
    });
  }

  async #install(): Promise<void> {
    this.#title("The key, and everything else");
    const key = join(this.#cluster.folder, "swarm.key");
    await loadswarm("keygen", "--out", key);
    this.#type(`kubectl apply --server-side --validate=strict -f ${K8S}/base/namespace.yaml`);
    this.#type(`kubectl -n loadswarm create secret generic loadswarm-swarm-key --from-file=swarm.key=${key}`);
    const said = this.#type(`kubectl apply --server-side --validate=strict -k ${K8S}`);
    assert.doesNotMatch(said.text, /warn/i);
    this.#fact("no warning: Pod Security admits every template");
    for (const overlay of ["deployment", "dev"]) {
      this.#type(`kubectl apply --server-side --validate=strict --dry-run=server -k ${K8S}/overlays/${overlay}`);
    }
  }

  async #placement(): Promise<void> {
    this.#title("One agent per node of the pool");
    await this.#until(`${NODES} agents are ready`, () => this.#ready() === NODES);
    this.#type("kubectl -n loadswarm get daemonset,deployment,poddisruptionbudget");
    const pods = this.#pods();
    assert.equal(pods.length, NODES);
    assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, NODES);
    assert.ok(pods.every(({ spec }) => spec.nodeName.startsWith("pool-")));
    this.#fact(`${pods.length} pods on ${NODES} different nodes of the pool, none elsewhere`);
    assert.ok(pods.every(({ status }) => status.qosClass === "Guaranteed"));
    const zones = Map.groupBy(pods, ({ metadata }) => metadata.labels["topology.kubernetes.io/zone"] as string);
    this.#fact(`all Guaranteed; by zone: ${[...zones].map(([zone, all]) => `${zone} ${all.length}`).sort().join(", ")}`);
    await this.#until(`the headless Service has ${NODES} addresses`, () => this.#addresses() === NODES);
  }

  #addresses(): number {
    const { items } = this.#cluster.get("endpointslices", "-n", "loadswarm", "-l", "kubernetes.io/service-name=loadswarm") as { items: Fields[] };
    return items.flatMap((slice) => slice["endpoints"] as Fields[]).length;
  }

  async #scaling(): Promise<void> {
    this.#title("More agents, in both ways");
    this.#type("kubectl -n loadswarm scale deployment/loadswarm-extra --replicas=50");
    await this.#until("50 more agents are ready", () => this.#ready("app.kubernetes.io/component=extra") === 50);
    await this.#until(`the headless Service has ${NODES + 50} addresses`, () => this.#addresses() === NODES + 50);
    this.#type("kubectl -n loadswarm scale daemonset/loadswarm --replicas=300", "refused");
    this.#type("kubectl label node other-0 loadswarm.io/pool=true");
    await this.#until(`${NODES + 1} agents of the DaemonSet`, () => this.#ready("app.kubernetes.io/component=agent") === NODES + 1);
    this.#type("kubectl label node other-0 loadswarm.io/pool-");
    await this.#until(`${NODES} again`, () => this.#pods("app.kubernetes.io/component=agent").length === NODES);
  }

  #refusals(): void {
    this.#title("What is refused");
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "rogue", namespace: "loadswarm" }, spec: { hostNetwork: true, containers: [{ name: "rogue", image: "rogue" }] } };
    this.#file("rogue.json", pod);
    const { text } = this.#type(`kubectl apply -f ${this.#cluster.folder}/rogue.json`, "refused");
    assert.match(text, /violates PodSecurity "restricted/);
    const { spec } = this.#cluster.get("daemonset", "loadswarm", "-n", "loadswarm") as Fields;
    spec.template.spec.terminationGracePeriodSecond = 30;
    this.#file("typo.json", { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name: "loadswarm", namespace: "loadswarm" }, spec });
    this.#type(`kubectl apply --server-side --validate=strict --dry-run=server --force-conflicts -f ${this.#cluster.folder}/typo.json`, "refused");
    this.#type("kubectl auth can-i --list --as=system:serviceaccount:loadswarm:loadswarm -n loadswarm");
    this.#type("kubectl auth can-i get pods --as=system:serviceaccount:loadswarm:loadswarm -n loadswarm", "refused");
  }

  #file(name: string, object: object): void {
    writeFileSync(join(this.#cluster.folder, name), JSON.stringify(object));
  }

  async #draining(): Promise<void> {
    this.#title("A node is drained: the DaemonSet's pod stays, the extra one moves");
    const { spec } = this.#pods("app.kubernetes.io/component=extra")[0] as Fields;
    const node = spec["nodeName"] as string;
    this.#type(`kubectl drain ${node} --ignore-daemonsets --delete-emptydir-data --timeout=120s`);
    await this.#until("50 extra agents are ready, none there", () => {
      const pods = this.#pods("app.kubernetes.io/component=extra");
      return this.#ready("app.kubernetes.io/component=extra") === 50 && pods.every((pod) => pod["spec"].nodeName !== node);
    });
    this.#type(`kubectl uncordon ${node}`);
  }

  async #helm(): Promise<void> {
    this.#title("Helm: the same in a namespace of its own, as a Deployment");
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "second", labels: { "pod-security.kubernetes.io/enforce": "restricted" } } };
    this.#file("second.json", namespace);
    this.#type(`kubectl apply -f ${this.#cluster.folder}/second.json`);
    this.#type(`helm install loadswarm ${K8S}/chart -n second --set agents.mode=deployment --set agents.replicas=5 --set priorityClass=true`);
    await this.#until("5 agents are ready", () => this.#ready("app.kubernetes.io/name=loadswarm", "second") === 5);
    this.#type(`helm upgrade loadswarm ${K8S}/chart -n second --set agents.mode=deployment --set agents.replicas=8 --set priorityClass=true`);
    await this.#until("8 agents are ready", () => this.#ready("app.kubernetes.io/name=loadswarm", "second") === 8);
    this.#type("helm uninstall loadswarm -n second");
    this.#type("kubectl delete namespace second --timeout=120s");
  }

  async #deployment(): Promise<void> {
    this.#title("Clean-up, and the overlay without a DaemonSet");
    this.#type(`kubectl delete -k ${K8S} --timeout=240s`);
    this.#type(`kubectl apply --server-side --validate=strict -k ${K8S}/overlays/deployment`);
    await this.#until("3 agents are ready", () => this.#ready() === 3);
    this.#type("kubectl -n loadswarm scale deployment/loadswarm --replicas=30");
    await this.#until("30 agents are ready", () => this.#ready() === 30);
    const nodes = new Set(this.#pods().map(({ spec }) => spec.nodeName));
    this.#fact(`on ${nodes.size} different nodes`);
    assert.equal(nodes.size, 30);
    await this.#upgrade();
    this.#type(`kubectl delete -k ${K8S}/overlays/deployment --timeout=240s`);
    this.#type("kubectl get all --all-namespaces -l app.kubernetes.io/part-of=loadswarm");
  }

  async #upgrade(): Promise<void> {
    this.#title("A rolling upgrade: a tenth of the agents at a time");
    this.#type("kubectl -n loadswarm set image deployment/loadswarm agent=loadswarm:0.1.1");
    const isNew = ({ spec }: Fields) => spec.containers[0].image === "loadswarm:0.1.1";
    let fewest = Number.POSITIVE_INFINITY;
    await this.#until("30 agents are of the new version", () => {
      const pods = this.#pods();
      fewest = Math.min(fewest, this.#ready());
      return pods.length === 30 && pods.every(isNew);
    });
    this.#fact(`never fewer than ${fewest} of them ready`);
    assert.ok(fewest >= 27);
  }
}

const SIZE = { cpu: "16", memory: "64Gi", pods: "110" };

if (import.meta.main) {
  const cluster = await Cluster.start();
  try {
    await new WalkThrough(cluster, (line) => process.stdout.write(`${line}\n`)).walk();
  } finally {
    await cluster.stop();
  }
}
