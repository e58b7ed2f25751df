// Flags beat the environment, the environment beats the file, the file beats the defaults.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type CommandTable, resolveOptions } from "../../node/cli/options.ts";
import { COMMON } from "../../node/cli/tables.ts";
import { LoadswarmError } from "../../node/plan/errors.ts";

const TABLE = {
  summary: "a command",
  positionals: [{ name: "THING", required: false }],
  options: [
    { name: "rate", type: "number", default: 1, min: 0, help: "how often" },
    { name: "count", type: "integer", default: null, min: 1, max: 9, help: "how many" },
    { name: "wait", type: "duration", default: 0, help: "how long" },
    { name: "join-dns", type: "list", default: [], help: "names" },
    { name: "to", type: "urls", default: "http://127.0.0.1:7480", help: "agents" },
    { name: "label", type: "string", default: null, help: "a label" },
    { name: "all", type: "boolean", default: false, help: "everything" },
  ],
} as const satisfies CommandTable;
const KNOWN = new Set([...TABLE.options.map((option) => option.name as string), "elsewhere"]);

const folder = mkdtempSync(join(tmpdir(), "loadswarm-options-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

function configFile(content: string): string {
  const file = join(folder, `${files++}.yaml`);
  writeFileSync(file, content);
  return file;
}

const resolve = (argv: string[], env: Record<string, string> = {}) =>
  resolveOptions("thing", TABLE, COMMON, KNOWN, argv, env);

test("each source beats the next", async () => {
  const config = configFile("rate: 2\njoin-dns: [a:1, b:2]\nall: true\nelsewhere: 5\n");
  const rate = async (argv: string[], env: Record<string, string>) => (await resolve(argv, env)).values.rate;
  assert.equal(await rate([], {}), 1);
  assert.equal(await rate(["--config", config], {}), 2);
  assert.equal(await rate([], { LOADSWARM_CONFIG: config }), 2);
  assert.equal(await rate(["--config", config], { LOADSWARM_RATE: "3" }), 3);
  assert.equal(await rate(["--config", config, "--rate", "4"], { LOADSWARM_RATE: "3" }), 4);
  assert.equal(await rate([], { LOADSWARM_RATE: "" }), 1);
  const { values } = await resolve(["--config", config]);
  assert.deepEqual(values["join-dns"], ["a:1", "b:2"]);
  assert.equal(values.all, true);
});

test("a flag that is false beats an environment that is true", async () => {
  assert.equal((await resolve(["--all=false"], { LOADSWARM_ALL: "true" })).values.all, false);
});

test("types", async () => {
  const argv = [
    "it",
    "--count",
    "3",
    "--wait",
    "1m30s",
    "--join-dns",
    "a:1,b:2",
    "--join-dns=c:3",
    "--to",
    "h:1,https://i",
    "--all",
  ];
  const { values, positionals } = await resolve(argv);
  assert.deepEqual(positionals, ["it"]);
  assert.deepEqual(values, {
    rate: 1,
    count: 3,
    wait: 90_000,
    "join-dns": ["a:1", "b:2", "c:3"],
    to: ["http://h:1", "https://i"],
    label: null,
    all: true,
  });
});

test("help needs nothing else to be right", async () => {
  assert.equal((await resolve(["-h", "a"])).help, true);
  assert.equal((await resolve(["--help", "--rate", "x"])).help, true);
});

const SAD: [argv: string[], env: Record<string, string>, code: string, message: RegExp, hint?: RegExp][] = [
  [["--rat", "1"], {}, "USAGE", /unknown option --rat of thing/, /Did you mean --rate/],
  [["--zzzzzz"], {}, "USAGE", /unknown option --zzzzzz/, /thing --help/],
  [["-x"], {}, "USAGE", /unknown option -x/],
  [["--rate"], {}, "USAGE", /--rate needs a value/],
  [["--label", "--all"], {}, "USAGE", /--label needs a value/],
  [["--rate", "fast"], {}, "USAGE", /--rate: "fast" is not a number/],
  [["--rate="], {}, "USAGE", /--rate: "" is not a number/],
  [["--rate", "Infinity"], {}, "USAGE", /not a number/],
  [["--rate", "-1"], {}, "USAGE", /not at least 0/],
  [["--count", "1.5"], {}, "USAGE", /not a whole number/],
  [["--count", "10"], {}, "USAGE", /not at most 9/],
  [["--wait", "soon"], {}, "USAGE", /--wait: must be a duration/],
  [["--to", "ftp://x"], {}, "USAGE", /not an http URL/],
  [["--all=perhaps"], {}, "USAGE", /not true or false/],
  [["a", "b"], {}, "USAGE", /unexpected argument b of thing/],
  [[], { LOADSWARM_RATE: "fast" }, "CONFIG_INVALID", /LOADSWARM_RATE: "fast" is not a number/],
  [["--config", join(folder, "none.yaml")], {}, "CONFIG_INVALID", /none\.yaml: .*no such file/],
  [["--config", configFile("- a\n")], {}, "CONFIG_INVALID", /not a map/],
  [["--config", configFile("a: [\n")], {}, "CONFIG_INVALID", /flow sequence|expected/i],
  [["--config", configFile("raet: 1\n")], {}, "CONFIG_INVALID", /unknown option raet \(did you mean rate\?\)/],
  [["--config", configFile("rate: { a: 1 }\n")], {}, "CONFIG_INVALID", /rate: expected a value or a list/],
  [["--config", configFile("rate: fast\n")], {}, "CONFIG_INVALID", /yaml: rate: "fast" is not a number/],
];

for (const [argv, env, code, message, hint] of SAD) {
  test(`refuses ${argv.join(" ").replaceAll(folder, "")} ${Object.keys(env)} ${message.source}`, async () => {
    await assert.rejects(resolve(argv, env), (error) => {
      assert.ok(error instanceof LoadswarmError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      if (hint !== undefined) assert.match(error.hint, hint);
      return true;
    });
  });
}
