/**
 * Tables of the documentation, as `deno fmt` would write them. Pure.
 *
 * @module
 */

import { EXIT_STATUSES } from "../../lib/base/exit_status.ts";
import type { CommandNode } from "../../lib/cli/line/command_tree.ts";
import { type Flag, flagHelp } from "../../lib/cli/line/flag.ts";
import { SETTINGS } from "../../lib/cli/config/settings.ts";
import { TOPICS } from "../../lib/docs/topics.ts";
import { type Permission, PERMISSIONS } from "../../lib/host/permissions.ts";

/** Columns of a line of text in the documentation. */
const LINE_COLUMNS = 120;
/** Of more names than that, a table says only how many there are. */
const MOST_NAMES = 10;
/** Flags of `berth run` that most jobs need. */
const FIRST_FLAGS = [
  ...["image", "memory", "cpus", "timeout", "workspace", "artifact", "cache", "env", "limits", "tenant", "report"],
];

/** What a marker asks for. @param what as in `flags image`. @throws {Error} when nobody knows it. */
export function makeTable(what: string, root: CommandNode): string {
  const [kind, ...names] = what.split(" ");
  switch (kind) {
    case "commands":
      return commandLines(root);
    case "flags":
      return flagTable(nodeAt(root, names));
    case "first-flags":
      return firstFlagLines(nodeAt(root, ["run"]));
    case "exit-status-lines":
      return lines(EXIT_STATUSES);
    case "exit-statuses":
      return table(["exit status", "meaning"], EXIT_STATUSES);
    case "keys":
      return keyTable();
    case "permissions":
      return permissionTable(PERMISSIONS);
    case "topics":
      return wrap(Object.keys(TOPICS).map((name) => `[${name}](lib/docs/${name}.md)`).join(", ") + ".");
    default:
      throw new Error(`nothing makes "${what}"`);
  }
}

function nodeAt(root: CommandNode, names: readonly string[]): CommandNode {
  const node = names.reduce<CommandNode | undefined>(
    (node, name) => node?.commands.find((one) => one.name === name),
    root,
  );
  if (node) return node;
  throw new Error(`there is no command ${names.join(" ")}`);
}

/** A block of lines, one a command. */
function commandLines({ commands }: CommandNode): string {
  return lines(commands.map(({ name, usage, summary }) => [`berth ${name} ${usage}`.trim(), summary]));
}

/** The flags of a command, or of all commands of a group. */
function flagTable({ flags, commands }: CommandNode): string {
  if (commands.length === 0) return table(["flag", "what it does"], own(flags).map(flagRow));
  const rows = commands.flatMap((node) => own(node.flags).map((flag) => [code(node.path.join(" ")), ...flagRow(flag)]));
  return table(["command", "flag", "what it does"], rows);
}

function firstFlagLines({ flags }: CommandNode): string {
  const first = FIRST_FLAGS.map((name) => flags.find((flag) => flag.name === name)!);
  return lines(first.map((flag) => [`--${flag.name} ${flag.value}`, flagHelp(flag)]));
}

function own(flags: readonly Flag[]): readonly Flag[] {
  return flags.filter(({ name }) => name !== "help");
}

function flagRow(flag: Flag): string[] {
  const { name, value, repeats } = flag;
  return [code(`--${name}${value ? ` ${value}` : ""}`), flagHelp(flag) + (repeats ? "; repeats" : "")];
}

function keyTable(): string {
  return table(
    ["key", "variable", "value"],
    SETTINGS.map(({ key, variable, flag }) => [
      code(key),
      code(variable),
      flag ? `${code(flag.value!)}, as ${code(`--${flag.name}`)}` : "`DIR`, an absolute path; it has no flag",
    ]),
  );
}

function permissionTable(permissions: readonly Permission[]): string {
  const named = (names: readonly string[]) =>
    names.length > MOST_NAMES ? `\`BERTH_…\` (${names.length} of them)` : names.map(code).join(", ");
  return table(
    ["permission", "names", "what needs it"],
    permissions.map(({ kind, names, why }) => [kind, named(names), why]),
  );
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A block of lines, which is smaller than a table. */
function lines(rows: readonly (readonly [term: string, what: string])[]): string {
  const width = Math.max(...rows.map(([term]) => term.length));
  return rows.map(([term, what]) => `    ${term.padEnd(width)}   ${what}`).join("\n");
}

/** A table of Markdown. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column].length)));
  const lines = all.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`);
  return [lines[0], `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...lines.slice(1)].join("\n");
}

/** Fills lines with words. */
function wrap(text: string): string {
  return text.split(" ").reduce((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > LINE_COLUMNS) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, [] as string[]).join("\n");
}
