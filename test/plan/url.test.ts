// Which origins may be targets, and which step URLs lie on them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseTemplate } from "../../node/plan/template.ts";
import { readOrigin, readStepUrl } from "../../node/plan/url.ts";

for (const [input, origin] of [
  ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
  ["http://127.0.0.1:8080/", "http://127.0.0.1:8080"],
  ["https://Example.com:443", "https://example.com"],
  ["http://[::1]:80", "http://[::1]"],
] as const) {
  test(`the origin of ${input} is ${origin}`, () => assert.deepEqual(readOrigin(input), { ok: true, value: origin }));
}

for (const [input, reason] of [
  ["127.0.0.1:8080", /origin such as/],
  ["localhost:8080", /must begin with http/],
  ["ftp://x", /must begin with http/],
  ["http://x/api", /after the port/],
  ["http://x/?q=1", /after the port/],
  ["http://x/#a", /after the port/],
  ["http://u:p@x", /credentials/],
  ["http://u@x", /credentials/],
  ["http://{{ host }}", /origin such as/],
  ["", /origin such as/],
  ["http://", /origin such as/],
  [8080, /is 8080/],
  [null, /is empty/],
  ["file:///etc/passwd", /must begin with http/],
] as const) {
  test(`${input} is refused as a target`, () => {
    const read = readOrigin(input);
    assert.ok(!read.ok);
    assert.match(read.message, reason);
  });
}

const TARGETS = ["http://127.0.0.1:8080", "https://example.com"];

function stepUrl(text: string): string | null {
  const parts = parseTemplate(text);
  assert.ok(parts.ok);
  const url = readStepUrl(parts.value, TARGETS);
  return url.ok ? url.value : null;
}

for (const [text, url] of [
  ["/", "/"],
  ["/a?b=c d&é", "/a?b=c%20d&%C3%A9"],
  ["/a/{{id}}", "/a/{{ id }}"],
  ["{{ next }}", "{{ next }}"],
  ["http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"],
  ["https://example.com:443/a", "https://example.com:443/a"],
  ["HTTP://127.0.0.1:8080", "HTTP://127.0.0.1:8080"],
  ["http://{{ host }}/a", "http://{{ host }}/a"],
  ["http://127.0.0.1:8080{{ path }}", "http://127.0.0.1:8080{{ path }}"],
  ["/a%20b", "/a%20b"],
] as const) {
  test(`a step may ask for ${text}`, () => assert.equal(stepUrl(text), url));
}

for (const text of [
  "a",
  "?q=1",
  "//evil.example/a",
  "/\\evil.example",
  "\\\\evil.example",
  "http://evil.example/",
  "http://127.0.0.1:8081/",
  "https://127.0.0.1:8080/",
  "http://127.0.0.1:8080@evil.example/",
  "http://u:p@127.0.0.1:8080/",
  "http:/127.0.0.1:8080/",
  "http:127.0.0.1",
  "ftp://127.0.0.1:8080/",
  "javascript:alert(1)",
  "http://evil.example/{{ id }}",
  "http://evil.example?{{ id }}",
  "/a#b",
  "/{{ id }}#b",
  "http://127.0.0.1:8080.evil.example/",
]) {
  test(`a step may not ask for ${text}`, () => assert.equal(stepUrl(text), null));
}
