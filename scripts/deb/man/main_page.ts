/**
 * berth(1): all commands, the files and variables of all of them. Pure.
 *
 * @module
 */

import { CONFIG_FILE, SETTINGS, STATE_FOLDER } from "../../../lib/cli/config/settings.ts";
import type { CommandNode } from "../../../lib/cli/line/command_tree.ts";
import { bold, escape, example, item, line, mention, type PageName, prose } from "./roff.ts";

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

const RUN: PageName = { name: "berth-run", section: 1 };

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

const DESCRIPTION =
  `berth runs each CI job in a small virtual machine of its own, and each of these machines in a cgroup of
its own. It streams the job's output, ends with the job's exit status, says why the job ended, and leaves nothing
behind. Standard output and standard error are the job's, byte for byte; berth's own lines go to standard error and
begin with "berth:".`;

/** What stands below the page's name. @param commands each with the page that it has. */
export function mainPage(commands: readonly { readonly node: CommandNode; readonly page: PageName }[]): string[] {
  const called = commands.map(({ node: { path, usage } }) =>
    `${bold(escape(["berth", ...path].join(" ")))} ${escape(usage)}`
  );
  const more = [`${bold("berth help")} [COMMAND|TOPIC]`, `${bold("berth \\-\\-version")} [\\-\\-json]`];
  return [
    ...[".SH SYNOPSIS", [...called, ...more].join("\n.br\n")],
    ...[".SH DESCRIPTION", ...prose(DESCRIPTION)],
    ...[".SH COMMANDS", line(`Each has a page of its own, and says with ${bold("\\-\\-help")} what it takes.`)],
    ...commands.flatMap(({ node: { path, summary }, page }) =>
      item(escape(["berth", ...path].join(" ")), `${escape(summary)}; see ${mention(page)}`)
    ),
    ...[".SH EXIT STATUS", `That of ${bold("berth run")} is the job\\(aqs: see ${mention(RUN)}.`],
    ...[".PP", "Where nothing else is said, other commands end with 0, or with 125 and a reason."],
    ...[".SH ENVIRONMENT", ...ENVIRONMENT.flatMap(([name, text]) => item(escape(name), escape(text)))],
    ...[".SH FILES", ...FILES.flatMap(([path, text]) => item(escape(path), escape(text)))],
    ...[
      ".SH EXAMPLES",
      ...EXAMPLES.flatMap(([what, command]) => [...(what ? prose(what) : []), ...example([command])]),
    ],
  ];
}
