// Header compression: the examples of RFC 7541, what is no header block, and the same fields in every form.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HeadReader } from "../../../node/load/http2/head-reader.ts";
import { HpackDecoder } from "../../../node/load/http2/hpack.ts";
import { decodeHuffman } from "../../../node/load/http2/huffman.ts";
import { blockOf } from "../../../node/load/http2/request.ts";
import { STATIC } from "../../../node/load/http2/static-table.ts";
import { Random } from "../../support/random.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const MOST = 65_536;

function decodeAll(blocks: readonly string[]): (string[] | null)[] {
  const decoder = new HpackDecoder(MOST);
  return blocks.map((text) => decoder.decode(hex(text), 0, hex(text).length));
}

const FIRST = [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com"];
const SECOND = [...FIRST, "cache-control", "no-cache"];
const THIRD = [":method", "GET", ":scheme", "https", ":path", "/index.html", ":authority", "www.example.com", "custom-key", "custom-value"];

/** Appendix C of RFC 7541, those with a default table. */
const EXAMPLES: readonly (readonly [string, readonly string[], readonly (readonly string[])[]])[] = [
  ["C.2.1 literal with indexing", ["400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"], [["custom-key", "custom-header"]]],
  ["C.2.2 literal without indexing", ["040c 2f73 616d 706c 652f 7061 7468"], [[":path", "/sample/path"]]],
  ["C.2.3 literal never indexed", ["1008 7061 7373 776f 7264 0673 6563 7265 74"], [["password", "secret"]]],
  ["C.2.4 indexed", ["82"], [[":method", "GET"]]],
  [
    "C.3 requests",
    [
      "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "8286 84be 5808 6e6f 2d63 6163 6865",
      "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ],
    [FIRST, SECOND, THIRD],
  ],
  [
    "C.4 requests in Huffman code",
    ["8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", "8286 84be 5886 a8eb 1064 9cbf", "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"],
    [FIRST, SECOND, THIRD],
  ],
];

/** C.5 and C.6: a table of 256 octets, which we never ask for, is asked for by a size update. */
const ANSWERS = [
  [":status", "302", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:21 GMT", "location", "https://www.example.com"],
  [":status", "307", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:21 GMT", "location", "https://www.example.com"],
  [
    ":status", "200", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:22 GMT", "location", "https://www.example.com",
    "content-encoding", "gzip", "set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ],
];
const SMALL_TABLE = "3fe101";
const ANSWER_BLOCKS: readonly (readonly [string, readonly string[]])[] = [
  [
    "C.5 answers",
    [
      `${SMALL_TABLE} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
      "4803 3330 37c1 c0bf",
      "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
    ],
  ],
  [
    "C.6 answers in Huffman code",
    [
      `${SMALL_TABLE} 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
      "4883 640e ffc1 c0bf",
      "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    ],
  ],
];

describe("the examples of RFC 7541", () => {
  for (const [name, blocks, fields] of EXAMPLES) it(name, () => assert.deepEqual(decodeAll(blocks), fields));
  for (const [name, blocks] of ANSWER_BLOCKS) it(name, () => assert.deepEqual(decodeAll(blocks), ANSWERS));
});

const SAD: readonly (readonly [string, readonly string[]])[] = [
  ["index 0", ["80"]],
  ["an index beyond the tables", ["be"]],
  ["a name beyond the tables", ["7e 0161"]],
  ["an entry that was thrown out", ["4001 6101 62", "20 be"]],
  ["a number that goes on for ever", ["ff ffff ffff ffff"]],
  ["a number that stops", ["ff 80"]],
  ["a name that stops", ["4005 6161"]],
  ["a value that stops", ["4001 6105 62"]],
  ["a value that is missing", ["4001 61"]],
  ["a table larger than was offered", ["3fe2 1f"]],
  ["a table size after a field", ["82 20"]],
  ["Huffman code filled up with more than seven bits", ["0082 1fff 0161"]],
  ["Huffman code filled up with zeros", ["0081 18 0161"]],
  ["Huffman code with the end of string in it", ["0084 ffff ffff 0161"]],
];

describe("what is no header block", () => {
  for (const [name, blocks] of SAD) {
    it(`${name} is refused`, () => assert.equal(decodeAll(blocks).at(-1), null));
  }
});

it("a list is cut at its limit, and the table is kept all the same", () => {
  const decoder = new HpackDecoder(100);
  const long = Buffer.concat([hex("40 01 61 01 62"), Buffer.of(0x40, 1, 0x63, 100), Buffer.alloc(100, "x")]);
  assert.deepEqual(decoder.decode(long, 0, long.length), ["a", "b"]);
  assert.equal(decoder.isTooLong, true);
  assert.deepEqual(decoder.decode(hex("bf"), 0, 1), ["a", "b"]);
  assert.equal(decoder.isTooLong, false);
});

it("an entry longer than the table empties it", () => {
  const decoder = new HpackDecoder(MOST);
  decoder.decode(hex("40 01 61 01 62"), 0, 5);
  const long = Buffer.concat([hex("40 01 63 7f 81 3f"), Buffer.alloc(127 + 1 + 63 * 128, "x")]);
  assert.equal(decoder.decode(long, 0, long.length)?.[1]?.length, 127 + 1 + 63 * 128);
  assert.equal(decoder.decode(hex("be"), 0, 1), null);
});

it("of many entries the newest that fit are kept", () => {
  const decoder = new HpackDecoder(MOST);
  for (let i = 0; i < 1_000; i++) {
    const add = Buffer.concat([Buffer.of(0x40, 4), Buffer.from(String(i).padStart(4, "0")), Buffer.of(1, 0x61)]);
    assert.ok(decoder.decode(add, 0, add.length));
  }
  // Each takes 4 + 1 + 32 octets of 4096.
  const kept = Math.floor(4096 / 37);
  assert.deepEqual(decoder.decode(Buffer.of(0x80 | 62), 0, 1), ["0999", "a"]);
  assert.deepEqual(decoder.decode(Buffer.of(0xff, 61 + kept - 127), 0, 2), [String(1_000 - kept).padStart(4, "0"), "a"]);
  assert.equal(decoder.decode(Buffer.of(0xff, 62 + kept - 127), 0, 2), null);
});

it("every field that we write is read as it was", () => {
  const long = "v".repeat(20_000);
  const fields = [...STATIC, ":path", "/x?y=ü", "x-new", "", "x-127", "a".repeat(127), "x-128", "b".repeat(128), "x-long", long];
  const bytes = blockOf(fields);
  assert.deepEqual(new HpackDecoder(1_000_000).decode(bytes, 0, bytes.length), fields);
});

it("nothing at all is an empty text", () => assert.equal(decodeHuffman(Buffer.alloc(0), 0, 0), ""));

it("a head that is known leaves the same in the table as one that is read", () => {
  const random = new Random(4096);
  const add = (name: string, value: string): Buffer => Buffer.concat([Buffer.of(0x40, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);
  const OK = Buffer.of(0x88);
  const heads = [
    Buffer.concat([OK, add("server", "s"), add("date", "monday")]),
    Buffer.concat([OK, add("server", "s"), add("date", "tuesday")]),
    Buffer.concat([OK, add("x", "y".repeat(100))]),
    Buffer.concat([OK, Buffer.of(0x80 | 62)]),
    Buffer.concat([OK, Buffer.of(0x80 | 64)]),
    Buffer.concat([Buffer.of(0x3f, 0xe1, 0x01), OK]),
    Buffer.concat([Buffer.of(0x20), OK]),
    OK,
  ];
  for (let round = 0; round < 200; round++) {
    const reader = new HeadReader();
    const decoder = new HpackDecoder(MOST);
    let isFaulty = false;
    for (let i = 0; i < 60 && !isFaulty; i++) {
      const bytes = random.pick(heads);
      for (let times = random.integer(1, round % 10 === 0 ? 200 : 3); times > 0 && !isFaulty; times--) {
        const read = reader.read(bytes, 0, bytes.length);
        const fields = decoder.decode(bytes, 0, bytes.length);
        assert.deepEqual(read?.fields, fields ?? undefined);
        isFaulty = fields === null;
      }
    }
  }
});
