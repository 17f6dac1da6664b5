/**
 * Calls a command: in this process, in the front process as the host is configured, or in the host process behind its
 * windows.
 *
 * @module
 */

import { STATUS } from "../base/exit_status.ts";
import { readCgroupFacts } from "../host/cgroup_facts.ts";
import { runFront } from "../host/front.ts";
import { CGROUP, hasWindows, HOST_FACTS, SLICE, STATE, type Window } from "../host/windows.ts";
import { readCall } from "./config/configured.ts";
import type { AnyCommand, Call, NamedCommand, Program } from "./line/command.ts";
import { flagsFirst } from "./line/names.ts";
import { takesJob } from "./line/command.ts";
import { Console } from "./terminal/console.ts";

/** Does what the words behind a command's name say, says what went wrong, and returns the exit status. */
export async function callCommand(called: NamedCommand, words: readonly string[], program: Program): Promise<number> {
  const { command } = called;
  try {
    return await act(called, words, program) ?? STATUS.done;
  } catch (error) {
    await using console = new Console(false);
    return end(command, error, console);
  }
}

async function act(called: NamedCommand, words: readonly string[], program: Program): Promise<number | void> {
  const { command } = called;
  if (command.where === "here") {
    const args = command.parse(words);
    await using console = new Console(command.isQuiet?.(args) ?? false);
    return await command.act(args, console, program);
  }
  if (command.where === "handed") return await (hasWindows() ? command.act(program) : command.inFront(words, program));
  const { args, call } = await planCall(called, words, program.mainModule);
  if (command.where === "host" && hasWindows()) return await actBehind(command, args, call);
  if (command.where !== "front") return await (command.inFront?.(args, call) ?? runFront(call.host));
  await using console = new Console(command.isQuiet?.(args) ?? false);
  return await command.act(args, console, call);
}

/** What a command is to do, in either process. @throws {BerthError} `config.*`, `usage.*`, `host.*`. */
export async function planCall<Args>(
  { path, command }: NamedCommand,
  words: readonly string[],
  mainModule: string,
): Promise<{ readonly args: Args; readonly call: Call }> {
  const target = { name: path.join(" "), flags: command.flags };
  const own = takesJob(command) ? words : flagsFirst(words, command.flags);
  const { argv, surroundings } = await readCall(own, target, mainModule);
  const args = command.parse(argv, surroundings);
  const windows = "windows" in command ? command.windows(args, surroundings) : [];
  const host = { ...surroundings, args: [...path, ...argv], env: surroundings.hostEnv, windows };
  return { args, call: { argv, surroundings, host } };
}

async function actBehind<Args>(
  command: AnyCommand & { readonly where: "host" },
  args: Args,
  { surroundings: { stateDir }, host: { windows } }: Call,
): Promise<number> {
  const paths = await windowPaths(windows, stateDir);
  await using console = new Console(command.isQuiet?.(args) ?? false, paths);
  try {
    return await command.act(args, console, stateDir) ?? STATUS.done;
  } catch (error) {
    return end(command, error, console);
  }
}

function end(command: AnyCommand, error: unknown, console: Console): number {
  console.error(error);
  return command.statusOf?.(error) ?? STATUS.notDone;
}

/** What the windows show: messages name what the user named. */
async function windowPaths(
  windows: readonly Window[],
  stateDir: string,
): Promise<(readonly [window: string, path: string])[]> {
  const isGroup = ({ target }: Window) => target === CGROUP || target === SLICE;
  const named = windows.filter((one) => one.target !== HOST_FACTS && !isGroup(one));
  const paths = [...named.map(({ target, source }) => [target, source] as const), [STATE, stateDir] as const];
  if (!windows.some(isGroup)) return paths;
  // Which one berth's own is, only the host process knows.
  const facts = await readCgroupFacts();
  return [...paths, [CGROUP, facts.window], [SLICE, facts.sliceWindow]];
}
