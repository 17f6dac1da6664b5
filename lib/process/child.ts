/**
 * A child process that has an owner: when the owner is done with it, it has ended and is reaped.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { settlesWithin } from "../base/deadline.ts";
import type { Program } from "../host/permissions.ts";
import { HOST_PATH, packageHint } from "../host/programs.ts";

/** The environment of every child; nothing is inherited. */
export const CHILD_ENV: Readonly<Record<string, string>> = {
  PATH: HOST_PATH,
  LC_ALL: "C.UTF-8",
};

/** How to start a child. */
export interface ChildOptions {
  readonly command: Program;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to {@linkcode CHILD_ENV}. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: "null" | "piped";
  readonly stdout?: "null" | "piped";
  readonly stderr?: "null" | "piped";
  /** The command makes itself the leader of a process group (setsid): KILL then goes to all of the group. */
  readonly leadsGroup?: boolean;
}

/** A running child process. Disposing stops it: TERM, a deadline, KILL, and waits for its end. */
export class Child implements AsyncDisposable {
  readonly status: Promise<Deno.CommandStatus>;
  readonly #process: Deno.ChildProcess;
  readonly #leadsGroup: boolean;
  #ended = false;

  constructor(process: Deno.ChildProcess, leadsGroup: boolean) {
    this.#process = process;
    this.#leadsGroup = leadsGroup;
    this.status = process.status.finally(() => this.#ended = true);
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

  /** Ends the process for certain: TERM, `graceMs`, KILL; a group has nothing to tidy up and gets KILL at once. */
  async stop(graceMs = 2000): Promise<void> {
    this.kill(this.#leadsGroup ? "SIGKILL" : "SIGTERM");
    if (!await settlesWithin(this.status, graceMs)) this.kill("SIGKILL");
    await this.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) await this.stop();
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

/** Starts a program by name. @throws {BerthError} `host.program-missing` when there is none of that name. */
export function startChild(options: ChildOptions): Child {
  const { command, args, cwd, env, stdin = "null", stdout = "null", stderr = "null", leadsGroup = false } = options;
  try {
    return new Child(
      new Deno.Command(command, {
        args: [...args],
        cwd,
        env: { ...CHILD_ENV, ...env },
        clearEnv: true,
        stdin,
        stdout,
        stderr,
      }).spawn(),
      leadsGroup,
    );
  } catch (error) {
    // A program that was not there when permissions were resolved is refused, one that went since is not found.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      throw programMissing(command, error);
    }
    throw error;
  }
}

export function programMissing(command: string, cause?: unknown): BerthError {
  const message = `the program ${command} is not on this host${packageHint(command)}`;
  return new BerthError("host.program-missing", message, { cause });
}
