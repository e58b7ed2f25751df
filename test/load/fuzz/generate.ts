// Answers as targets send them and as they never should, cut into random pieces. The same seed, the same bytes.

import type { Random } from "../../support/random.ts";
import type { Conversation } from "./outcome.ts";

const METHODS = ["GET", "GET", "GET", "HEAD", "POST"];
const STATUS_LINES = [
  "200 OK", "200 ", "200", "204 No Content", "304 Not Modified", "404 Not Found", "500 Oops", "302 Found", "999 x",
  "099 x", "2000 OK", "20 OK", "20x OK", "200\tOK", "200  OK", "600 x", "200 \u00e9\u00ff", "200 a\x00b", "205 Reset",
];
const VERSIONS = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "http/1.1", "HTTP/1.2", "HTTP/11"];
const INTERIM = ["HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "\r\n", "HTTP/1.1 103 x\r\ncontent-length: 5\r\n\r\n"];
const FIELDS = [
  "server: x", "Date: Mon, 01 Jan 2024 00:00:00 GMT", "x: y", "x:y", "X-Empty:", "x:  a b \t ", "set-cookie: a=b", "Set-Cookie: c=d",
  "connection: close", "Connection: keep-alive", "connection: Keep-Alive, x", "connection: x, CLOSE", "connection:", "connection: upgrade",
  "keep-alive: timeout=5", "keep-alive: timeout=5, max=100", "content-typ: x", "content-lengths: 5", "transfer-encodings: chunked",
  "x : y", " x: y", "x", ": y", "x\x00: y", "x: a\x00b", "x: \x7f", "x: \u00e9", "x(: y", "x: a\rb", "x: a\nb", "\tfolded", "x: y\r\n folded",
  "upgrade: h2c", "proxy-connection: close", "trailer: x", "content-encoding: gzip",
];
const FRAMING = [
  "transfer-encoding: Chunked", "Transfer-Encoding:chunked", "transfer-encoding: gzip, chunked", "transfer-encoding: chunked, gzip",
  "transfer-encoding: identity", "transfer-encoding: xchunked", "transfer-encoding: chunked\t ", "transfer-encoding:", "transfer-encoding: chunked, chunked",
  "transfer-encoding : chunked", "transfer-encoding:\x0bchunked", "content-length: 0", "content-length: +3", "content-length: -1", "content-length: 3, 3",
  "content-length: 0x3", "content-length:", "content-length: 3 3", "content-length: 99999999999999999999", "content-length: 00003", "content-length:\t3 ",
  "content-length: 18446744073709551619", "content-length: 9007199254740993", "content-length: 3;x", "content-length : 3", "content-length: 3.0",
];
const EXTENSIONS = [";x", ";x=y", ';x="y z"', ";x=y;z", "; x", ";", ";x=", ';x="', ' ', "\t", ";x=\"a\\\"b\"", ";x\x00", ";x\n", ";a\rb"];
const SIZES = ["0", "00", "g", "-1", "0x3", "", "+3", "ffffffffffffffff", "10000000000000000", "0000000000000003", "00000000000000003", "3 ", " 3"];
const TRAILERS = ["", "", "", "x: y\r\n", "content-length: 3\r\n", "transfer-encoding: chunked\r\n", "x y\r\n", "X: a\r\nY: b\r\n"];
const NEXT = ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "garbage", "\r\n", "\n", "HTTP/1.1 400 x\r\nconnection: close\r\n\r\n", "G"];
const ODD_BYTES = [0, 9, 10, 13, 32, 34, 44, 48, 58, 59, 127, 128, 255];

function text(random: Random): string {
  return "abc\r\n0\xff".repeat(4).slice(0, random.integer(0, 24));
}

/** True once in so many times. */
const once = (random: Random, times: number): boolean => random.integer(1, times) === 1;

function chunked(random: Random): string {
  let out = "";
  for (let i = random.integer(0, 3); i > 0; i--) {
    const data = text(random) || "x";
    const size = once(random, 25) ? random.pick(SIZES) : data.length.toString(16).padStart(random.integer(0, 3), "0");
    out += `${once(random, 9) ? size.toUpperCase() : size}${once(random, 8) ? random.pick(EXTENSIONS) : ""}\r\n${data}\r\n`;
  }
  return `${out}0${once(random, 12) ? random.pick(EXTENSIONS) : ""}\r\n${random.pick(TRAILERS)}\r\n`;
}

function answer(random: Random): string {
  const fields: string[] = [];
  for (let i = random.integer(0, 4); i > 0; i--) fields.push(random.pick(FIELDS.slice(0, once(random, 3) ? FIELDS.length : 18)));
  let body = text(random);
  const framing = random.integer(0, 9);
  if (framing < 4) fields.push(`Content-Length: ${body.length + (once(random, 8) ? random.integer(-2, 2) : 0)}`);
  else if (framing < 8) {
    fields.push("transfer-encoding: chunked");
    body = chunked(random);
  }
  if (once(random, 6)) fields.splice(random.integer(0, fields.length), 0, random.pick(FRAMING));
  const start = once(random, 6) ? `${random.pick(VERSIONS)} ${random.pick(STATUS_LINES)}` : "HTTP/1.1 200 OK";
  const head = [start, ...fields].map((line) => line + (once(random, 60) ? "\n" : "\r\n")).join("");
  return `${once(random, 10) ? random.pick(INTERIM) : ""}${head}${once(random, 60) ? "\n" : "\r\n"}${body}`;
}

function mutated(random: Random, bytes: Buffer): Buffer {
  const at = random.integer(0, bytes.length);
  const odd = once(random, 2) ? random.pick(ODD_BYTES) : random.integer(0, 255);
  const rest = bytes.subarray(at + random.integer(0, 2));
  return Buffer.concat([bytes.subarray(0, at), once(random, 2) ? Buffer.of(odd) : Buffer.alloc(0), rest]);
}

/** Cuts bytes into at most 8 pieces, or into single octets. */
export function cut(random: Random, bytes: Buffer): Buffer[] {
  if (once(random, 12)) return Array.from(bytes, (octet) => Buffer.of(octet));
  const at = Array.from({ length: random.integer(0, 7) }, () => random.integer(0, bytes.length)).sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length)).filter((piece) => piece.length > 0);
}

export function conversation(random: Random): Conversation {
  let bytes = Buffer.from(answer(random) + (once(random, 8) ? random.pick(NEXT) : ""), "latin1");
  if (once(random, 4)) bytes = mutated(random, bytes) as typeof bytes;
  if (once(random, 10)) bytes = bytes.subarray(0, random.integer(0, bytes.length));
  return { method: random.pick(METHODS), pieces: cut(random, bytes) };
}
