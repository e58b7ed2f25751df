// What an agent is told at its start, checked: what it may listen on and what it may aim at.

import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { faultyAllowEntry, type GuardPolicy } from "../load/guard.ts";
import { type HostPort, parseHostPort } from "../mesh/discovery.ts";
import type { Detail } from "../metrics/run-readings.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { fileReason } from "../plan/file-reason.ts";
import { isOperator } from "../wire/permit.ts";
import { usableCores } from "./cores.ts";
import { type CheckedOtlp, checkOtlp, type OtlpConfig } from "./otlp-config.ts";
import { checkDetail, type CheckedRemoteWrite, checkRemoteWrite, REMOTE_WRITE_DEFAULTS, type RemoteWriteConfig } from "./remote-write-config.ts";

export interface AgentConfig {
  /** Where other agents connect, `H:P`; null = solo: no mesh, libp2p is never loaded. */
  readonly listen: string | null;
  /** Where the HTTP API answers, `H:P`; null = nowhere. */
  readonly api: string | null;
  /** Where probes and metrics, and no commands, answer other machines, `H:P`; null = on the API only. */
  readonly health: string | null;
  readonly join: readonly string[];
  readonly joinDns: readonly string[];
  /** Empty = host name and process id. */
  readonly name: string;
  readonly zone: string;
  /** The machine it runs on, for people to read. */
  readonly node: string;
  /** null = by the number of cores. */
  readonly workers: number | null;
  readonly swarmKeyFile: string | null;
  readonly allowTargets: readonly string[];
  /** Public keys of those whose plans it runs; absent or empty = everybody's. */
  readonly operators?: readonly string[];
  /** Canonical document of a plan that it is to publish itself: no operator needs to have signed it. */
  readonly planAtStart?: string | null;
  readonly logLevel: string;
  /** Where metrics are pushed to; absent or null = nowhere. */
  readonly remoteWrite?: RemoteWriteConfig | null;
  /** Where they are exported to by OTLP; absent or null = nowhere. */
  readonly otlp?: OtlpConfig | null;
  /** `auto`, `full` or `lean`: whether metrics name requests and checks. */
  readonly metricsDetail?: string;
}

/** The same, checked and read. */
export interface CheckedConfig {
  readonly listen: HostPort | null;
  readonly api: HostPort | null;
  readonly health: HostPort | null;
  readonly join: readonly HostPort[];
  readonly joinNames: readonly HostPort[];
  readonly name: string;
  readonly zone: string;
  readonly node: string;
  readonly workers: number;
  readonly swarmKey: Uint8Array | null;
  readonly guard: GuardPolicy;
  readonly operators: readonly string[];
  readonly planAtStart: string | null;
  readonly logLevel: string;
  readonly remoteWrite: CheckedRemoteWrite | null;
  readonly otlp: CheckedOtlp | null;
  readonly metricsDetail: Detail | "auto";
}

const MAX_WORKERS = 1024;
const MAX_NAME_LENGTH = 100;

/** Throws CONFIG_INVALID or KEY_MISSING, each saying what to do. */
export function checkConfig(config: AgentConfig): CheckedConfig {
  const listen = config.listen === null ? null : parseHostPort(config.listen, "--listen");
  const api = config.api === null ? null : parseHostPort(config.api, "--api");
  const health = config.health === null ? null : parseHostPort(config.health, "--health");
  const workers = config.workers ?? usableCores();
  if (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS) {
    throw new LoadswarmError("CONFIG_INVALID", `--workers ${workers} is impossible`, `choose 1 to ${MAX_WORKERS}`);
  }
  checkLength(config.name, "--name");
  checkLength(config.zone, "--zone");
  const swarmKey = config.swarmKeyFile === null ? null : readSwarmKey(config.swarmKeyFile);
  if (listen !== null) checkListen(listen, swarmKey);
  if (api !== null) checkApi(api);
  return {
    listen,
    api,
    health,
    join: config.join.map((place) => parseHostPort(place, "--join")),
    joinNames: config.joinDns.map((place) => parseHostPort(place, "--join-dns")),
    name: config.name === "" ? `${hostname()}-${process.pid}` : config.name,
    zone: config.zone,
    node: config.node,
    workers,
    swarmKey,
    guard: guardOf(config, listen),
    operators: checkOperators(config.operators ?? []),
    planAtStart: config.planAtStart ?? null,
    logLevel: config.logLevel,
    remoteWrite: checkRemoteWrite(config.remoteWrite ?? null),
    otlp: checkOtlp(config.otlp ?? null),
    metricsDetail: checkDetail(config.metricsDetail ?? REMOTE_WRITE_DEFAULTS.detail),
  };
}

/** Others refuse longer texts, and with them everything this agent would say. */
function checkLength(text: string, flag: string): void {
  if (text.length <= MAX_NAME_LENGTH) return;
  throw new LoadswarmError("CONFIG_INVALID", `${flag} has ${text.length} characters`, `shorten it to ${MAX_NAME_LENGTH}`);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function checkListen(listen: HostPort, swarmKey: Uint8Array | null): void {
  if (swarmKey !== null || isLoopback(listen.host)) return;
  throw new LoadswarmError(
    "KEY_MISSING",
    `without a swarm key an agent listens on loopback only, not on ${listen.host}: whoever reached it could join and aim it`,
    "make a key once with `loadswarm keygen --out swarm.key`, give the file to every agent, and start with --swarm-key swarm.key",
  );
}

/** The API obeys whoever reaches it, so it answers this machine alone; ports are forwarded to it, not opened. */
function checkApi(api: HostPort): void {
  if (isLoopback(api.host)) return;
  throw new LoadswarmError(
    "CONFIG_INVALID",
    `the API takes commands from whoever reaches it and so answers on loopback only, not on ${api.host}`,
    "keep --api on 127.0.0.1 and reach it by `kubectl port-forward` or `ssh -L`",
  );
}

/** A swarm that spans machines must say what it may aim at; on one machine, that machine is the only target. */
function guardOf(config: AgentConfig, listen: HostPort | null): GuardPolicy {
  for (const entry of config.allowTargets) checkAllowEntry(entry);
  if (config.allowTargets.length > 0) return { allow: config.allowTargets };
  if (listen === null || isLoopback(listen.host)) return { loopbackOnly: true };
  throw new LoadswarmError(
    "CONFIG_INVALID",
    `an agent that listens on ${listen.host} needs to know which targets it may load`,
    "list them: --allow-target 10.20.0.0/16,shop.example.com",
  );
}

function checkOperators(operators: readonly string[]): readonly string[] {
  const faulty = operators.find((operator) => !isOperator(operator));
  if (faulty === undefined) return operators;
  throw new LoadswarmError(
    "CONFIG_INVALID",
    `--operators ${JSON.stringify(faulty)} is no operator's public key`,
    "give what `loadswarm keygen --operator --out operator.key` says: --operators ed25519:…",
  );
}

/** An entry that can match nothing is a mistake: better said at the start than by a run that is blocked. */
function checkAllowEntry(entry: string): void {
  const fault = faultyAllowEntry(entry);
  if (fault === null) return;
  throw new LoadswarmError(
    "CONFIG_INVALID",
    `--allow-target ${JSON.stringify(entry)} ${fault}`,
    "give addresses, CIDR blocks and host names: --allow-target 192.0.2.7,10.20.0.0/16,shop.example.com",
  );
}

function readSwarmKey(file: string): Uint8Array {
  const make = "make one with `loadswarm keygen --out swarm.key`";
  if (!existsSync(file)) throw new LoadswarmError("KEY_MISSING", `there is no swarm key at ${file}`, make);
  let key: string;
  try {
    key = readFileSync(file, "utf8");
  } catch (cause) {
    const hint = "give the file that `loadswarm keygen --out FILE` made, readable for this user";
    throw new LoadswarmError("CONFIG_INVALID", `the swarm key ${file} cannot be read: ${fileReason(cause, "read")}`, hint, cause);
  }
  if (!/^\/key\/swarm\/psk\/1\.0\.0\/\r?\n\/base16\/\r?\n[0-9a-f]{64}\s*$/i.test(key)) {
    throw new LoadswarmError("CONFIG_INVALID", `${file} is not a swarm key`, make);
  }
  return new TextEncoder().encode(key.trim());
}
