// Schema of a flow: its steps, what they expect and what they capture.

import { LIMITS } from "./defaults.ts";
import { JSON_PATH_HELP, parseJsonPath } from "./json-path.ts";
import { type Read, bad, good, shown } from "./read.ts";
import {
  type Schema,
  choice,
  dictionary,
  exactlyOne,
  isMap,
  leaf,
  list,
  optional,
  present,
  readInteger,
  readMatch,
  readScalar,
  readText,
  struct,
} from "./schema-kit.ts";
import { nearest } from "./suggest.ts";
import { parseTemplate } from "./template.ts";
import { DURATION_PATTERN, readDuration, readPositiveDuration } from "./units.ts";

export const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"] as const;
const BODIES = ["json", "body", "form"];
/** They frame the message: the generator writes them, and a plan that did could desynchronise the connection. */
const FRAMING_HEADERS = ["content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"];
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

export const readIdentifier = readMatch(IDENTIFIER, "letters, digits and _ (at most 64, no digit first)");

const durationJson = {
  anyOf: [
    { type: "string", pattern: DURATION_PATTERN },
    { type: "number", minimum: 0 },
  ],
};

export function duration(description: string): Schema {
  return leaf((input) => readDuration(input), durationJson, description);
}

export function positiveDuration(description: string): Schema {
  return leaf((input) => readPositiveDuration(input), durationJson, description);
}

function readTemplate(most: number): (input: unknown) => Read<unknown> {
  return (input) => {
    const text = readText(most)(input);
    return text.ok ? parseTemplate(text.value) : text;
  };
}

function template(description: string, most: number): Schema {
  return leaf(readTemplate(most), { type: "string", minLength: 1, maxLength: most }, description);
}

/** A scalar whose text form is a template. */
function readScalarTemplate(input: unknown): Read<unknown> {
  const scalar = readScalar(input);
  if (!scalar.ok) return scalar;
  const text = String(scalar.value);
  return /[\r\n\0]/.test(text) ? bad("must be on one line") : parseTemplate(text);
}

function readTemplatesWithin(input: unknown): Read<unknown> {
  const read = parseTemplate(JSON.stringify(input));
  return read.ok ? read : bad(read.message.replaceAll('\\"', '"'));
}

function readHeaderName(input: unknown): Read<unknown> {
  const name = readMatch(TOKEN, "a header name")(input);
  if (!name.ok) return name;
  if (!FRAMING_HEADERS.includes(name.value.toLowerCase())) return name;
  return bad(`is written by the generator itself; leave ${name.value} out`);
}

const anyHeaderName = readMatch(TOKEN, "a header name");
const scalarJson = { type: ["string", "number", "boolean"] };

/** What a check compares with. It is literal: a template in it would be compared as it stands, so it is refused. */
function literal(read: (input: unknown) => Read<unknown>, json: object, description: string): Schema {
  const check = (input: unknown): Read<unknown> => {
    const outcome = read(input);
    if (!outcome.ok || typeof input !== "string" || !input.includes("{{")) return outcome;
    return bad(`must be literal: variables are not filled in here, but it is ${shown(input)}`);
  };
  return leaf(check, json, description);
}

function readJsonPath(input: unknown): Read<unknown> {
  const path = typeof input === "string" ? parseJsonPath(input) : null;
  return path === null ? bad(`must be ${JSON_PATH_HELP}, is ${shown(input)}`) : good(path);
}

function readRegex(input: unknown): Read<unknown> {
  const text = readText(LIMITS.regexLength)(input);
  if (!text.ok) return text;
  try {
    return good(new RegExp(text.value));
  } catch (error) {
    return bad(`must be a regular expression: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const readExpected = (input: unknown): Read<unknown> => (input === null ? good(input) : readScalar(input));
const readStatus = readInteger(100, 599);
const statusJson = { type: "integer", minimum: 100, maximum: 599 };
const statusCode = leaf(readStatus, statusJson, "a status code");
const statusCodes = list("status codes", statusCode, 1, 100);
const contains = literal(readText(10_000), { type: "string", minLength: 1 }, "text that the body must contain");
const containsMap = struct("what the body must be", { contains });

const EXPECT = struct("what the response must be; each entry is a check", {
  status: optional(
    choice("status code, or a list of codes of which it must be one", [statusCode, statusCodes], (input) =>
      Array.isArray(input) ? statusCodes : statusCode,
    ),
  ),
  json: optional(
    dictionary(
      "JSON path -> value that must stand there",
      readJsonPath,
      literal(readExpected, { type: ["string", "number", "boolean", "null"] }, "text, number, true/false or null"),
      { least: 1, most: 100 },
    ),
  ),
  body: optional(
    choice("text that the body must contain", [contains, containsMap], (input) =>
      isMap(input) ? containsMap : contains,
    ),
  ),
  headers: optional(
    dictionary("header name -> its value", anyHeaderName, literal(readScalar, scalarJson, "the value"), {
      least: 1,
      most: 100,
    }),
  ),
  maxDuration: optional(
    positiveDuration("longest time from the start of the request to the last byte of the response"),
  ),
});

const CAPTURE = dictionary(
  "variable -> where in the response its value comes from; later steps use it as {{ variable }}",
  readIdentifier,
  struct(
    "exactly one of json, header, regex",
    {
      json: optional(leaf(readJsonPath, { type: "string" }, `${JSON_PATH_HELP}`)),
      header: optional(leaf(anyHeaderName, { type: "string" }, "name of a response header")),
      regex: optional(
        leaf(
          readRegex,
          { type: "string", maxLength: LIMITS.regexLength },
          "regular expression; its first group, or the whole match",
        ),
      ),
    },
    exactlyOne(["json", "header", "regex"]),
  ),
  { least: 1, most: 100 },
);

const METHOD_ENTRIES = Object.fromEntries(
  METHODS.map((method) => {
    const url = template(
      `URL of a ${method.toUpperCase()} request: /path on the first target, or absolute on any target. Values of ` +
        "{{ variables }} are percent-encoded: in the path all but letters, digits, - . _ ~ and /, after ? as " +
        "encodeURIComponent does. At its very beginning or in its origin a variable is inserted as it is, so that it " +
        "can hold an absolute URL; a URL that leads to no target of the plan is not requested",
      8_192,
    );
    return [method, optional(url)];
  }),
);

const REQUEST_ENTRIES = {
  ...METHOD_ENTRIES,
  name: optional(
    leaf(
      readText(LIMITS.nameLength),
      { type: "string", minLength: 1, maxLength: LIMITS.nameLength },
      "what summaries call the request, unique in the plan; default: METHOD url",
    ),
  ),
  headers: optional(
    dictionary(
      "request headers",
      readHeaderName,
      leaf(
        readScalarTemplate,
        scalarJson,
        "value of the header, a template; where a variable brings in a line break, NUL or another character that a " +
          "header cannot carry, the request is not sent and counts as failed, with an error of kind other",
      ),
      { most: 100 },
    ),
  ),
  json: optional(
    leaf(
      readTemplatesWithin,
      {},
      "any value: sent as JSON, with content-type application/json; its texts are templates, in which values of " +
        "{{ variables }} are escaped as inside a JSON string",
    ),
  ),
  body: optional(
    template(
      "text of the request body, a template. With a JSON content-type values of {{ variables }} are escaped as " +
        "inside a JSON string (numbers, true and false stay as they are, and need no quotes around them), with " +
        "application/x-www-form-urlencoded they are percent-encoded, else they are inserted as they are",
      LIMITS.textBytes,
    ),
  ),
  form: optional(
    dictionary(
      "fields, sent as application/x-www-form-urlencoded",
      readText(LIMITS.nameLength),
      leaf(
        readScalarTemplate,
        scalarJson,
        "value of the field, a template; values of {{ variables }} are percent-encoded",
      ),
      { least: 1, most: 100 },
    ),
  ),
  expect: optional(EXPECT),
  capture: optional(CAPTURE),
  timeout: optional(positiveDuration("longest time from the start of the request to the last byte; default 30s")),
};

const REQUEST = struct(`a request: exactly one of ${METHODS.join(", ")}`, REQUEST_ENTRIES, (input) => {
  const faults = exactlyOne(METHODS)(input);
  // A misspelt method is reported as an unknown key already.
  const known = Object.keys(REQUEST_ENTRIES);
  const misspelt = Object.keys(input).some(
    (key) => !known.includes(key) && METHODS.includes(nearest(key, known) as "get"),
  );
  const bodies = present(input, BODIES);
  return [
    ...(misspelt && present(input, METHODS).length === 0 ? [] : faults),
    ...(bodies.length > 1 ? [`must have at most one of json, body, form; has ${bodies.join(" and ")}`] : []),
  ];
});

const thinkTime = positiveDuration("pause of the virtual user");
const thinkRange = struct("pause, equally likely anywhere from min to max", {
  min: duration("shortest pause"),
  max: positiveDuration("longest pause"),
});
const THINK = struct("a pause", {
  think: choice("pause of the virtual user: a duration, or { min, max }", [thinkTime, thinkRange], (input) =>
    isMap(input) ? thinkRange : thinkTime,
  ),
});

const STEP = choice("a request or a pause", [REQUEST, THINK], (input) =>
  isMap(input) && Object.hasOwn(input, "think") ? THINK : REQUEST,
);

export const FLOW = list("the steps of one iteration, in order; at least one is a request", STEP, 1, LIMITS.steps);
