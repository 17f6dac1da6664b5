/**
 * The commands and the exit statuses, in words: one table for the help, the man page and the completions.
 *
 * @module
 */

/** A command, as its help describes it. */
export interface CommandText {
  /** What stands behind the name, as in `ID [flags]`. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  /** What its help says below the flags. */
  readonly more?: string;
}

/** Every command, in the order of the help. */
export const COMMANDS = {
  run: {
    usage: "[flags] -- [CMD [ARG…]]",
    summary: "run one job here and now",
    more: `Without CMD the image's own command is run.

A limit that is asked for is in force, or the job is refused (--limits require), or a warning says that it is not.`,
  },
  update: {
    usage: "ID [flags]",
    summary: "change the limits of a job that runs",
    more: "ID is the job's id. Limits that are not named stay as they are.",
  },
  image: { usage: "COMMAND", summary: "build, list, inspect and remove images" },
  cache: { usage: "COMMAND", summary: "list and remove caches" },
  gc: {
    usage: "[flags]",
    summary: "remove what killed berths have left",
    more:
      `Removes the folders and groups of jobs whose berth was killed, what killed builds have left in the image store, and
caches that nothing was ever put into. Every start of berth does the same for jobs. What a job uses that runs is never
touched, nor anything that is not berth's. Exit status: 0 when nothing is left; 125 when something is, with the reason.`,
  },
  setup: {
    usage: "[--check]",
    summary: "install what jobs need of this host",
    more:
      `Says which programs are missing and what each is for. As root on Debian and Ubuntu it has apt install them, whose words
go to /var/log/berth-setup.log; elsewhere it says what to install. Exit status: 0 when nothing is missing; 125 when
something is.`,
  },
  doctor: {
    usage: "[flags]",
    summary: "look whether jobs can run here, and what is to be done",
    more:
      `Tries what jobs need: a guest on KVM, a jail, a disk, a group, namespaces, and more. Each finding is ok, warn (jobs run,
but worse, or some can't) or fail (no job runs), says what it means, and how to mend it where a command can. Nothing is
changed. Exit status: 0; 1 when something fails; 125 when berth could not look.`,
  },
  serve: {
    usage: "[flags]",
    summary: "keep this host tidy, as a service",
    more:
      `Does what berth gc does: at its start, on HUP and every so often, each time as it is configured by then. It tells
systemd when the first time is over, and that it is alive. TERM ends it. Exit status: 0; 78 when it is called or
configured wrongly; 125 when something else went wrong. See berth systemd install.`,
  },
  systemd: { usage: "COMMAND", summary: "run berth, and jobs, as services" },
  config: { usage: "COMMAND", summary: "what is configured on this host, and where" },
  completions: {
    usage: "bash|zsh|fish",
    summary: "print the completions for a shell",
    more: `To have them where no package put them:

  bash  source <(berth completions bash)         in ~/.bashrc
  zsh   source <(berth completions zsh)          in ~/.zshrc, after compinit
  fish  berth completions fish | source          in ~/.config/fish/config.fish`,
  },
} as const satisfies Readonly<Record<string, CommandText>>;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** Exit statuses of `berth run`, and what each means. */
export const EXIT_STATUSES: readonly (readonly [status: string, meaning: string])[] = [
  ["0-255", "the job's own"],
  ["128+N", "signal N ended the job"],
  ["123", "the job had started; how it ended is not known, or what it made can't be delivered"],
  ["124", "timed out"],
  ["125", "the job never started: usage, boot, limits refused; it may be tried again"],
  ["126", "the command can't be executed"],
  ["127", "there is no such command"],
  ["129, 130, 143", "cancelled by HUP, INT or TERM; what its caller ignores, as nohup does, is ignored"],
  ["137", "out of memory"],
  ["141", "cancelled because nobody reads its output any more"],
  ["153", "the job took more of the host's disk than --disk gives it"],
];
