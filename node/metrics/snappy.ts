// Snappy in its block format, which remote write asks for.

import snappy from "snappyjs";

export function compress(bytes: Uint8Array): Uint8Array {
  // Plain memory in, plain memory out: a Buffer would come back as one of the shared pool.
  return snappy.compress(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
