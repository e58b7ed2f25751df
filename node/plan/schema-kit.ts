// Building blocks of the plan's schema: valibot made to report every fault, in the words of a plan.

import * as v from "valibot";

import { type Read, bad, good, shown } from "./read.ts";

export type Schema = v.GenericSchema<unknown, unknown>;
type Entries = Readonly<Record<string, Schema>>;

/** One value that `read` judges. `json` says the same, as far as JSON Schema can. */
export function leaf(read: (input: unknown) => Read<unknown>, json: object, description: string): Schema {
  const check = v.rawCheck<unknown>(({ dataset, addIssue }) => {
    const outcome = read(dataset.value);
    if (!outcome.ok) addIssue({ message: outcome.message });
  });
  return v.pipe(v.unknown(), check, v.metadata({ ...json }), v.description(description));
}

/** A map with exactly these keys; `check` sees the map even where parts of it are wrong, and returns what is wrong. */
export function struct(
  description: string,
  entries: Entries,
  check?: (input: Record<string, unknown>) => string[],
): Schema {
  // Without a prototype, so that a key such as `toString` is unknown too.
  const own = Object.assign(Object.create(null) as Entries, entries);
  const message = (issue: { expected: string | null; input: unknown }): string => {
    if (issue.expected === "Object") return `must be a map, is ${shown(issue.input)}`;
    const key = JSON.parse(issue.expected ?? '""') as string;
    return `is missing; it is: ${describe(entries[key])}`;
  };
  const map = v.objectWithRest(own, v.never(Object.keys(entries).join(" ")), message);
  return v.pipe(map as Schema, mapCheck(check), v.description(description));
}

function mapCheck(check: ((input: Record<string, unknown>) => string[]) | undefined): v.RawCheckAction<unknown> {
  return v.rawCheck<unknown>(({ dataset, addIssue }) => {
    if (check === undefined || !isMap(dataset.value)) return;
    for (const message of check(dataset.value)) addIssue({ message });
  });
}

/** A map from names that `readKey` accepts to values of one kind. */
export function dictionary(
  description: string,
  readKey: (input: unknown) => Read<unknown>,
  value: Schema,
  limits: { readonly least?: number; readonly most: number },
): Schema {
  const key = v.pipe(
    v.string(),
    v.rawCheck<string>(({ dataset, addIssue }) => {
      const outcome = readKey(dataset.value);
      if (!outcome.ok) addIssue({ message: outcome.message });
    }),
  );
  const map = v.record(key, value, (issue) => `must be a map, is ${shown(issue.input)}`);
  const size = mapCheck((input) => {
    const count = Object.keys(input).length;
    if (count < (limits.least ?? 0)) return [`must have at least ${limits.least} entry, has none`];
    return count > limits.most ? [`must have at most ${limits.most} entries, has ${count}`] : [];
  });
  const json = { ...(limits.least ? { minProperties: limits.least } : {}), maxProperties: limits.most };
  return v.pipe(map as Schema, size, v.metadata(json), v.description(description));
}

export function list(description: string, item: Schema, least: number, most: number): Schema {
  const items = v.array(item, (issue) => `must be a list, is ${shown(issue.input)}`);
  return v.pipe(
    items,
    v.minLength(least, `must have at least ${least} item${least === 1 ? "" : "s"}`),
    v.maxLength(most, (issue) => `must have at most ${most} items, has ${issue.received}`),
    v.description(description),
  ) as Schema;
}

/** One of several shapes; `pick` decides by a look at the input, so that faults speak of the shape that was meant. */
export function choice(description: string, options: readonly Schema[], pick: (input: unknown) => Schema): Schema {
  // JSON Schema is made from the getter's answer to undefined, which no document contains.
  const schema = v.lazy((input) => (input === undefined ? v.union([...options]) : pick(input)));
  return v.pipe(schema, v.description(description)) as Schema;
}

/** A key that may be left out. Written empty (null) it is a fault: nobody means that. */
export function optional(schema: Schema): Schema {
  return v.optional(schema) as Schema;
}

export function isMap(input: unknown): input is Record<string, unknown> {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}

/** Those of `keys` that the map has. */
export function present(input: Record<string, unknown>, keys: readonly string[]): string[] {
  return keys.filter((key) => Object.hasOwn(input, key));
}

/** What is wrong unless the map has exactly one of `keys`. */
export function exactlyOne(keys: readonly string[]): (input: Record<string, unknown>) => string[] {
  return (input) => {
    const given = present(input, keys);
    if (given.length === 1) return [];
    return [`must have exactly one of ${keys.join(", ")}; has ${given.length === 0 ? "none" : given.join(" and ")}`];
  };
}

function describe(schema: Schema | undefined): string {
  return (schema && v.getDescription(schema as Parameters<typeof v.getDescription>[0])) ?? "required";
}

/** Text of 1 to `most` characters. */
export function readText(most: number, least = 1): (input: unknown) => Read<string> {
  return (input) => {
    if (typeof input !== "string") return bad(`must be text, is ${shown(input)}`);
    if (input.length < least) return bad("must not be empty");
    return input.length > most ? bad(`must have at most ${most} characters, has ${input.length}`) : good(input);
  };
}

/** Text that matches `pattern` as a whole; `help` says what that is. */
export function readMatch(pattern: RegExp, help: string): (input: unknown) => Read<string> {
  return (input) =>
    typeof input === "string" && pattern.test(input) ? good(input) : bad(`must be ${help}, is ${shown(input)}`);
}

export function readInteger(least: number, most: number): (input: unknown) => Read<number> {
  return (input) =>
    typeof input === "number" && Number.isInteger(input) && input >= least && input <= most
      ? good(input)
      : bad(`must be a whole number from ${least} to ${most}, is ${shown(input)}`);
}

/** Text, a number, or true/false: what stands for itself when it is written out. */
export function readScalar(input: unknown): Read<string | number | boolean> {
  if (typeof input === "string" || typeof input === "number" || typeof input === "boolean") return good(input);
  return bad(`must be text, a number or true/false, is ${shown(input)}`);
}
