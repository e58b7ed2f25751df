// From the text of a plan to plain values, and back from a path to the line and column it stands at.

import { createRequire } from "node:module";
import type { Alias, Document, LineCounter, Node, Pair, YAMLMap, YAMLSeq } from "yaml";

import { LIMITS } from "./defaults.ts";
import type { Path, Position, Problem } from "./faults.ts";

/** Keys that mean something to JavaScript objects themselves. */
const FORBIDDEN_KEYS = ["__proto__", "constructor", "prototype"];

/** Problems that were found with their position, because the values they are about do not exist. */
export interface Located extends Problem {
  readonly position: Position;
}

export interface Source {
  readonly value: unknown;
  readonly problems: readonly Located[];
  locate(problem: Problem): Position;
}

/**
 * Reads JSON that `JSON.stringify` wrote, which canonical documents are, without YAML: 100 times faster. Null if it is
 * anything else (a duplicate key, for one, would change it) or holds anything that needs a fault.
 */
export function readCanonical(text: string): unknown {
  if (!text.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text && isTame(value, 0, { left: LIMITS.values }) ? value : null;
  } catch {
    return null;
  }
}

function isTame(value: unknown, depth: number, budget: { left: number }): boolean {
  if (--budget.left < 0 || depth > LIMITS.depth) return false;
  if (typeof value === "number") return isSafe(value);
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every((item) => isTame(item, depth + 1, budget));
  return Object.entries(value).every(
    ([key, item]) => !FORBIDDEN_KEYS.includes(key) && key.length <= LIMITS.keyLength && isTame(item, depth + 1, budget),
  );
}

/** Not so large that digits have been lost. */
function isSafe(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

/** Reads YAML 1.2, of which JSON is a part. Throws only what the YAML library throws on input it cannot bear. */
export function readYaml(text: string): Source {
  // Loaded on first use: it takes half of the start-up time of a command that never sees YAML.
  const yaml = createRequire(import.meta.url)("yaml") as typeof import("yaml");
  const lines = new yaml.LineCounter();
  // uniqueKeys compares every key with every other one; the reader below does it in linear time.
  const document = yaml.parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    version: "1.2",
  });
  return new YamlReader(yaml, document, lines).read();
}

class YamlReader {
  readonly #yaml: typeof import("yaml");
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #problems: Located[] = [];
  /** What each alias stands for. Alias.resolve would search the whole document every time. */
  readonly #aliases = new Map<Alias, Node>();
  #valuesLeft: number = LIMITS.values;

  constructor(yaml: typeof import("yaml"), document: Document.Parsed, lines: LineCounter) {
    this.#yaml = yaml;
    this.#document = document;
    this.#lines = lines;
  }

  read(): Source {
    for (const { message, pos } of [...this.#document.errors, ...this.#document.warnings]) {
      this.#add([], pos[0], `is not valid YAML: ${message}`);
    }
    this.#resolveAliases();
    const value = this.#problems.length > 0 ? null : this.#plain(this.#document.contents, [], 0);
    return { value, problems: this.#problems, locate: (problem) => this.#locate(problem) };
  }

  #resolveAliases(): void {
    const anchors = new Map<string, Node>();
    this.#yaml.visit(this.#document, {
      Alias: (_, alias) => {
        const target = anchors.get(alias.source);
        if (target !== undefined) this.#aliases.set(alias, target);
      },
      Value: (_, node) => {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
      },
    });
  }

  #plain(node: Node | null, path: Path, depth: number): unknown {
    if (--this.#valuesLeft < 0) {
      if (this.#valuesLeft === -1)
        this.#add(path, start(node), `has more than ${LIMITS.values} values, counting each alias in full`);
      return null;
    }
    if (depth > LIMITS.depth) {
      this.#add(path, start(node), `is nested more than ${LIMITS.depth} deep`);
      return null;
    }
    if (this.#yaml.isAlias(node)) return this.#alias(node, path, depth);
    if (this.#yaml.isMap(node)) return this.#map(node, path, depth);
    if (this.#yaml.isSeq(node)) return this.#list(node, path, depth);
    return this.#scalar(node, path);
  }

  #alias(node: Alias, path: Path, depth: number): unknown {
    const target = this.#aliases.get(node);
    if (target !== undefined) return this.#plain(target, path, depth + 1);
    this.#add(path, start(node), `refers to *${node.source}, which is not defined before it`);
    return null;
  }

  #map(node: YAMLMap, path: Path, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (const { key, value } of node.items as Pair<Node | null, Node | null>[]) {
      const name = this.#key(key, path, start(node));
      if (name === null) continue;
      if (Object.hasOwn(map, name))
        this.#add([...path, name], start(key), "stands twice in this map; the first one would be lost");
      map[name] = this.#plain(value, [...path, name], depth + 1);
    }
    return map;
  }

  #key(key: Node | null, path: Path, mapStart: number): string | null {
    const value = this.#yaml.isScalar(key) ? key.value : null;
    const at = key === null ? mapStart : start(key);
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      this.#add(path, at, "has a key that is not plain text");
      return null;
    }
    const name = String(value);
    if (FORBIDDEN_KEYS.includes(name)) this.#add(path, at, `must not have the key ${name}`);
    else if (name.length > LIMITS.keyLength)
      this.#add(path, at, `has a key of more than ${LIMITS.keyLength} characters`);
    else return name;
    return null;
  }

  #list(node: YAMLSeq, path: Path, depth: number): unknown[] {
    const list: unknown[] = [];
    for (const item of node.items as Node[]) {
      if (this.#yaml.isPair(item)) this.#add([...path, list.length], start(node), "must be a value, is a pair");
      else list.push(this.#plain(item, [...path, list.length], depth + 1));
    }
    return list;
  }

  #scalar(node: Node | null, path: Path): unknown {
    const value = this.#yaml.isScalar(node) ? node.value : null;
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number") {
      // -0 has no JSON text.
      if (isSafe(value)) return value === 0 ? 0 : value;
      this.#add(path, start(node), "must be a number that a double holds exactly; write it as text, in quotes");
    } else {
      this.#add(path, start(node), "must be text, a number, true, false, a list or a map");
    }
    return null;
  }

  #add(path: Path, offset: number, message: string): void {
    this.#problems.push({ path, message, position: this.#position(offset) });
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** Where the value at the path begins; where it does not exist, the key of the nearest map around it that does. */
  #locate(problem: Problem): Position {
    let node: Node | null = this.#document.contents;
    let key: Node | null = null;
    for (const [i, part] of problem.path.entries()) {
      node = this.#resolved(node);
      const next: { key: Node | null; value: Node | null } | null = this.#child(node, part);
      if (next === null) return this.#position(start(key ?? node));
      if (i === problem.path.length - 1 && problem.atKey === true) return this.#position(start(next.key ?? next.value));
      key = next.key;
      node = next.value;
    }
    return this.#position(node === null ? start(key) : start(node));
  }

  #resolved(node: Node | null): Node | null {
    return this.#yaml.isAlias(node) ? (this.#aliases.get(node) ?? null) : node;
  }

  #child(node: Node | null, part: string | number): { key: Node | null; value: Node | null } | null {
    if (this.#yaml.isSeq(node)) {
      const value = node.items[Number(part)] as Node | undefined;
      return value === undefined ? null : { key: null, value };
    }
    if (!this.#yaml.isMap(node)) return null;
    for (const pair of node.items as Pair<Node | null, Node | null>[]) {
      if (this.#yaml.isScalar(pair.key) && String(pair.key.value) === String(part))
        return { key: pair.key, value: pair.value };
    }
    return null;
  }
}

function start(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}
