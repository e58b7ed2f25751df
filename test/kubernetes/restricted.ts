// What the Pod Security Standard "restricted" asks of a pod, as kubernetes.io/docs/concepts/security/pod-security-standards
// lists it (1.34). The API server's own judgement is asked in walk-through.ts.

import type { Fields } from "./manifest.ts";

const VOLUMES = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];
const SYSCTLS = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
];
const SECCOMP = ["RuntimeDefault", "Localhost"];

/** Everything for which the pod would be refused. */
export function refusalsOf(spec: Fields): string[] {
  const pod: Fields = spec["securityContext"] ?? {};
  const refusals: string[] = [];
  for (const host of ["hostNetwork", "hostPID", "hostIPC"]) if (spec[host] === true) refusals.push(host);
  if (pod["windowsOptions"]?.hostProcess === true) refusals.push("windowsOptions.hostProcess");
  for (const { name, ...source } of (spec["volumes"] ?? []) as Fields[]) {
    for (const kind of Object.keys(source)) if (!VOLUMES.includes(kind)) refusals.push(`volume ${name} is a ${kind}`);
  }
  for (const { name } of (pod["sysctls"] ?? []) as Fields[]) if (!SYSCTLS.includes(name)) refusals.push(`sysctl ${name}`);
  const containers: Fields[] = ["initContainers", "containers", "ephemeralContainers"].flatMap((each) => spec[each] ?? []);
  for (const container of containers) {
    for (const refusal of ofContainer(container, pod)) refusals.push(`${container["name"]}: ${refusal}`);
  }
  return refusals;
}

function ofContainer(container: Fields, pod: Fields): string[] {
  const own: Fields = container["securityContext"] ?? {};
  const refusals: string[] = [];
  const effective = (field: string): any => own[field] ?? pod[field];
  if (own["privileged"] === true) refusals.push("privileged");
  if (own["allowPrivilegeEscalation"] !== false) refusals.push("allowPrivilegeEscalation is not false");
  if (own["procMount"] !== undefined && own["procMount"] !== "Default") refusals.push("procMount");
  if (effective("runAsNonRoot") !== true) refusals.push("runAsNonRoot is not true");
  if (effective("runAsUser") === 0) refusals.push("runAsUser is 0");
  if (!SECCOMP.includes(effective("seccompProfile")?.type)) refusals.push("no seccompProfile");
  if (!(own["capabilities"]?.drop ?? []).includes("ALL")) refusals.push("does not drop ALL capabilities");
  for (const added of own["capabilities"]?.add ?? []) if (added !== "NET_BIND_SERVICE") refusals.push(`adds ${added}`);
  if ((container["ports"] ?? []).some((port: Fields) => port["hostPort"])) refusals.push("hostPort");
  return refusals;
}
