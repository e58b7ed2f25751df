// From a command's table to its values: flags before environment before --config file before defaults.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { LoadswarmError } from "../plan/errors.ts";
import { fileReason } from "../plan/file-reason.ts";
import { nearest } from "../plan/suggest.ts";
import { readDuration } from "../plan/units.ts";

/** What the option types become; durations are milliseconds. */
interface Types {
  string: string;
  list: readonly string[];
  urls: readonly string[];
  integer: number;
  number: number;
  duration: number;
  boolean: boolean;
}

export interface OptionSpec {
  readonly name: string;
  readonly type: keyof Types;
  /** null = none. Lists and URLs take the text as it would be typed, or an empty list. */
  readonly default: string | number | boolean | readonly string[] | null;
  readonly help: string;
  /** Name of the value in the help; booleans have none. */
  readonly value?: string;
  readonly short?: string;
  readonly min?: number;
  readonly max?: number;
}

export interface CommandTable {
  readonly summary: string;
  readonly positionals: readonly { readonly name: string; readonly required: boolean }[];
  readonly options: readonly OptionSpec[];
}

type ValueOf<O extends OptionSpec> = Types[O["type"]] | (O["default"] extends null ? null : never);

/** Values by option name. */
export type Values<T extends CommandTable> = { readonly [O in T["options"][number] as O["name"]]: ValueOf<O> };

const MAX_CONFIG_BYTES = 1024 * 1024;
const USAGE_HINT = (command: string): string => `See: loadswarm ${command} --help`;

/**
 * Reads flags, `LOADSWARM_<FLAG>` and the config file. `known` holds every option name of every command: a config
 * file may serve several commands, but a name that none has is refused.
 * @throws LoadswarmError USAGE for flags, CONFIG_INVALID for environment and file.
 */
export async function resolveOptions<T extends CommandTable>(
  command: string,
  table: T,
  common: readonly OptionSpec[],
  known: ReadonlySet<string>,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ values: Values<T>; positionals: string[]; help: boolean }> {
  const specs: readonly OptionSpec[] = [...table.options, ...common];
  const { flags, positionals } = readFlags(command, specs, argv);
  if (flags.has("help")) return { values: {} as Values<T>, positionals, help: true };
  checkPositionals(command, table, positionals);
  const configFile = flags.get("config") ?? env["LOADSWARM_CONFIG"];
  const config = configFile ? await readConfig(configFile, known) : new Map<string, string>();
  const values: Record<string, unknown> = {};
  for (const spec of table.options) {
    const variable = `LOADSWARM_${spec.name.toUpperCase().replaceAll("-", "_")}`;
    const fromFlag = flags.get(spec.name);
    const fromEnv = env[variable] || undefined;
    const fromConfig = config.get(spec.name);
    if (fromFlag !== undefined) values[spec.name] = parse(spec, fromFlag, `--${spec.name}`, "USAGE");
    else if (fromEnv !== undefined) values[spec.name] = parse(spec, fromEnv, variable, "CONFIG_INVALID");
    else if (fromConfig !== undefined) {
      values[spec.name] = parse(spec, fromConfig, `${configFile}: ${spec.name}`, "CONFIG_INVALID");
    } else if (typeof spec.default === "string") values[spec.name] = parse(spec, spec.default, spec.name, "USAGE");
    else values[spec.name] = spec.default;
  }
  return { values: values as Values<T>, positionals, help: false };
}

function readFlags(command: string, specs: readonly OptionSpec[], argv: readonly string[]) {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const options = Object.fromEntries(
    specs.map((spec) => [
      spec.name,
      {
        type: spec.type === "boolean" ? "boolean" : "string",
        ...(spec.short === undefined ? {} : { short: spec.short }),
      },
    ]),
  ) as Record<string, { type: "boolean" | "string"; short?: string }>;
  // Not strict: the errors are made here, where the nearest name is known.
  const { tokens, positionals } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  const flags = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const spec = byName.get(token.name);
    if (spec === undefined) {
      const near = nearest(token.name, byName.keys());
      const hint = near === null ? USAGE_HINT(command) : `Did you mean --${near}? ${USAGE_HINT(command)}`;
      throw new LoadswarmError("USAGE", `unknown option ${token.rawName} of ${command}`, hint);
    }
    const missing = token.value === undefined || (!token.inlineValue && token.value.startsWith("--"));
    if (spec.type !== "boolean" && missing) {
      const usage = `Write --${spec.name} ${spec.value ?? "VALUE"}. ${USAGE_HINT(command)}`;
      throw new LoadswarmError("USAGE", `--${spec.name} needs a value`, usage);
    }
    const text = token.value ?? "true";
    const before = flags.get(spec.name);
    flags.set(spec.name, before !== undefined && isList(spec) ? `${before},${text}` : text);
  }
  return { flags, positionals };
}

function checkPositionals(command: string, table: CommandTable, given: readonly string[]): void {
  const missing = table.positionals.slice(given.length).find((positional) => positional.required);
  if (missing !== undefined) {
    throw new LoadswarmError("USAGE", `${command} needs ${missing.name}`, USAGE_HINT(command));
  }
  const extra = given[table.positionals.length];
  if (extra !== undefined) {
    throw new LoadswarmError("USAGE", `unexpected argument ${extra} of ${command}`, USAGE_HINT(command));
  }
}

async function readConfig(file: string, known: ReadonlySet<string>): Promise<Map<string, string>> {
  const invalid = (message: string, cause?: unknown): LoadswarmError =>
    new LoadswarmError(
      "CONFIG_INVALID",
      `${file}: ${message}`,
      "A config file maps option names to values, like `rate: 100`.",
      cause,
    );
  let document: unknown;
  try {
    const text = readFileSync(file, "utf8");
    if (text.length > MAX_CONFIG_BYTES) throw new Error("larger than 1 MiB");
    const { parse: parseYaml } = await import("yaml");
    document = parseYaml(text, { maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw invalid(fileReason(error, "read"), error);
  }
  if (typeof document !== "object" || Array.isArray(document)) throw invalid("not a map of option names to values");
  const config = new Map<string, string>();
  for (const [name, value] of Object.entries(document as object)) {
    if (!known.has(name)) {
      const near = nearest(name, known);
      throw invalid(`unknown option ${name}${near === null ? "" : ` (did you mean ${near}?)`}`);
    }
    const scalar = (each: unknown): boolean => ["string", "number", "boolean"].includes(typeof each);
    if (!scalar(value) && !(Array.isArray(value) && value.every(scalar)))
      throw invalid(`${name}: expected a value or a list`);
    config.set(name, String(value));
  }
  return config;
}

const isList = (spec: OptionSpec): boolean => spec.type === "list" || spec.type === "urls";

/** The value that `text` means; `source` says where it stood. */
function parse(spec: OptionSpec, text: string, source: string, code: "USAGE" | "CONFIG_INVALID"): unknown {
  const wrong = (expected: string): LoadswarmError =>
    new LoadswarmError(code, `${source}: ${JSON.stringify(text)} is not ${expected}`, `${spec.name}: ${spec.help}`);
  switch (spec.type) {
    case "string":
      return text;
    case "list":
      return split(text);
    case "urls":
      return split(text).map((each) => {
        const url = URL.parse(each.includes("://") ? each : `http://${each}`);
        if (url === null || !/^https?:$/.test(url.protocol)) throw wrong("an http URL");
        return url.origin;
      });
    case "boolean":
      if (/^(true|1|yes|on)$/i.test(text)) return true;
      if (/^(false|0|no|off)$/i.test(text)) return false;
      throw wrong("true or false");
    case "duration": {
      const read = readDuration(text);
      if (!read.ok) throw new LoadswarmError(code, `${source}: ${read.message}`, `${spec.name}: ${spec.help}`);
      return inRange(spec, read.value, wrong);
    }
    case "integer":
    case "number": {
      const value = text.trim() === "" ? Number.NaN : Number(text);
      if (!Number.isFinite(value)) throw wrong("a number");
      if (spec.type === "integer" && !Number.isSafeInteger(value)) throw wrong("a whole number");
      return inRange(spec, value, wrong);
    }
  }
}

function inRange(spec: OptionSpec, value: number, wrong: (expected: string) => LoadswarmError): number {
  const unit = spec.type === "duration" ? "ms" : "";
  if (spec.min !== undefined && value < spec.min) throw wrong(`at least ${spec.min}${unit}`);
  if (spec.max !== undefined && value > spec.max) throw wrong(`at most ${spec.max}${unit}`);
  return value;
}

const split = (text: string): string[] =>
  text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
