// The Huffman code of HPACK (RFC 7541, 5.2 and Appendix B), read eight bits at a time.

/** Bits of each octet's code, and of the end of string, which has the longest and never occurs. The code is canonical. */
// prettier-ignore
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];

const END = 256;

/**
 * Tables of 256 entries, one behind the other: by the next eight bits either the octet and how many of the bits are its own
 * (as octet * 16 + bits), or the table for the bits after them (as its negative number).
 */
const TABLES = tables();

function tables(): Int32Array {
  const found: number[] = new Array<number>(256).fill(0);
  const order = LENGTHS.map((bits, symbol) => ({ bits, symbol })).sort((a, b) => a.bits - b.bits || a.symbol - b.symbol);
  let code = 0;
  let before = order[0]!.bits;
  for (const { bits, symbol } of order) {
    code <<= bits - before;
    before = bits;
    insert(found, symbol, code, bits);
    code++;
  }
  return Int32Array.from(found);
}

function insert(found: number[], symbol: number, code: number, bits: number): void {
  let table = 0;
  let left = bits;
  for (; left > 8; left -= 8) {
    const at = table * 256 + ((code >>> (left - 8)) & 0xff);
    if (found[at] === 0) {
      found[at] = -(found.length / 256);
      found.push(...new Array<number>(256).fill(0));
    }
    table = -found[at]!;
  }
  const first = table * 256 + ((code << (8 - left)) & 0xff);
  for (let i = 0; i < 1 << (8 - left); i++) found[first + i] = symbol * 16 + left;
}

/** Shortest code: what is decoded is at most 8/5 as long. */
const SHORTEST_BITS = 5;
let scratch = Buffer.allocUnsafeSlow(4096);

/** Text of one octet a character; null if it is no such code, or is not filled up as it must be. */
export function decodeHuffman(bytes: Buffer, from: number, to: number): string | null {
  const longest = Math.ceil(((to - from) * 8) / SHORTEST_BITS);
  if (longest > scratch.length) scratch = Buffer.allocUnsafeSlow(longest);
  let out = 0;
  let table = 0;
  let held = 0;
  let heldBits = 0;
  /** Bits since the last octet that was whole. */
  let openBits = 0;
  for (let at = from; at < to || heldBits > 0; ) {
    if (heldBits < 8 && at < to) {
      held = ((held << 8) | bytes[at++]!) & 0xffff;
      heldBits += 8;
      openBits += 8;
    }
    const isShort = heldBits < 8;
    const next = isShort ? (held << (8 - heldBits)) & 0xff : (held >>> (heldBits - 8)) & 0xff;
    const entry = TABLES[table * 256 + next]!;
    if (entry <= 0) {
      if (isShort) break;
      heldBits -= 8;
      table = -entry;
      continue;
    }
    const bits = entry & 0xf;
    if (bits > heldBits) break;
    if (entry >>> 4 === END) return null;
    scratch[out++] = entry >>> 4;
    heldBits -= bits;
    openBits = heldBits;
    table = 0;
  }
  // What is left over is the beginning of the end of string, and less than an octet of it.
  const isFilled = openBits < 8 && (held & ((1 << openBits) - 1)) === (1 << openBits) - 1;
  return isFilled ? scratch.toString("latin1", 0, out) : null;
}
