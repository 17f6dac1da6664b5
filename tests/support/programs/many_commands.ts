/**
 * berth, whose job is a machine in which many commands run at once: `run … -- SCRIPT…`, a lane for each. What came of them
 * goes to stdout, as JSON.
 *
 * @module
 */

import { compose } from "../../../lib/app/run.ts";
import { JailTrial } from "../../../lib/app/jail_trial.ts";
import { within } from "../../../lib/base/deadline.ts";
import { callCommand } from "../../../lib/cli/call.ts";
import { COMMANDS } from "../../../lib/cli/commands.ts";
import { RUN } from "../../../lib/cli/run/run.ts";
import { readRequest } from "../../../lib/host/request.ts";
import type { JobRequest } from "../../../lib/job/request/request.ts";
import { STOP_SIGNALS, StopRequest } from "../../../lib/job/stop.ts";
import { createMachine } from "../../../lib/machine/create_machine.ts";
import type { Exec, ExecStream } from "../../../lib/machine/exec.ts";
import type { Machine } from "../../../lib/machine/machine.ts";

/** The path of this program, for calls of it. */
export const MANY_COMMANDS = new URL(import.meta.url).pathname;

/** What came of one. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** The agent's word on its end. */
  readonly end: unknown;
}

/** What came of all. */
export interface ManyResults {
  readonly commands: readonly CommandResult[];
  /** Of commands one after another, behind them. */
  readonly later: readonly CommandResult[];
  /** Of commands that can't begin, in front of them. */
  readonly wrong: readonly unknown[];
  /** Why there could not be one more. */
  readonly busy: string;
  /** Whether the group's use was told while they ran, as it was made. */
  readonly usage: boolean;
}

/** Nothing here takes so long. */
const LIMIT_MS = 120_000;
const SIGINT = 2;

async function hear({ exec, script }: Started): Promise<CommandResult> {
  const { kind } = await within(exec.next(), LIMIT_MS, "a command to start");
  // One that is to be interrupted says when it waits for that.
  if (script.includes("sleep 600")) {
    await within(firstByte(exec), LIMIT_MS, "a command to say something");
    await exec.signal(SIGINT);
  }
  const end = kind === "started" ? await within(exec.next(), LIMIT_MS, "a command to end") : kind;
  return { stdout: await printed(exec.stdout), stderr: await printed(exec.stderr), end };
}

async function firstByte({ stdout }: Exec): Promise<void> {
  while (await printed(stdout) === "") await new Promise((resolve) => setTimeout(resolve, 20));
}

async function printed({ path, from }: ExecStream): Promise<string> {
  return new TextDecoder().decode((await Deno.readFile(path)).subarray(from));
}

interface Started {
  readonly exec: Exec;
  readonly script: string;
}

function start(machine: Machine, { workdir, user }: JobRequest, script: string): Started {
  const command = { argv: ["/bin/sh", "-c", script], env: { PATH: "/bin" }, hostname: "many" };
  return { exec: machine.exec({ ...command, workdir: workdir ?? "/", user: user ?? "" }), script };
}

async function runMany(): Promise<number> {
  const stop = new StopRequest();
  for (const signal of STOP_SIGNALS) Deno.addSignalListener(signal, () => stop.stop(signal));
  const { request } = await readRequest(Deno.stdin) as { request: JobRequest };
  const scripts = request.command;
  await using stack = new AsyncDisposableStack();
  await using trial = new JailTrial(request, stop.requested);
  const { plan, host } = await compose(request, { stop, trial }, { note: (text) => console.error(text) }, stack);
  const tell = (event: unknown) => {
    const { kind, text } = event as { kind: string; text?: string };
    if (kind === "trouble") console.error("trouble:", text);
  };
  const io = { ...host, tell, stop: stop.requested, kill: stop.insisted };
  await using machine = await createMachine({ ...plan, vm: { ...plan.vm, lanes: scripts.length } }, io);
  // Ones that come to nothing are in nobody's way, nor is a signal for what has not begun.
  const wrong: unknown[] = [];
  for (const how of [{ workdir: "/etc/passwd" }, { user: "nobody-knows" }]) {
    const one = start(machine, { ...request, ...how }, "true");
    await one.exec.signal(SIGINT);
    wrong.push((await hear(one)).end);
  }
  const started = scripts.map((script) => start(machine, request, script));
  let busy = "";
  try {
    machine.exec({ ...plan.exec });
  } catch (error) {
    busy = (error as Error).message;
  }
  const usage = await machine.usage() !== undefined;
  const commands = await Promise.all(started.map(hear));
  const later: CommandResult[] = [];
  for (const script of ["echo behind", "exit 3"]) later.push(await hear(start(machine, request, script)));
  console.log(JSON.stringify({ commands, later, busy, usage, wrong } satisfies ManyResults));
  return 0;
}

if (import.meta.main) {
  const [, ...words] = Deno.args;
  const program = { mainModule: import.meta.url, commands: COMMANDS };
  Deno.exit(await callCommand({ path: ["run"], command: { ...RUN, act: runMany } }, words, program));
}
