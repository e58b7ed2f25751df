// Signatures of member records: what a member decides about itself, nobody else can say.
//
// A member's id is its libp2p peer id, which holds its ed25519 public key; whoever has a record can check it. Not covered
// is what others derive from agreed views: from when and until when it has a share, and that it was lost.

import type { Ed25519PrivateKey } from "@libp2p/interface";
import { peerIdFromPublicKey, peerIdFromString } from "@libp2p/peer-id";
import { hash } from "node:crypto";
import type { MemberId, MemberRecord } from "../core/events.ts";

export const SIGNATURE_BYTES = 64;

/** Twice the members that the core keeps: each may have signed that it lives, and that it leaves. */
const REMEMBERED = 20_000;

/** Knows what members have signed. */
export interface Authority {
  /** What to send along with a record; null if its member's signature is not known, and it must not be sent. */
  signatureOf(record: MemberRecord): Uint8Array | null;
  /** Whether the member itself has said this. */
  vouches(record: MemberRecord, signature: Uint8Array): boolean;
}

/** Signs the own record, whose id must be of this key. */
export function signMember(record: MemberRecord, key: Ed25519PrivateKey): Uint8Array {
  // Typed for keys that may live elsewhere; in this process an ed25519 key signs at once.
  return key.sign(Buffer.from(wordsOf(record, record.state === "left"))) as Uint8Array;
}

/** Whether the member that the id names has signed this, as one that lives or as one that leaves. */
export function verifyMember(record: MemberRecord, signature: Uint8Array): boolean {
  return wordsSigned(record, signature) !== null;
}

/** Signs the own record, checks those of others once, and remembers their signatures to pass them on. */
export class SignedMembers implements Authority {
  readonly #self: MemberId;
  readonly #key: Ed25519PrivateKey;
  readonly #capacity: number;
  /** By digest of what was signed; the longest unused ones first. */
  readonly #signatures = new Map<string, Uint8Array>();
  /** Records dropped because their member had not signed them. */
  refused = 0;
  /** Records that could not be passed on, because their signature is not known. */
  unsigned = 0;

  constructor(self: MemberId, key: Ed25519PrivateKey, capacity = REMEMBERED) {
    this.#self = self;
    this.#key = key;
    this.#capacity = capacity;
  }

  signatureOf(record: MemberRecord): Uint8Array | null {
    for (const words of wordsPossible(record)) {
      const known = this.#recall(words);
      if (known !== null) return known;
    }
    if (record.id === this.#self && record.state !== "lost") {
      const signature = signMember(record, this.#key);
      this.#remember(digestOf(wordsOf(record, record.state === "left")), signature);
      return signature;
    }
    this.unsigned++;
    return null;
  }

  vouches(record: MemberRecord, signature: Uint8Array): boolean {
    for (const words of wordsPossible(record)) {
      const known = this.#recall(words);
      if (known !== null && Buffer.compare(known, signature) === 0) return true;
    }
    const words = wordsSigned(record, signature);
    if (words === null) {
      this.refused++;
      return false;
    }
    // A copy: the bytes are part of a whole frame.
    this.#remember(digestOf(words), Uint8Array.from(signature));
    return true;
  }

  #recall(words: string): Uint8Array | null {
    const digest = digestOf(words);
    const signature = this.#signatures.get(digest);
    if (signature === undefined) return null;
    this.#remember(digest, signature);
    return signature;
  }

  #remember(digest: string, signature: Uint8Array): void {
    this.#signatures.delete(digest);
    this.#signatures.set(digest, signature);
    if (this.#signatures.size > this.#capacity) this.#signatures.delete(this.#signatures.keys().next().value!);
  }
}

function digestOf(words: string): string {
  return hash("sha256", words, "base64");
}

/** What a member says of itself, in one spelling. */
function wordsOf(record: MemberRecord, left: boolean): string {
  const { id, incarnation, name, zone, addresses, api, weight, view } = record;
  return JSON.stringify(["loadswarm member 1", id, incarnation, left, name, zone, addresses, api, weight, view]);
}

/** That it is lost is what others say: it may have lived or been leaving. */
function wordsPossible(record: MemberRecord): string[] {
  const { state } = record;
  return state === "lost" ? [wordsOf(record, false), wordsOf(record, true)] : [wordsOf(record, state === "left")];
}

function wordsSigned(record: MemberRecord, signature: Uint8Array): string | null {
  if (signature.length !== SIGNATURE_BYTES) return null;
  try {
    const { type, publicKey } = peerIdFromString(record.id);
    // One member, one spelling of its id.
    if (type !== "Ed25519" || peerIdFromPublicKey(publicKey).toString() !== record.id) return null;
    return wordsPossible(record).find((words) => publicKey.verify(Buffer.from(words), signature) === true) ?? null;
  } catch {
    // No peer id at all.
    return null;
  }
}
