// Permits: an operator has signed that a plan may be run once, in one swarm, until an instant. Whoever has the swarm's key may
// carry a permit; nobody but an operator can make one. Ed25519, RFC 8032.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import type { RunSpec } from "../core/events.ts";
import { keyedId } from "../core/runs.ts";

/** What is signed. */
export interface Permission {
  readonly swarm: string;
  /** SHA-256 of the plan's canonical document, hex. */
  readonly planHash: string;
  /** SHA-256 of the run's idempotency key, hex: one permit is one run, whoever publishes it again. */
  readonly keyHash: string;
  /** The run's own notAfter must not be later, milliseconds since the epoch. */
  readonly notAfterMs: number;
}

/** One as it travels: version, operator, instant, key hash, signature. 220 characters. */
const PERMIT = /^1\.(ed25519:[\w-]{43})\.(\d{1,13})\.([0-9a-f]{64})\.([\w-]{86})$/;
const OPERATOR = /^ed25519:([\w-]{43})$/;
/** Permits found good, remembered because every hello repeats all runs. */
const REMEMBERED = 1000;
/** Runs that are told of when they are refused; later ones are only counted. */
const TOLD = 100;

/** What a swarm is called in permits: it follows from its key, and does not tell it. Without one, agents are on one machine. */
export function swarmName(swarmKey: Uint8Array | null): string {
  if (swarmKey === null) return "local";
  return createHash("sha256").update("loadswarm swarm\n").update(swarmKey).digest("hex").slice(0, 16);
}

/** A new operator: the private key as PEM (PKCS #8), and the public one as agents are told it. */
export function newOperator(): { readonly pem: string; readonly operator: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { pem: privateKey.export({ type: "pkcs8", format: "pem" }) as string, operator: operatorOf(privateKey) };
}

/** @throws when it is no ed25519 key in PEM */
export function readOperatorKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`it is of the kind ${key.asymmetricKeyType}`);
  return key;
}

/** Whether this is a public key as `newOperator` writes it. */
export function isOperator(text: string): boolean {
  try {
    return publicKeyOf(text).asymmetricKeyType === "ed25519";
  } catch {
    return false;
  }
}

export function makePermit(key: KeyObject, permission: Permission): string {
  const { keyHash, notAfterMs } = permission;
  const signature = sign(null, wordsOf(permission), key).toString("base64url");
  return ["1", operatorOf(key), notAfterMs, keyHash, signature].join(".");
}

/** The hash of the run's key that a permit names; null if it is no permit. */
export function keyHashOf(permit: string): string | null {
  return PERMIT.exec(permit)?.[3] ?? null;
}

/** What of a run decides whether it is permitted. */
type Wanted = Pick<RunSpec, "id" | "plan" | "planHash" | "notAfterMs" | "permit">;

/** A plan that an agent's own configuration names, by the hashes of its document and of its run's key. */
export type OwnPlan = Pick<Permission, "planHash" | "keyHash">;

/** Whose permits an agent takes. Without operators every run is welcome. */
export class Operators {
  readonly swarm: string;
  /** Records of runs that came and were not taken. */
  refused = 0;
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #own: OwnPlan | null;
  readonly #onRefused: (run: string, why: string) => void;
  readonly #good = new Set<string>();
  readonly #toldOf = new Set<string>();

  constructor(
    operators: readonly string[],
    swarm: string,
    own: OwnPlan | null = null,
    onRefused: (run: string, why: string) => void = () => {},
  ) {
    this.swarm = swarm;
    this.#keys = new Map(operators.map((operator) => [operator, publicKeyOf(operator)]));
    this.#own = own;
    this.#onRefused = onRefused;
  }

  get areAsked(): boolean {
    return this.#keys.size > 0;
  }

  /** Why the run may not be run here; null if it may. */
  refusalOf({ id, plan, planHash, notAfterMs, permit }: Wanted): string | null {
    if (!this.areAsked) return null;
    const own = this.#own;
    if (own !== null && planHash === own.planHash && id === keyedId(plan.name, own.keyHash)) return null;
    if (permit === undefined) return "no operator has signed it";
    const [, operator, until, keyHash, signature] = PERMIT.exec(permit) ?? [];
    if (operator === undefined || keyHash === undefined) return "its permit cannot be read";
    if (id !== keyedId(plan.name, keyHash)) return "its permit is for another run";
    if (notAfterMs > Number(until)) return "its permit ends before the run may";
    const known = `${planHash} ${permit}`;
    if (this.#good.has(known)) return null;
    const key = this.#keys.get(operator);
    if (key === undefined) return `${operator} is none of the operators`;
    const words = wordsOf({ swarm: this.swarm, planHash, keyHash, notAfterMs: Number(until) });
    if (!verify(null, words, key, Buffer.from(signature!, "base64url"))) return "its permit is for another plan or swarm, or forged";
    if (this.#good.size >= REMEMBERED) this.#good.delete(this.#good.values().next().value!);
    this.#good.add(known);
    return null;
  }

  /** The same for what comes from others: counted, and told of. */
  permits(spec: RunSpec): boolean {
    const why = this.refusalOf(spec);
    if (why !== null) this.refuse(spec.id, why);
    return why === null;
  }

  /** Counts a run from others that is not taken, and tells why. */
  refuse(run: string, why: string): void {
    this.refused++;
    if (this.#toldOf.has(run) || this.#toldOf.size >= TOLD) return;
    this.#toldOf.add(run);
    this.#onRefused(run, why);
  }
}

/** In one spelling. */
function wordsOf({ swarm, planHash, keyHash, notAfterMs }: Permission): Buffer {
  return Buffer.from(JSON.stringify(["loadswarm run 1", swarm, planHash, keyHash, notAfterMs]));
}

function operatorOf(key: KeyObject): string {
  return `ed25519:${createPublicKey(key).export({ format: "jwk" }).x}`;
}

/** @throws when it is none */
function publicKeyOf(operator: string): KeyObject {
  const x = OPERATOR.exec(operator)?.[1];
  if (x === undefined) throw new Error(`${operator} is no public key`);
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}
