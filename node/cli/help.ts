// Help texts, made from the command tables.

import { formatDuration } from "../plan/units.ts";
import type { CommandTable, OptionSpec } from "./options.ts";

/** What `loadswarm --help` prints. */
export function overallHelp(tables: Readonly<Record<string, CommandTable>>): string {
  const width = Math.max(...Object.keys(tables).map((name) => name.length));
  const lines = Object.entries(tables).map(([name, table]) => `  ${name.padEnd(width)}  ${table.summary}`);
  return [
    "loadswarm: a load-testing swarm with no orchestrator",
    "",
    "Usage: loadswarm COMMAND [ARGUMENTS] [OPTIONS]",
    "",
    ...lines,
    "",
    "loadswarm COMMAND --help tells more. Every option may also come from LOADSWARM_<OPTION> in the environment or",
    "from --config FILE; a flag beats the environment, the environment beats the file.",
    "",
  ].join("\n");
}

/** What `loadswarm COMMAND --help` prints. */
export function commandHelp(name: string, table: CommandTable, common: readonly OptionSpec[]): string {
  const specs = [...table.options, ...common];
  const flags = specs.map((spec) => {
    const short = spec.short === undefined ? "" : `-${spec.short}, `;
    return `${short}--${spec.name}${spec.value === undefined ? "" : ` ${spec.value}`}`;
  });
  const width = Math.max(...flags.map((flag) => flag.length));
  const words = table.positionals.map((each) => (each.required ? each.name : `[${each.name}]`));
  return [
    `loadswarm ${name}: ${table.summary}`,
    "",
    `Usage: ${["loadswarm", name, ...words].join(" ")} [OPTIONS]`,
    "",
    ...specs.map((spec, i) => `  ${flags[i]!.padEnd(width)}  ${spec.help}${defaultNote(spec)}`),
    "",
  ].join("\n");
}

function defaultNote({ type, default: value }: OptionSpec): string {
  if (value === null || value === false || value === "" || Array.isArray(value)) return "";
  return ` (default: ${type === "duration" ? formatDuration(Number(value)) : value})`;
}
