// Judging an answer and taking values from it: the checks and captures of a step, compiled once per run.

import { parseJsonPath } from "../plan/json-path.ts";
import type { Capture, Check, HttpStep } from "../plan/types.ts";
import type { Exchange } from "./driver.ts";
import type { Scope } from "./variables.ts";

/** A captured value longer than this is no identifier; the capture fails. */
const LONGEST_CAPTURE = 65_536;

const ABSENT = Symbol("absent");
type Found = unknown | typeof ABSENT;

/** An answer whose body is decoded and parsed at most once, and only if somebody asks. */
class Answer {
  readonly exchange: Exchange;
  #text: string | null = null;
  #json: Found | null = null;
  #parsed = false;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  get text(): string {
    return (this.#text ??= this.exchange.body.toString("utf8"));
  }

  /** The value at the path; ABSENT if there is none, or if the body is not JSON. */
  at(path: readonly (string | number)[]): Found {
    if (!this.#parsed) {
      this.#parsed = true;
      try {
        this.#json = JSON.parse(this.text);
      } catch {
        this.#json = ABSENT;
      }
    }
    let value: Found = this.#json;
    for (const segment of path) {
      if (typeof value !== "object" || value === null) return ABSENT;
      if (typeof segment === "number" ? !Array.isArray(value) : Array.isArray(value)) return ABSENT;
      if (!Object.hasOwn(value, segment)) return ABSENT;
      value = (value as Record<string | number, unknown>)[segment];
    }
    return value;
  }
}

type Judge = (answer: Answer) => boolean;
type Take = (answer: Answer) => string | null;

/** Is told of each check in order, and of each capture: null if there was nothing to take. */
export interface Findings {
  onCheck(index: number, passed: boolean): void;
  onCapture(index: number, value: string | null): void;
}

/** Checks and captures of one step. */
export interface Evaluation {
  /** Some of them read the body. */
  readonly needsBody: boolean;
  /** Some of them read header fields. */
  readonly needsHead: boolean;
  /** Statuses of a successful request; null if the step does not say, then those below 400 are. */
  readonly expected: readonly number[] | null;
  readonly checkCount: number;
  evaluate(exchange: Exchange, found: Findings): void;
}

export function compileEvaluation(step: HttpStep, scope: Scope): Evaluation {
  const judges = step.checks.map(judgeOf);
  const takes = step.captures.map(takeOf);
  const slots = step.captures.map((capture) => scope.captureIndex(capture.variable));
  const statuses = step.checks.flatMap((check) => (check.kind === "status" ? [check.anyOf] : []));
  return {
    checkCount: judges.length,
    needsBody:
      step.checks.some((check) => check.kind === "json" || check.kind === "body") ||
      step.captures.some((capture) => capture.source.kind !== "header"),
    needsHead:
      step.checks.some((check) => check.kind === "header") ||
      step.captures.some((capture) => capture.source.kind === "header"),
    // Several status checks: all of them must hold.
    expected: statuses.length === 0 ? null : statuses.reduce((a, b) => a.filter((code) => b.includes(code))),
    evaluate(exchange, found) {
      if (judges.length === 0 && takes.length === 0) return;
      const answer = new Answer(exchange);
      const whole = exchange.error === null;
      for (let i = 0; i < judges.length; i++) found.onCheck(i, whole && judges[i]!(answer));
      for (let i = 0; i < takes.length; i++) found.onCapture(slots[i]!, whole ? takes[i]!(answer) : null);
    },
  };
}

function judgeOf(check: Check): Judge {
  switch (check.kind) {
    case "status":
      return ({ exchange }) => check.anyOf.includes(exchange.status);
    case "json": {
      const path = parseJsonPath(check.path);
      return (answer) => path !== null && answer.at(path) === check.equals;
    }
    case "body": {
      const { contains } = check;
      // Octets that are no UTF-8 become this character, in the text only.
      if (contains.includes("\ufffd")) return (answer) => answer.text.includes(contains);
      const bytes = Buffer.from(contains);
      return ({ exchange }) => exchange.body.includes(bytes);
    }
    case "header": {
      const name = check.header.toLowerCase();
      return ({ exchange }) => exchange.header(name) === check.equals;
    }
    case "maxDuration":
      return ({ exchange }) => exchange.endMs - exchange.startMs <= check.maxMs;
  }
}

function takeOf({ source }: Capture): Take {
  switch (source.kind) {
    case "json": {
      const path = parseJsonPath(source.path);
      return (answer) => (path === null ? null : textOf(answer.at(path)));
    }
    case "header": {
      const name = source.header.toLowerCase();
      return ({ exchange }) => bounded(exchange.header(name));
    }
    case "regex": {
      const pattern = new RegExp(source.pattern);
      return (answer) => {
        const match = pattern.exec(answer.text);
        // The first group if there is one, as in k6's and Artillery's examples; else the whole match.
        return match === null ? null : bounded(match[1] ?? match[0]);
      };
    }
  }
}

/** Text as it is, other values as JSON writes them; null if there is no value. */
function textOf(value: Found): string | null {
  if (value === ABSENT || value === null || value === undefined) return null;
  return bounded(typeof value === "string" ? value : JSON.stringify(value));
}

function bounded(text: string | null): string | null {
  return text === null || text.length > LONGEST_CAPTURE ? null : text;
}
