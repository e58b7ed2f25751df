// Where our client may judge otherwise than undici, each with its reason. Anything else is a bug of one of them.

import { AnswerParser } from "../../../node/load/http1/parser.ts";
import { HeadMemo } from "../../../node/load/http1/head-memo.ts";
import type { Fault } from "../../../node/load/http1/head.ts";
import { Oracle } from "./oracle.ts";
import { ours } from "./ours.ts";
import type { Conversation, Outcome } from "./outcome.ts";

type Theirs = ReturnType<Oracle["judge"]>;

interface Case {
  readonly text: string;
  readonly method: string;
  readonly theirs: Theirs;
  readonly our: Outcome;
  readonly fault: Fault | null;
}

/** What we refuse and undici lets pass: how it looks, and why. Both may end in an error all the same, of another kind. */
const STRICTER: Partial<Record<Fault, readonly [looks: RegExp, why: string]>> = {
  version: [/(?:^|\n)[\r\n]*HTTP\/(?!1\.[01] )/, "only versions 1.0 and 1.1 are ours; undici takes 0.9 and 2.0"],
  "status line": [
    /(?:^|\n)[\r\n]+HTTP|(?:^|\n)HTTP\/\d\.\d (?:0|\d{3} [^\r]*[\x00-\x08\x0a-\x1f\x7f])|^[\r\n]/,
    "no empty line before it, no control character in the reason, no status below 100",
  ],
  "line end": [/\r(?!\n)/, "CR alone ends no line"],
  "transfer-encoding": [/transfer-encoding|HTTP\/1\.0/i, "we offer no coding but chunked, and HTTP/1.0 has none (RFC 9112, 6.1)"],
  "framing twice": [/transfer-encoding:[^]*transfer-encoding:/i, "an answer that says twice how it is framed is faulty"],
  "framing in trailer": [/\n0[^]*(?:transfer-encoding|content-length):/i, "a trailer holds no framing (RFC 9110, 6.5.1)"],
  "content-length": [/content-length:\s*\d{16,}/i, "lengths are exact integers, below 2^53"],
  "chunk size": [/\n[0-9a-f]{14,}/i, "sizes have at most 16 digits and are below 2^53"],
  "chunk extension": [/\n[0-9a-f]+;/i, "extensions are as in RFC 9112, 7.1.1, without empty names or values, and short"],
  "switching protocols": [/ 101[ \r]/, "nobody asked for another protocol"],
  "head too long": [/^[^]{60000}/, "interim answers count as well; undici counts names and values only"],
};

/** Every other difference: where, and why. */
const OTHERWISE: readonly (readonly [why: string, applies: (each: Case) => boolean])[] = [
  [
    "an answer 100 that nobody asked for is read over (RFC 9110, 15.2); undici gives up there",
    ({ text, theirs }) => theirs.message === "bad response" && /HTTP\/\d\.\d 100/.test(text),
  ],
  [
    "framing that is said twice is refused at the second name; undici waits for the value, which did not come",
    ({ our, theirs, fault }) => fault === "framing twice" && our.error === "protocol" && theirs.message === "other side closed",
  ],
  [
    "an answer that says it is longer than we take is refused at once",
    ({ text, our, theirs }) => our.error === "too_large" && theirs.error !== null && /content-length:[\t ]*\d{8,}/i.test(text),
  ],
  [
    "a length without digits is refused where its line ends; undici waits for the end of the head, which did not come",
    ({ text, fault, theirs }) =>
      fault === "content-length" && theirs.message === "other side closed" && /content-length:[\t ]*\r[^\r]*$/i.test(text),
  ],
  [
    "an extension is looked at when its line ends; undici looks at each octet",
    ({ text, our, theirs }) => our.error === "reset" && theirs.message.includes("chunk extensions") && /\n[0-9a-f]+;[^\r]*$/i.test(text),
  ],
  [
    "an answer that is cut short is of kind reset, however its length was said; undici's kind depends on that",
    ({ our, theirs }) => our.error === "reset" && theirs.error === "protocol" && /content-length header|EOF/.test(theirs.message),
  ],
  [
    "whitespace after a length is no part of it; undici reads a space as a digit, and no tab",
    ({ text, theirs }) => /content-length/i.test(theirs.message) && /content-length:[\t ]*\d+[\t ]+\r/i.test(text),
  ],
  [
    "a tab after `chunked` is whitespace as well (RFC 9110, 5.6.3); undici takes it for another coding",
    ({ text }) => /transfer-encoding:[\t ]*chunked[\t ]*\t[\t ]*\r/i.test(text),
  ],
  [
    "what follows an answer that is over closes the connection, be it only an empty line",
    ({ our, theirs }) => same(our, theirs) && theirs.kept && !our.kept,
  ],
  [
    "undici does not use a connection in the last two seconds of `keep-alive: timeout=…`, we in the last one",
    ({ our, theirs, text }) => same(our, theirs) && our.kept && /keep-alive:[^\r]*timeout=0*2\D/i.test(text),
  ],
  [
    "the connection is kept after HEAD, and `proxy-connection` says nothing to us",
    ({ our, theirs, method, text }) => same(our, theirs) && our.kept && (method === "HEAD" || /proxy-connection:/i.test(text)),
  ],
];

function same(our: Outcome, theirs: Outcome): boolean {
  return our.error === theirs.error && our.status === theirs.status && our.head === theirs.head && our.body === theirs.body;
}

/** What our parser alone finds wrong. */
function faultOf({ method, pieces }: Conversation): Fault | null {
  const parser = new AnswerParser(new HeadMemo());
  parser.begin({ onHead: () => true, onData: () => true }, method, false);
  for (const piece of pieces) if (!parser.isEnd && parser.fault === null) parser.parse(piece, 0, piece.length);
  return parser.fault;
}

/** Throws if they differ without a reason; else the reason, or null if they agree. */
export function compare(oracle: Oracle, conversation: Conversation): string | null {
  const theirs = oracle.judge(conversation);
  const our = ours(conversation);
  if (same(our, theirs) && our.kept === theirs.kept) return null;
  const { method, pieces } = conversation;
  const text = Buffer.concat(pieces).toString("latin1");
  const fault = faultOf(conversation);
  const [looks, why] = (fault === null ? undefined : STRICTER[fault]) ?? [];
  if (our.error === "protocol" && why !== undefined && looks!.test(text)) return why;
  const each = { text, method, theirs, our, fault };
  const reason = OTHERWISE.find(([, applies]) => applies(each));
  if (reason !== undefined) return reason[0];
  const cuts = pieces.map((piece) => piece.length).join("+");
  throw new Error(`${method} ${JSON.stringify(text)} in pieces of ${cuts}: ${JSON.stringify({ theirs, our, fault })}`);
}
