// The catalogue keeps to Prometheus' conventions, and its documentation to it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { COMMON_LABELS, METERS } from "../../node/metrics/meters.ts";
import { catalogue, FILE } from "./catalogue.ts";

it("docs/metrics.md is current (npm run metrics-doc)", () => {
  assert.equal(readFileSync(FILE, "utf8"), catalogue());
});

it("every name is there once, says its unit, and ends in _total just where it counts", () => {
  assert.equal(new Set(METERS.map(({ name }) => name)).size, METERS.length);
  for (const { name, type, unit, help } of METERS) {
    assert.match(name, /^(loadswarm|process|nodejs)_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    if (unit !== "") assert.ok(name.replace(/_total$/, "").endsWith(`_${unit}`), name);
    assert.ok(help.length > 10 && !help.endsWith("."), name);
  }
});

it("no label has two meanings: none is there twice, none is one of those that every series has", () => {
  for (const { name, labels } of METERS) {
    assert.equal(new Set(labels).size, labels.length, name);
    for (const label of labels) assert.ok(!(COMMON_LABELS as readonly string[]).includes(label) && label !== "le", name);
  }
});
