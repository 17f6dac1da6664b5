/**
 * The man page, berth(1), from the tables that the parser and the help use. Pure.
 *
 * @module
 */

import { type CommandNode, commandTree } from "../../lib/cli/line/command_tree.ts";
import { EXIT_STATUSES } from "../../lib/cli/line/commands.ts";
import type { Flag } from "../../lib/cli/line/flags.ts";
import { CONFIG_FILE, SETTINGS, STATE_FOLDER } from "../../lib/cli/config/settings.ts";

/** Variables that berth itself reads or hands on. */
const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  [STATE_FOLDER.variable, "The folder that everything of berth is in, instead of those under FILES."],
  ["HOME, XDG_DATA_HOME", "Where that folder is for a user who is not root."],
  [
    SETTINGS.filter(({ flag }) => flag).map(({ variable }) => variable).join(", "),
    "What the flags of berth run are when they are not given; see berth config.",
  ],
  ["NOTIFY_SOCKET, WATCHDOG_USEC", "Where systemd wants to hear of berth serve, and how often; systemd sets them."],
  ["http_proxy, https_proxy, no_proxy", "For programs that fetch packages and images."],
];

const FILES: readonly (readonly [path: string, meaning: string])[] = [
  [CONFIG_FILE, "What is configured on this host; see berth config."],
  ["/var/lib/berth", "Everything of berth, when root runs it: images, caches, and the folders of jobs that run."],
  ["~/.local/share/berth", "The same for a user who is not root."],
  ["/run/berth", "Where a job's berth sees what it may touch. For all others it is empty."],
];

const EXAMPLES: readonly (readonly [what: string, command: string])[] = [
  [
    "Build a folder's content, and take out what came of it:",
    "berth run --workspace . --artifact /workspace/dist=out -- make",
  ],
  [
    "Make an image of Debian packages, and run on it:",
    "berth image build c --debian bookworm --packages make,gcc,libc6-dev",
  ],
  ["", "berth run --image c --memory 1G --timeout 10m --workspace . -- make check"],
];

/** The page as roff, in the macros of man(7). @param date as in `2026-11-21`. */
export function manPage(version: string, date: string): string {
  const root = commandTree();
  return [
    `.TH BERTH 1 ${date} "berth ${escape(version)}" "User Commands"`,
    ...[".SH NAME", `berth \\- ${escape(root.summary)}`],
    ...[".SH SYNOPSIS", ...root.commands.flatMap(synopsis), ".B berth \\-\\-version"],
    ...[".SH DESCRIPTION", ...prose(DESCRIPTION)],
    ...[".SH COMMANDS", "Each of them, and berth itself, says with \\fB\\-\\-help\\fR what it takes."],
    ...root.commands.flatMap(section),
    ...[".SH EXIT STATUS", "Of", '.BR "berth run" :', ...EXIT_STATUSES.flatMap(([status, text]) => item(status, text))],
    ...[".PP", "Where nothing else is said, other commands end with 0, or with 125 and a reason."],
    ...[".SH ENVIRONMENT", ...ENVIRONMENT.flatMap(([name, text]) => item(name, text))],
    ...[".SH FILES", ...FILES.flatMap(([path, text]) => item(path, text))],
    ...[".SH EXAMPLES", ...EXAMPLES.flatMap(example)],
    ...[".SH SEE ALSO", ".BR qemu\\-system\\-x86_64 (1),", ".BR bwrap (1),", ".BR cgroups (7)"],
  ].join("\n") + "\n";
}

const DESCRIPTION =
  `berth runs each CI job in a small virtual machine of its own, and each of these machines in a cgroup of
its own. It streams the job's output, ends with the job's exit status, says why the job ended, and leaves nothing
behind. Standard output and standard error are the job's, byte for byte; berth's own lines go to standard error and
begin with "berth:".`;

function synopsis({ path, usage }: CommandNode): string[] {
  return [`.B berth ${path.join(" ")}`, line(usage), ".br"];
}

/** A command, and those below it. */
function section(node: CommandNode): string[] {
  const { path, usage, summary, more, flags, commands } = node;
  const title = `.SS "${["berth", ...path, usage].map(escape).join(" ")}"`;
  return [
    ...[title, line(`${summary[0].toUpperCase()}${summary.slice(1)}.`)],
    ...flags.filter(({ name }) => name !== "help").flatMap(flagItem),
    ...(more ? [".PP", ...prose(more)] : []),
    ...commands.flatMap(section),
  ];
}

function flagItem({ name, value, help, repeats }: Flag): string[] {
  const tag = `.BR \\-\\-${escape(name)}` + (value ? ` " \\fI${escape(value)}\\fR"` : "");
  return [".TP", tag, line(`${help}${repeats ? "; may be given more than once" : ""}`)];
}

function item(tag: string, text: string): string[] {
  return [".TP", `.B ${escape(tag)}`, line(text)];
}

function example([what, command]: readonly [string, string]): string[] {
  return [...(what ? [".PP", line(what)] : []), ".PP", ".EX", line(`    ${command}`), ".EE"];
}

/** Paragraphs; what is indented stays as it is. */
function prose(text: string): string[] {
  let isAsIs = false;
  return text.split("\n").flatMap((one) => {
    if (one === "") return isAsIs ? [] : [".PP"];
    const begins = one.startsWith("  ") && !isAsIs;
    const ends = !one.startsWith("  ") && isAsIs;
    isAsIs = one.startsWith("  ");
    return [...(begins ? [".PP", ".EX"] : []), ...(ends ? [".EE", ".PP"] : []), line(one)];
  }).concat(isAsIs ? [".EE"] : []);
}

/** A line of text, which is no request whatever it begins with. */
function line(text: string): string {
  return escape(text).replace(/^(?=[.'])/, "\\&");
}

/** Characters that roff would take for its own, or print as others. */
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ "\\": "\\e", "-": "\\-", '"': "\\(dq", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", "…": "..." },
};

function escape(text: string): string {
  return text.replace(/[\\"'`^~…-]/g, (character) => ESCAPES[character]);
}
