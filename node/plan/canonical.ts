// The canonical document of a plan: one text for all ways of writing the same thing. Its hash names the plan.

import { isMap } from "./schema-kit.ts";

/** Below these keys the order is the user's: it orders results, or bytes that are sent. */
const ORDERED = ["scenarios", "thresholds"];
const ORDERED_IN_STEP = ["json", "form", "headers", "capture"];

/** A copy of a plan's values in which every map whose order means nothing is sorted by key. */
export function canonical(plan: Record<string, unknown>): Record<string, unknown> {
  return sorted(plan, (key, value) => {
    if (key === "scenarios" && isMap(value)) return mapValues(value, scenario);
    return ORDERED.includes(key) ? value : deep(value);
  });
}

function scenario(value: unknown): unknown {
  if (!isMap(value)) return value;
  return sorted(value, (key, part) => (key === "flow" && Array.isArray(part) ? part.map(step) : deep(part)));
}

function step(value: unknown): unknown {
  if (!isMap(value)) return value;
  return sorted(value, (key, part) => {
    if (key === "expect" && isMap(part)) return sorted(part, (_, check) => check);
    return ORDERED_IN_STEP.includes(key) ? part : deep(part);
  });
}

function deep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deep);
  return isMap(value) ? sorted(value, (_, part) => deep(part)) : value;
}

function sorted(
  map: Record<string, unknown>,
  change: (key: string, value: unknown) => unknown,
): Record<string, unknown> {
  const keys = Object.keys(map).sort();
  return Object.fromEntries(keys.map((key) => [key, change(key, map[key])]));
}

function mapValues(map: Record<string, unknown>, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
