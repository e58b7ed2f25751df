// What octets HTTP/1.1 allows where (RFC 9110, 5; RFC 9112), as tables and patterns.

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

function tableOf(allows: (octet: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => (allows(octet) ? 1 : 0));
}

const TCHAR = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;

/** Octets of a token, such as the name of a field. */
export const TOKEN = tableOf((octet) => TCHAR.test(String.fromCharCode(octet)));

/** Octets of a field value and of a reason phrase: no control character but the tab. */
export const VALUE = tableOf((octet) => octet === TAB || (octet >= SPACE && octet !== 0x7f));

/** Value of a hexadecimal digit; 255 for what is none. */
export const HEX = Uint8Array.from({ length: 256 }, (_, octet) => {
  const value = Number.parseInt(String.fromCharCode(octet), 16);
  return Number.isNaN(value) ? 255 : value;
});

export const IS_TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
export const IS_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** The path and query of a request line: no control character and no space. */
export const IS_PATH = /^\/[\x21-\x7e\x80-\xff]*$/;
/** Extensions of a chunk, each with its semicolon (RFC 9112, 7.1.1, without the bad whitespace). */
export const IS_CHUNK_EXTENSION =
  /^(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)+$/;

/** Without the whitespace around it: space and tab, and not what else JavaScript takes for it (RFC 9110, 5.6.3). */
export function trimmed(value: string): string {
  let from = 0;
  let to = value.length;
  while (from < to && isSpace(value.charCodeAt(from))) from++;
  while (to > from && isSpace(value.charCodeAt(to - 1))) to--;
  return value.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** The elements of a comma-separated list, in lower case, without empty ones. */
export function listOf(value: string): string[] {
  return value
    .toLowerCase()
    .split(",")
    .map((element) => trimmed(element))
    .filter((element) => element !== "");
}

/** Methods that usually carry a body say so even if it is empty (RFC 9110, 8.6). */
export const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);
