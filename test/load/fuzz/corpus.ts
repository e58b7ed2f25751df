// Shapes by which one party of a connection and another came to see different messages, from public literature on request
// smuggling and desync: what matters here is that none of them is read in two ways, and that nothing after it is an answer.

/** Name, source of the idea, bytes of the target, and what becomes of a GET: the body, or an error. */
export interface Shape {
  readonly name: string;
  readonly bytes: string;
  /** Null: an error of kind "protocol"; "reset": cut short. */
  readonly body: string | null;
  readonly error?: "protocol" | "reset";
  /** The connection is used again. */
  readonly kept?: true;
}

const OK = "HTTP/1.1 200 OK\r\n";
const SMUGGLED = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong";

function refused(name: string, bytes: string): Shape {
  return { name, bytes, body: null, error: "protocol" };
}

function cut(name: string, bytes: string): Shape {
  return { name, bytes, body: null, error: "reset" };
}

/** Read in one way only; the connection is closed if anything follows. */
function read(name: string, bytes: string, body: string): Shape {
  return { name, bytes, body };
}

/** RFC 9112, 6.1 and 11.2; Klein, Linhart, Orrin 2005; Kettle, "HTTP Desync Attacks", 2019. */
const LENGTHS: readonly Shape[] = [
  refused("CL.TE: both, the length first", `${OK}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`),
  refused("TE.CL: both, the coding first", `${OK}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
  refused("CL.CL: two lengths", `${OK}content-length: 3\r\ncontent-length: 5\r\n\r\nhello`),
  refused("CL.CL: the same length twice", `${OK}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`),
  refused("lengths in a list", `${OK}content-length: 5, 5\r\n\r\nhello`),
  refused("length with a sign", `${OK}content-length: +5\r\n\r\nhello`),
  refused("negative length", `${OK}content-length: -5\r\n\r\nhello`),
  refused("hexadecimal length", `${OK}content-length: 0x5\r\n\r\nhello`),
  refused("length of nothing", `${OK}content-length: \r\n\r\nhello`),
  refused("length with a space inside", `${OK}content-length: 5 0\r\n\r\nhello`),
  refused("length that wraps 64 bits", `${OK}content-length: 18446744073709551621\r\n\r\nhello`),
  refused("length that no double holds", `${OK}content-length: 9007199254740993\r\n\r\nhello`),
  refused("length in an underlined digit", `${OK}content-length: 5_0\r\n\r\nhello`),
  { ...read("length with zeros before it", `${OK}content-length: 005\r\n\r\nhello`, "hello"), kept: true },
  read("more than the length says", `${OK}content-length: 5\r\n\r\nhello${SMUGGLED}`, "hello"),
  read("a line end after the body", `${OK}content-length: 5\r\n\r\nhello\r\n`, "hello"),
  cut("less than the length says", `${OK}content-length: 50\r\n\r\nhello`),
];

/** Kettle 2019 (obfuscated Transfer-Encoding); CVE-2019-18277, CVE-2020-8287, CVE-2022-35256. */
const CODINGS: readonly Shape[] = [
  refused("space before the colon", `${OK}transfer-encoding : chunked\r\n\r\n0\r\n\r\n`),
  refused("tab before the colon", `${OK}transfer-encoding\t: chunked\r\n\r\n0\r\n\r\n`),
  refused("vertical tab before the value", `${OK}transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n`),
  refused("no-break space before the value", `${OK}transfer-encoding:\xa0chunked\r\n\r\n0\r\n\r\n`),
  refused("no-break space after the value", `${OK}transfer-encoding: chunked\xa0\r\n\r\n0\r\n\r\n`),
  refused("prefixed coding", `${OK}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`),
  refused("coding in quotes", `${OK}transfer-encoding: "chunked"\r\n\r\n0\r\n\r\n`),
  refused("coding with a parameter", `${OK}transfer-encoding: chunked;q=1\r\n\r\n0\r\n\r\n`),
  refused("chunked is not the last", `${OK}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`),
  refused("chunked twice", `${OK}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n`),
  refused("two codings in two fields", `${OK}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n`),
  refused("a coding we did not offer", `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`),
  refused("identity", `${OK}transfer-encoding: identity\r\ncontent-length: 5\r\n\r\nhello`),
  refused("folded coding", `${OK}transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n`),
  refused("chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
  refused("coding after a folded field", `${OK}x: y\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
  refused("NUL in the coding", `${OK}transfer-encoding: chunked\x00\r\n\r\n0\r\n\r\n`),
  { ...read("another field that looks like it", `${OK}transfer_encoding: chunked\r\ncontent-length: 2\r\n\r\nok`, "ok"), kept: true },
  { ...read("any case", `${OK}tRANSFER-eNCODING: cHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n`, "ok"), kept: true },
];

/** Bare line ends and control characters: CVE-2023-30589, CVE-2022-32213 ff.; "Unix line endings" of Kettle 2019. */
const LINES: readonly Shape[] = [
  refused("LF alone after the status line", "HTTP/1.1 200 OK\ncontent-length: 5\r\n\r\nhello"),
  refused("LF alone after a field", `${OK}content-length: 5\nx: y\r\n\r\nhello`),
  refused("CR alone in a field", `${OK}x: y\rcontent-length: 5\r\n\r\nhello`),
  refused("CR CR LF", `${OK}content-length: 5\r\r\n\r\nhello`),
  refused("LF alone before the body", `${OK}content-length: 5\r\n\nhello`),
  refused("NUL in a name", `${OK}content-length\x00: 5\r\n\r\nhello`),
  refused("NUL in a value", `${OK}x: a\x00b\r\n\r\nhello`),
  refused("field without a name", `${OK}: x\r\n\r\nhello`),
  refused("field without a colon", `${OK}content-length 5\r\n\r\nhello`),
  refused("space before the first field", `${OK} content-length: 5\r\n\r\nhello`),
  refused("empty line before the status line", `\r\n${OK}content-length: 5\r\n\r\nhello`),
  refused("control character in the reason", "HTTP/1.1 200 O\x08K\r\ncontent-length: 5\r\n\r\nhello"),
];

/** Chunk parsing: CVE-2021-22959, CVE-2022-35256, CVE-2024-22019; Jeppe Weikop, "Funky chunks", 2025. */
const CHUNKS: readonly Shape[] = [
  refused("LF alone after a size", `${OK}transfer-encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`),
  refused("LF alone after a chunk", `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n`),
  refused("nothing after a chunk", `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n`),
  refused("two octets after a chunk that are no line end", `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n`),
  refused("LF in an extension", `${OK}transfer-encoding: chunked\r\n\r\n2;\nxx\r\n4c\r\n0\r\n\r\n`),
  refused("CR in an extension", `${OK}transfer-encoding: chunked\r\n\r\n5;a\rb\r\nhello\r\n0\r\n\r\n`),
  refused("extension without end", `${OK}transfer-encoding: chunked\r\n\r\n5;${"a".repeat(2_000)}`),
  refused("size with a sign", `${OK}transfer-encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n`),
  refused("negative size", `${OK}transfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n`),
  refused("size with 0x", `${OK}transfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`),
  refused("size with an underline", `${OK}transfer-encoding: chunked\r\n\r\n0_5\r\nhello\r\n0\r\n\r\n`),
  refused("size after a space", `${OK}transfer-encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n`),
  refused("size before a space", `${OK}transfer-encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n`),
  refused("size that wraps 64 bits", `${OK}transfer-encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n`),
  refused("empty size", `${OK}transfer-encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n`),
  refused("length in the trailer", `${OK}transfer-encoding: chunked\r\n\r\n0\r\ncontent-length: 5\r\n\r\nhello`),
  refused("coding in the trailer", `${OK}transfer-encoding: chunked\r\n\r\n0\r\ntransfer-encoding: chunked\r\n\r\n`),
  refused("trailer that is no field", `${OK}transfer-encoding: chunked\r\n\r\n0\r\n${SMUGGLED}`),
  { ...read("trailer fields", `${OK}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n`, "ok"), kept: true },
  { ...read("an extension", `${OK}transfer-encoding: chunked\r\n\r\n2;a=b;c="d;\\"e"\r\nok\r\n0;f\r\n\r\n`, "ok"), kept: true },
  read("an answer after the last chunk", `${OK}transfer-encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`, ""),
  cut("no last chunk", `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`),
  cut("no end after the last chunk", `${OK}transfer-encoding: chunked\r\n\r\n0\r\n`),
];

/** Bodies where none may be, and answers nobody asked for: CVE-2022-32215; "Browser-powered desync", Kettle 2022; GHSA-35p6-xmwp-9g52. */
const ANSWERS: readonly Shape[] = [
  read("204 with a length", `HTTP/1.1 204 No Content\r\ncontent-length: 43\r\n\r\n${SMUGGLED}`, ""),
  read("204 with a length and nothing after it", "HTTP/1.1 204 No Content\r\ncontent-length: 43\r\n\r\n", ""),
  read("304 with chunks", `HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n${SMUGGLED}`, ""),
  refused("101 that nobody asked for", `HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n${SMUGGLED}`),
  { ...read("interim answers before the answer", `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}content-length: 2\r\n\r\nok`, "ok"), kept: true },
  { ...read("an interim answer with a length", `HTTP/1.1 103 Early Hints\r\ncontent-length: 43\r\n\r\n${OK}content-length: 2\r\n\r\nok`, "ok"), kept: true },
  refused("interim answers without end", "HTTP/1.1 102 Processing\r\n\r\n".repeat(4_000)),
  cut("an interim answer and no other", "HTTP/1.1 103 Early Hints\r\n\r\n"),
  read("no length: until the connection closes", `${OK}\r\n${SMUGGLED}`, SMUGGLED),
  refused("HTTP/0.9", "<html>hello</html>"),
  refused("HTTP/2.0 in text", "HTTP/2.0 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
  refused("HTTP/2 frames", "\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
  refused("a TLS alert", "\x15\x03\x01\x00\x02\x02\x46"),
  refused("a request", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"),
  refused("ICY", "ICY 200 OK\r\n\r\n"),
];

export const CORPUS: readonly Shape[] = [...LENGTHS, ...CODINGS, ...LINES, ...CHUNKS, ...ANSWERS];
