// Bytes that are nearly frames.

import type { Random } from "../support/random.ts";

/** A frame with flipped bits, a truncated one, one with a piece of another in it, or pieces of several. */
export function mutated(random: Random, valid: readonly Uint8Array[]): Uint8Array {
  return random.pick([flipped, truncated, spliced, patched])(random, valid);
}

export function flipped(random: Random, valid: readonly Uint8Array[]): Uint8Array {
  const bytes = Uint8Array.from(random.pick(valid));
  if (bytes.length === 0) return bytes;
  for (let flips = random.integer(1, 4); flips > 0; flips--) {
    bytes[random.integer(0, bytes.length - 1)]! ^= 1 << random.integer(0, 7);
  }
  return bytes;
}

export function truncated(random: Random, valid: readonly Uint8Array[]): Uint8Array {
  const bytes = random.pick(valid);
  return bytes.subarray(0, random.integer(0, bytes.length));
}

export function spliced(random: Random, valid: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(Array.from({ length: random.integer(2, 5) }, () => piece(random, valid)));
}

function patched(random: Random, valid: readonly Uint8Array[]): Uint8Array {
  const bytes = Uint8Array.from(random.pick(valid));
  const patch = piece(random, valid).subarray(0, bytes.length);
  bytes.set(patch, random.integer(0, bytes.length - patch.length));
  return bytes;
}

function piece(random: Random, valid: readonly Uint8Array[]): Uint8Array {
  const bytes = random.pick(valid);
  const from = random.integer(0, bytes.length);
  return bytes.subarray(from, random.integer(from, bytes.length));
}
