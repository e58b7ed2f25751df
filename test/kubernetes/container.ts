// A container as a kubelet would have runc make it of k8s/components/pod/pod.yaml: the same user, environment, limits,
// sysctls and mounts; on a host of a Netns in the place of a pod's network.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ImageConfig } from "../../k8s/image/oci.ts";
import { execute, type Host } from "../support/netns.ts";
import { type Fields, K8S, objectsOf } from "./manifest.ts";

/** Where Debian keeps runc. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
/** Docker's and containerd's default profile, as Debian packages it. */
const SECCOMP = "/usr/share/containers/seccomp.json";

/** Why no containers can be run here; null if they can. */
export function containersMissing(): string | null {
  try {
    execute("runc", ["--version"]);
  } catch {
    return "runc is not installed (apt-get install runc)";
  }
  return existsSync(SECCOMP) ? null : "there is no seccomp profile (apt-get install golang-github-containers-common)";
}

export const POD = objectsOf(readFileSync(join(K8S, "components/pod/pod.yaml"), "utf8"))[0]!["spec"].template.spec as Fields;

export interface ContainerOptions {
  readonly name: string;
  readonly rootfs: string;
  readonly image: ImageConfig;
  readonly host: Host;
  /** A folder of its own: the bundle and the log. */
  readonly folder: string;
  /** Files and folders of this machine to be seen in the container, read-only, by their path there. */
  readonly mounts: Readonly<Record<string, string>>;
  /** What the ConfigMap says. */
  readonly config: Readonly<Record<string, string>>;
}

export class Container {
  readonly name: string;
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(name: string, logFile: string, child: ChildProcess) {
    this.name = name;
    this.logFile = logFile;
    this.#child = child;
    this.#exited = once(child, "exit");
  }

  static start(options: ContainerOptions): Container {
    const { name, folder } = options;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "config.json"), JSON.stringify(specOf(options)));
    const logFile = join(folder, "log");
    const log = openSync(logFile, "w");
    // Not from within the host's namespace: runc sets sysctls only where it sees that they are not its own.
    const guarded = ["--pdeathsig", "KILL", "runc", "run", "--bundle", folder, name];
    const child = spawn("setpriv", guarded, { stdio: ["ignore", log, log], env: { PATH } });
    closeSync(log);
    return new Container(name, logFile, child);
  }

  /** What a command says in the container. @throws with its stderr */
  exec(...args: string[]): string {
    return execute("runc", ["exec", this.name, ...args]);
  }

  /** Of the agent, as this machine's kernel knows it. */
  pid(): number {
    return (JSON.parse(execute("runc", ["state", this.name])) as { pid: number }).pid;
  }

  /** GET or POST at the agent's own loopback, as through a forwarded port. */
  ask<T>(path: string, method = "GET", body?: object): T {
    const options = JSON.stringify({ method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const script = `fetch("http://127.0.0.1:7480${path}", ${options}).then((r) => r.text()).then(console.log)`;
    return JSON.parse(this.exec("node", "-e", script)) as T;
  }

  /** As a kubelet stops a pod. Resolves to the exit code and how long it took. @throws beyond the pod's grace period */
  async stop(): Promise<{ code: number | null; tookMs: number }> {
    const sinceMs = performance.now();
    execute("runc", ["kill", this.name, "TERM"]);
    const graceMs = 1000 * POD["terminationGracePeriodSeconds"];
    const late = () => Promise.reject(new Error(`${this.name} is still there after ${graceMs} ms`));
    await Promise.race([this.#exited, sleep(graceMs, null, { ref: false }).then(late)]);
    return { code: this.#child.exitCode, tookMs: performance.now() - sinceMs };
  }

  remove(): void {
    try {
      execFileSync("runc", ["delete", "--force", this.name], { stdio: "ignore", env: { PATH } });
    } catch {
      // It has ended, and runc has removed it.
    }
  }
}

/** The environment that the pod's template means for one pod. */
function environment({ name, host, image, config }: ContainerOptions): string[] {
  const fields: Readonly<Record<string, string>> = {
    "status.podIP": host.ip,
    "metadata.namespace": "loadswarm",
    "metadata.name": name,
    "spec.nodeName": `node-of-${name}`,
  };
  const own: Record<string, string> = {};
  for (const { name: variable, value, valueFrom } of POD["containers"][0].env as Fields[]) {
    const cpu = valueFrom?.resourceFieldRef === undefined ? undefined : POD["containers"][0].resources.limits.cpu;
    const text: string = value ?? cpu ?? fields[valueFrom.fieldRef.fieldPath] ?? "";
    own[variable] = text.replaceAll(/\$\((\w+)\)/g, (_, of: string) => own[of] ?? "");
  }
  return [...image.Env, ...Object.entries({ ...config, ...own }).map(([key, value]) => `${key}=${value}`)];
}

/** The OCI runtime's config.json. */
function specOf(options: ContainerOptions): object {
  const { image, rootfs, host, mounts } = options;
  const security = { ...POD["securityContext"], ...POD["containers"][0].securityContext } as Fields;
  const { cpu, memory } = POD["containers"][0].resources.limits as { cpu: string; memory: string };
  const bind = (destination: string, source: string) => ({ destination, source, type: "bind", options: ["rbind", "ro"] });
  const tmpfs = (destination: string, size: string) => ({
    destination, type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777", `size=${size}`],
  });
  const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid: security["runAsUser"], gid: security["runAsGroup"] },
      args: [...image.Entrypoint, ...POD["containers"][0].args],
      env: environment(options),
      cwd: image.WorkingDir,
      capabilities: security["capabilities"].drop.includes("ALL") ? none : undefined,
      noNewPrivileges: security["allowPrivilegeEscalation"] === false,
    },
    root: { path: rootfs, readonly: security["readOnlyRootFilesystem"] },
    hostname: options.name,
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"] },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
      tmpfs("/tmp", "64m"),
      ...Object.entries(mounts).map(([destination, source]) => bind(destination, source)),
    ],
    linux: {
      namespaces: [...["pid", "ipc", "uts", "mount"].map((type) => ({ type })), { type: "network", path: `/run/netns/${host.name}` }],
      resources: {
        cpu: { quota: 100_000 * Number(cpu), period: 100_000 },
        memory: { limit: Number.parseInt(memory, 10) * (memory.endsWith("Gi") ? 1 << 30 : 1 << 20) },
      },
      sysctl: Object.fromEntries(security["sysctls"].map(({ name, value }: Fields) => [name, value])),
      seccomp: security["seccompProfile"].type === "RuntimeDefault" ? seccomp() : undefined,
      maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

/** The default profile for a process without capabilities on this processor, in the runtime's words. */
function seccomp(): object {
  const { defaultAction, defaultErrnoRet, archMap, syscalls } = JSON.parse(readFileSync(SECCOMP, "utf8")) as Fields;
  const architecture = process.arch === "arm64" ? ["SCMP_ARCH_AARCH64", "arm64"] : ["SCMP_ARCH_X86_64", "amd64"];
  const { subArchitectures } = archMap.find((each: Fields) => each["architecture"] === architecture[0]);
  const applies = ({ includes = {} }: Fields): boolean =>
    (includes.caps ?? []).length === 0 && (includes.arches === undefined || includes.arches.includes(architecture[1]));
  const rules = (syscalls as Fields[]).filter(applies).map(({ names, action, args, errnoRet }) => ({ names, action, args, errnoRet }));
  return { defaultAction, defaultErrnoRet, architectures: [architecture[0], ...subArchitectures], syscalls: rules };
}
