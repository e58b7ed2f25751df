// A real Kubernetes control plane on loopback, without machines: etcd, API server, controllers, scheduler; KWOK plays the
// nodes. The binaries are those that tools.sh builds.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TOOLS } from "./manifest.ts";

const PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok", "helm"];
const READY_MS = 180_000;
const COMMAND_MS = 300_000;

/** Why there can be no cluster here; null if there can. */
export function clusterMissing(): string | null {
  const missing = PROGRAMS.filter((program) => !existsSync(join(TOOLS, "bin", program)));
  return missing.length === 0 ? null : `${missing.join(", ")} missing in ${TOOLS}/bin: test/kubernetes/tools.sh builds them`;
}

export interface Said {
  readonly code: number;
  /** stdout and stderr as a terminal would show them. */
  readonly text: string;
}

export class Cluster {
  readonly folder = mkdtempSync(join(tmpdir(), "loadswarm-cluster-"));
  readonly #children: ChildProcess[] = [];
  readonly #kubeconfig = join(this.folder, "kubeconfig");

  /** Resolves when the API server is ready and the nodes are played. @throws with the end of a log */
  static async start(): Promise<Cluster> {
    const cluster = new Cluster();
    process.once("exit", () => cluster.#kill("SIGKILL"));
    try {
      await cluster.#startAll();
      return cluster;
    } catch (cause) {
      await cluster.stop();
      throw cause;
    }
  }

  kubectl(...args: string[]): Said {
    return this.#run("kubectl", args);
  }

  helm(...args: string[]): Said {
    return this.#run("helm", args);
  }

  /** What kubectl prints as JSON. @throws with what it says */
  get(...args: string[]): any {
    const { code, text } = this.kubectl("get", ...args, "-o", "json");
    if (code !== 0) throw new Error(text);
    return JSON.parse(text);
  }

  async stop(): Promise<void> {
    const gone = this.#children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).map((child) => once(child, "exit"));
    this.#kill("SIGTERM");
    await Promise.race([Promise.all(gone), sleep(10_000, null, { ref: false })]);
    this.#kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #startAll(): Promise<void> {
    const [client, peer, api, kwok] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const token = randomBytes(16).toString("hex");
    const file = (name: string, content: string): string => {
      writeFileSync(join(this.folder, name), content, { mode: 0o600 });
      return join(this.folder, name);
    };
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = file("service-accounts.key", privateKey.export({ type: "pkcs1", format: "pem" }) as string);
    const server = { server: `https://127.0.0.1:${api}`, "insecure-skip-tls-verify": true };
    const context = { cluster: "local", user: "admin" };
    file("kubeconfig", JSON.stringify({
      apiVersion: "v1", kind: "Config", "current-context": "local",
      clusters: [{ name: "local", cluster: server }],
      users: [{ name: "admin", user: { token } }],
      contexts: [{ name: "local", context }],
    }));
    const etcd = `http://127.0.0.1:${client}`;
    const peers = `http://127.0.0.1:${peer}`;
    this.#spawn("etcd", "--data-dir", join(this.folder, "etcd"), "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
      "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", `default=${peers}`, "--unsafe-no-fsync");
    this.#spawn("kube-apiserver", `--etcd-servers=${etcd}`, `--secure-port=${api}`, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
      `--cert-dir=${this.folder}`, "--service-account-issuer=https://kubernetes.default.svc", `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`, "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC",
      `--token-auth-file=${file("tokens.csv", `${token},admin,admin,system:masters\n`)}`, "--endpoint-reconciler-type=none",
      // Beta, and so on by itself, from 1.35: copies the node's zone to its pods.
      "--feature-gates=PodTopologyLabelsAdmission=true");
    await this.#ready();
    const speed = ["--kube-api-qps=500", "--kube-api-burst=500", "--leader-elect=false", "--secure-port=0", `--kubeconfig=${this.#kubeconfig}`];
    this.#spawn("kube-controller-manager", ...speed, `--service-account-private-key-file=${key}`, `--root-ca-file=${this.folder}/apiserver.crt`);
    this.#spawn("kube-scheduler", ...speed);
    this.#spawn("kwok", `--kubeconfig=${this.#kubeconfig}`, "--manage-all-nodes=true", "--node-lease-duration-seconds=40", `--server-address=127.0.0.1:${kwok}`, "--cidr=10.128.0.0/14");
  }

  async #ready(): Promise<void> {
    for (const sinceMs = performance.now(); this.kubectl("get", "--raw", "/readyz").code !== 0; await sleep(500)) {
      const dead = this.#children.find(({ exitCode }) => exitCode !== null);
      if (dead === undefined && performance.now() - sinceMs < READY_MS) continue;
      const log = dead?.spawnfile.endsWith("etcd") ? "etcd.log" : "kube-apiserver.log";
      throw new Error(readFileSync(join(this.folder, log), "utf8").slice(-2000));
    }
  }

  #spawn(program: string, ...args: string[]): void {
    const log = openSync(join(this.folder, `${program}.log`), "w");
    this.#children.push(spawn(join(TOOLS, "bin", program), args, { stdio: ["ignore", log, log] }));
    closeSync(log);
  }

  #kill(signal: NodeJS.Signals): void {
    for (const child of this.#children.toReversed()) child.kill(signal);
  }

  #run(program: string, args: readonly string[]): Said {
    const env = { ...process.env, KUBECONFIG: this.#kubeconfig, HOME: this.folder };
    const shell = ['exec "$0" "$@" 2>&1', join(TOOLS, "bin", program), ...args];
    try {
      return { code: 0, text: execFileSync("sh", ["-c", ...shell], { encoding: "utf8", env, timeout: COMMAND_MS, maxBuffer: 64 << 20 }) };
    } catch (cause) {
      const { status, stdout } = cause as { status: number | null; stdout?: string };
      return { code: status ?? 1, text: stdout ?? String(cause) };
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
