/**
 * A child process that has an owner: when the owner is done with it, it has ended and is reaped.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { settlesWithin, within } from "../base/deadline.ts";
import type { Program } from "../host/permissions.ts";
import { HOST_PATH, packageHint } from "../host/programs.ts";

/** The environment of every child; nothing is inherited. */
export const CHILD_ENV: Readonly<Record<string, string>> = {
  PATH: HOST_PATH,
  LC_ALL: "C.UTF-8",
};

/** Time between TERM and KILL of a child that is stopped, ms, where its options name none. */
const GRACE_MS = 2000;
/** How long the kernel may take to end a killed child, ms: one that waits for a dead disk of the host ends with that. */
const KILL_MS = 10_000;

/** Start of a child. `P` names the programs that may be started: berth's own, or those of a script of the project. */
export interface ChildOptions<P extends string = Program> {
  readonly command: P;
  readonly args: readonly string[];
  /** For messages, where the command is but a shell that becomes it. */
  readonly name?: string;
  readonly cwd?: string;
  /** Added to {@linkcode CHILD_ENV}. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: "null" | "piped";
  readonly stdout?: "null" | "piped";
  readonly stderr?: "null" | "piped";
  /** The variables of this process too, below those: for scripts of the project, whose tools need proxies and caches. */
  readonly inheritsEnv?: boolean;
  /** The command makes itself the leader of a process group (setsid): KILL then goes to all of the group. */
  readonly leadsGroup?: boolean;
  /** Time between TERM and KILL when it is stopped, ms; 0: KILL at once. Default 2000, and 0 for the leader of a group. */
  readonly graceMs?: number;
  /** Time that it may take to be gone after KILL, ms. Default 10000. */
  readonly killMs?: number;
}

/**
 * A running child process. Disposing stops it: TERM, a deadline, KILL, and waits for its end, which has a deadline too.
 */
export class Child implements AsyncDisposable {
  readonly status: Promise<Deno.CommandStatus>;
  readonly #process: Deno.ChildProcess;
  readonly #leadsGroup: boolean;
  readonly #graceMs: number;
  readonly #killMs: number;
  readonly #name: string;
  #ended = false;
  #outlived = false;

  constructor(
    process: Deno.ChildProcess,
    options: Pick<ChildOptions<string>, "command" | "name" | "leadsGroup" | "graceMs" | "killMs">,
  ) {
    this.#process = process;
    this.#name = options.name ?? options.command;
    this.#leadsGroup = options.leadsGroup ?? false;
    // What is started as a group is a jail, or tools: they have nothing to tidy up.
    this.#graceMs = options.graceMs ?? (this.#leadsGroup ? 0 : GRACE_MS);
    this.#killMs = options.killMs ?? KILL_MS;
    this.status = process.status.finally(() => this.#ended = true);
  }

  get pid(): number {
    return this.#process.pid;
  }

  get stdin(): WritableStream<Uint8Array<ArrayBuffer>> {
    return this.#process.stdin;
  }

  get stdout(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#process.stdout;
  }

  get stderr(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#process.stderr;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends a signal; a process that has ended meanwhile is no error. */
  kill(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      this.#process.kill(signal);
    } catch {
      // Between its end and our learning of it there is nothing left to signal.
    }
    // After the leader: while it lives it may still be on its way to lead a group, or to start another member.
    if (this.#leadsGroup && signal === "SIGKILL") killGroup(this.#process.pid);
  }

  /**
   * Ends the process for certain: TERM, `graceMs`, KILL; without any grace KILL at once.
   *
   * @throws {DeadlineError} when it outlives KILL.
   */
  async stop(graceMs = this.#graceMs): Promise<void> {
    if (graceMs > 0) this.kill("SIGTERM");
    if (graceMs > 0 && await settlesWithin(this.status, graceMs)) return;
    this.kill("SIGKILL");
    try {
      await within(this.status, this.#killMs, `${this.#name} to be gone after SIGKILL`);
    } catch (error) {
      this.#outlived = true;
      throw error;
    }
  }

  /** @throws {DeadlineError} as `stop()` does, when nobody was told so yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended && !this.#outlived) await this.stop();
  }
}

/**
 * Kills what a child has just started and what is not tied to it yet: a jail that is a few milliseconds old. The id
 * can't be anybody else's: the kernel gives it to no process as long as the group has a member.
 */
function killGroup(leader: number): void {
  const args = ["-c", 'kill -s KILL -- "-$1"', "sh", String(leader)];
  try {
    new Deno.Command("sh", { args, env: CHILD_ENV, clearEnv: true, stderr: "null" }).outputSync();
  } catch {
    // A host that has no process left to give. The leader has had its KILL, and what is tied to it goes with it.
  }
}

/**
 * Starts a program by name.
 *
 * @throws {BerthError} `host.program-missing` when there is none of that name.
 */
export function startChild<P extends string = Program>(options: ChildOptions<NoInfer<P>>): Child {
  const { command, args, cwd, env, inheritsEnv, stdin = "null", stdout = "null", stderr = "null" } = options;
  try {
    return new Child(
      new Deno.Command(command, {
        args: [...args],
        cwd,
        env: { ...CHILD_ENV, ...env },
        clearEnv: !inheritsEnv,
        stdin,
        stdout,
        stderr,
      }).spawn(),
      options,
    );
  } catch (error) {
    // A program that was not there when permissions were resolved is refused, one that went since is not found.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      throw programMissing(command, error);
    }
    throw error;
  }
}

/** Error `host.program-missing`: it names the program, and the package that has it. */
export function programMissing(command: string, cause?: unknown): BerthError {
  const message = `the program ${command} is not on this host${packageHint(command)}`;
  return new BerthError("host.program-missing", message, { cause });
}
