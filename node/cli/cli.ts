// The command line: finds the command, reads its options, runs it, and turns errors into messages and exit codes.

import { readFileSync } from "node:fs";
import { EXIT, LoadswarmError } from "../plan/errors.ts";
import { formatFaults } from "../plan/faults.ts";
import { nearest } from "../plan/suggest.ts";
import { FaultsError } from "./faults-error.ts";
import { commandHelp, overallHelp } from "./help.ts";
import type { Invocation } from "./invocation.ts";
import type { Io } from "./io.ts";
import { resolveOptions } from "./options.ts";
import { COMMON, TABLES, type CommandName } from "./tables.ts";

type Loader<N extends CommandName> = () => Promise<{ command(invocation: Invocation<N>): Promise<number> }>;

// Loaded when called: `run URL` should not wait for what only an agent needs.
const LOADERS: { readonly [N in CommandName]: Loader<N> } = {
  agent: async () => {
    const { boundHeap } = await import("./heap.ts");
    boundHeap();
    return import("./commands/agent.ts");
  },
  run: () => import("./commands/run.ts"),
  publish: () => import("./commands/publish.ts"),
  watch: () => import("./commands/watch.ts"),
  status: () => import("./commands/status.ts"),
  stop: () => import("./commands/stop.ts"),
  validate: () => import("./commands/validate.ts"),
  "plan-capacity": () => import("./commands/plan-capacity.ts"),
  target: () => import("./commands/target.ts"),
  keygen: () => import("./commands/keygen.ts"),
  sim: () => import("./commands/sim.ts"),
  demo: () => import("./commands/demo.ts"),
};

const OPTION_NAMES: ReadonlySet<string> = new Set(
  Object.values(TABLES).flatMap((table) => table.options.map((spec) => spec.name)),
);

/** Runs one command line, without the program's name; resolves to the exit code and never rejects. */
export async function cli(argv: readonly string[], io: Io): Promise<number> {
  try {
    const [name, ...rest] = argv;
    if (name === undefined || name === "help" || name === "--help" || name === "-h") {
      io.stdout.write(overallHelp(TABLES));
      return EXIT.pass;
    }
    if (name === "--version") {
      io.stdout.write(`${version()}\n`);
      return EXIT.pass;
    }
    if (!Object.hasOwn(TABLES, name)) throw unknownCommand(name);
    return await dispatch(name as CommandName, rest, io);
  } catch (error) {
    return reportError(error, io);
  }
}

async function dispatch<N extends CommandName>(name: N, argv: readonly string[], io: Io): Promise<number> {
  const table = TABLES[name];
  const { values, positionals, help } = await resolveOptions(name, table, COMMON, OPTION_NAMES, argv, io.env);
  if (help) {
    io.stdout.write(commandHelp(name, table, COMMON));
    return EXIT.pass;
  }
  const { command } = await LOADERS[name]();
  return command({ values, positionals, io });
}

function unknownCommand(name: string): LoadswarmError {
  const near = nearest(name, Object.keys(TABLES));
  const hint = near === null ? "See: loadswarm --help" : `Did you mean: loadswarm ${near}`;
  return new LoadswarmError("USAGE", `unknown command ${name}`, hint);
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return version;
}

/** Prints an error as a user should see it and returns the exit code it stands for. */
export function reportError(error: unknown, io: Pick<Io, "stderr" | "env">): number {
  const known = error instanceof LoadswarmError;
  const message = error instanceof Error ? error.message : String(error);
  const hint = known ? error.hint : "This should not happen. LOADSWARM_DEBUG=1 shows where it did.";
  if (error instanceof FaultsError) io.stderr.write(`${formatFaults(error.file, error.faults)}\n`);
  io.stderr.write(`loadswarm: ${known ? "" : "internal error: "}${message}\n`);
  if (hint !== "") io.stderr.write(`  ${hint.replaceAll("\n", "\n  ")}\n`);
  if (io.env["LOADSWARM_DEBUG"] === "1") {
    for (let at: unknown = error; at instanceof Error; at = at.cause) io.stderr.write(`${at.stack}\n`);
  }
  return known ? error.exitCode : EXIT.internal;
}
