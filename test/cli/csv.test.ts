// CSV files become tables, or are refused with the line that is wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCsv } from "../../node/cli/csv.ts";

const GOOD: [name: string, text: string, fields: string[], rows: string[][]][] = [
  [
    "plain",
    "a,b\n1,2\n3,4\n",
    ["a", "b"],
    [
      ["1", "2"],
      ["3", "4"],
    ],
  ],
  ["CRLF, no line end at the end", "a,b\r\n1,2", ["a", "b"], [["1", "2"]]],
  ["byte order mark and spaces in the header", "\ufeffa , b\n1,2", ["a", "b"], [["1", "2"]]],
  ["quotes with comma, quote and line feed", 'a,b\n"x,""y""","l1\nl2"\n', ["a", "b"], [['x,"y"', "l1\nl2"]]],
  ["empty values", "a,b\n,\n", ["a", "b"], [["", ""]]],
  ["blank lines", "a\n\n1\n\n\n2\n\n", ["a"], [["1"], ["2"]]],
  ["quote inside an unquoted value", 'a\n5" disk\n', ["a"], [['5" disk']]],
];

for (const [name, text, fields, rows] of GOOD) {
  test(`reads: ${name}`, () => assert.deepEqual(parseCsv(text), { ok: true, table: { fields, rows } }));
}

const BAD: [name: string, text: string, line: number, message: RegExp][] = [
  ["nothing", "", 1, /is empty/],
  ["only blank lines", "\n\r\n", 1, /is empty/],
  ["only a header", "a,b\n", 1, /no rows/],
  ["too few values", "a,b\n1,2\n3\n", 3, /has 1 values where the header names 2/],
  ["too many values, after a value over two lines", 'a\n"1\n2"\n3,4\n', 4, /has 2 values/],
  ["quote never closed", 'a\n1\n"2\n', 3, /never closed/],
  ["text after a closing quote", 'a\n"1"x\n', 2, /after a closing quote/],
];

for (const [name, text, line, message] of BAD) {
  test(`refuses: ${name}`, () => {
    const result = parseCsv(text);
    assert.ok(!result.ok);
    assert.equal(result.line, line);
    assert.match(result.message, message);
  });
}
