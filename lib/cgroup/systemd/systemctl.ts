/**
 * systemd's own commands, for the system's manager or a user's.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { type ToolResult, tryToolWithin } from "../../process/tool.ts";
import type { Program } from "../../host/permissions.ts";

/**
 * Time in which systemd's commands must answer, ms: longer than the 25 s after which they give up on the bus, as their
 * own words say more.
 */
export const ANSWER_MS = 30_000;

/**
 * The host process has a root of its own, and so has what it starts. systemctl takes that for a chroot in which somebody
 * installs a system: it would do nothing of what it is told, and say that all is well.
 */
const NO_CHROOT = { SYSTEMD_IGNORE_CHROOT: "1" };

/** Manager of systemd: the system's, or the user's. */
export interface ManagerOptions {
  /** The user's own manager instead of the system's. */
  readonly user?: boolean;
  /** What it takes to find a user's manager: XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Manager of systemd that can be asked. */
export class Systemd {
  /** As in 252. */
  readonly version: number;
  readonly isUser: boolean;
  readonly env: Readonly<Record<string, string>>;

  constructor(version: number, options: ManagerOptions) {
    this.version = version;
    this.isUser = options.user ?? false;
    this.env = options.env ?? {};
  }

  /** For messages: what an operator types to talk to this manager. */
  get systemctl(): string {
    return this.isUser ? "systemctl --user" : "systemctl";
  }

  /** The arguments of `systemd-run` for a scope, before the command that is run in it. Pure. */
  scopeArguments(unit: string, slice: string, properties: readonly string[]): string[] {
    return [
      ...(this.isUser ? ["--user"] : []),
      ...["--scope", "--quiet", "--no-ask-password", "--collect", `--unit=${unit}`, `--slice=${slice}`],
      // Its default is the command, and 252 does not escape that: after a daemon-reload the second line of a script is
      // read as a line of the unit file, the unit is found broken, and the scope with all that is in it is gone.
      `--description=${unit} of berth`,
      // From 254 on it warns of every $ in a scope's command that is neither expanded nor said not to be.
      ...(this.version >= 254 ? ["--expand-environment=no"] : []),
      ...properties.flatMap((property) => ["-p", property]),
      "--",
    ];
  }

  /** Runs a program in a scope of its own, to its end. */
  runInScope(args: readonly string[]): Promise<ToolResult> {
    return runWithin("systemd-run", args, this.env);
  }

  /** Runs `systemctl`, whatever its exit status. */
  tryControl(...args: readonly string[]): Promise<ToolResult> {
    return runWithin("systemctl", [...(this.isUser ? ["--user"] : []), "--no-ask-password", ...args], this.env);
  }

  /** Runs `systemctl`, which must succeed. @throws {BerthError} `cgroup.systemd` with its words. */
  async control(...args: readonly string[]): Promise<string> {
    const { success, stdout, stderr } = await this.tryControl(...args);
    if (success) return stdout;
    throw new BerthError("cgroup.systemd", `${this.systemctl} ${args.join(" ")}: ${stderr.trim()}`);
  }

  /** Sets properties of a unit until the next boot. */
  async setProperties(unit: string, properties: readonly string[]): Promise<void> {
    if (properties.length > 0) await this.control("set-property", "--runtime", "--", unit, ...properties);
  }
}

/** Finds the programs of systemd. @throws {BerthError} `cgroup.systemd`, `host.program-missing`. */
export async function findSystemd(options: ManagerOptions): Promise<Systemd> {
  const { stdout } = await runWithin("systemctl", ["--version"], {});
  const version = /^systemd (\d+)/.exec(stdout)?.[1];
  if (version === undefined) throw new BerthError("cgroup.systemd", "systemctl --version does not tell a version");
  return new Systemd(Number(version), options);
}

function runWithin(command: Program, args: readonly string[], env: Readonly<Record<string, string>>) {
  return tryToolWithin({ command, args, env: { ...env, ...NO_CHROOT } }, ANSWER_MS, `${command} ${args[0]}`);
}
